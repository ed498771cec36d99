import AisCore
import AisFormats
import AisImaging
import AisNetworks
import AisSegmentation
import Synchronization

/// Runs networks on single slices as they are asked for, one after the other: with the numbers that `ais segment` gives, within
/// memory and threads of its own.
package final class LiveSegmenter: @unchecked Sendable {
  // Invariant: everything mutable is touched by whoever has the turn only.
  private let turn = Mutex(())
  private let threads: Int
  private let memoryLimit: Int
  private let makeEngine: @Sendable (Int) throws(AisError) -> any Engine
  private var engine: (any Engine)?
  private let workspace = InferenceWorkspace()
  private var networks: [(key: NetworkKey, model: SegmentationModel)] = []
  private var inferences: [(key: InferenceKey, inference: SliceInference)] = []
  private var statistics: [(key: String, value: GlobalStatistics)] = []

  /// Networks are small beside what they compute with; a person looks at about ten.
  private static let mostNetworks = 12
  private static let mostInferences = 24
  private static let mostStatistics = 256

  /// A tomogram as it is segmented.
  package struct Subject: Sendable, Hashable {
    /// What tells the file from others.
    package var key: String
    package var shape: Shape
    package var voxelSize: VoxelSize?

    package init(key: String, shape: Shape, voxelSize: VoxelSize?) {
      self.key = key
      self.shape = shape
      self.voxelSize = voxelSize
    }
  }

  private struct NetworkKey: Hashable {
    var content: String
    var title: String
  }

  private struct InferenceKey: Hashable {
    var network: NetworkKey
    var settings: InferenceSettings
    var shape: Shape
    var voxelSize: VoxelSize?
  }

  /// - Parameters:
  ///   - memoryLimit: bytes for the buffers of one network at work.
  ///   - makeEngine: given the number of threads; our kernels without it.
  package init(
    threads: Int, memoryLimit: Int,
    makeEngine: @escaping @Sendable (Int) throws(AisError) -> any Engine = { (threads) throws(AisError) in
      try CPUEngine(threads: threads)
    }
  ) {
    self.threads = threads
    self.memoryLimit = memoryLimit
    self.makeEngine = makeEngine
  }

  /// Probabilities of slice `z`, and of neighbours that came with it; of `region` where that can be had alone.
  ///
  /// - Returns: the slices by number, and the part of them that they are.
  package func run(
    _ model: LiveModel, _ z: Int, region: SliceInference.Region?, of subject: Subject, source: any SliceSource,
    cancellation: Cancellation
  ) throws(AisError) -> (slices: [Int: [Float]], region: SliceInference.Region) {
    try turn.withLock { (_) throws(AisError) in
      try cancellation.check()
      let inference = try inference(model, subject)
      let known = inference.needsStatistics ? try measured(subject, source, cancellation) : nil
      let part = inference.hasRegions ? region ?? inference.whole : inference.whole
      let slices = try inference.run(z, region: part, source: source, statistics: known, cancellation: cancellation)
      return (slices, part)
    }
  }

  /// What one slice costs.
  package func forecast(_ model: LiveModel, _ subject: Subject) throws(AisError) -> SliceForecast {
    try turn.withLock { (_) throws(AisError) in try inference(model, subject).forecast }
  }

  /// Gives back what is only needed while networks run.
  package func rest() { turn.withLock { _ in workspace.release() } }

  private func inference(_ model: LiveModel, _ subject: Subject) throws(AisError) -> SliceInference {
    let key = InferenceKey(
      network: NetworkKey(content: model.content, title: model.title), settings: model.settings, shape: subject.shape,
      voxelSize: subject.voxelSize)
    if let place = inferences.firstIndex(where: { $0.key == key }) {
      let found = inferences.remove(at: place)
      inferences.append(found)
      return found.inference
    }
    let inference = try SliceInference(
      shape: subject.shape, voxelSize: subject.voxelSize, model: try network(key.network, model.path),
      settings: model.settings, memoryLimit: memoryLimit, threads: threads, workspace: workspace)
    inferences.append((key, inference))
    if inferences.count > Self.mostInferences { inferences.removeFirst() }
    return inference
  }

  private func network(_ key: NetworkKey, _ path: String) throws(AisError) -> SegmentationModel {
    if let place = networks.firstIndex(where: { $0.key == key }) {
      let found = networks.remove(at: place)
      networks.append(found)
      return found.model
    }
    let engine: any Engine
    if let known = self.engine { engine = known } else { engine = try makeEngine(threads) }
    self.engine = engine
    let loaded = try SegmentPlan.LoadedModel(try ModelFile.read(path), title: key.title, engine: engine)
    networks.append((key, loaded.model))
    if networks.count > Self.mostNetworks { networks.removeFirst() }
    return loaded.model
  }

  private func measured(
    _ subject: Subject, _ source: any SliceSource, _ cancellation: Cancellation
  ) throws(AisError) -> GlobalStatistics {
    if let known = statistics.first(where: { $0.key == subject.key }) { return known.value }
    let value = try GlobalStatistics.measure(source, memoryLimit: memoryLimit / 4, cancellation: cancellation)
    statistics.append((subject.key, value))
    if statistics.count > Self.mostStatistics { statistics.removeFirst() }
    return value
  }
}
