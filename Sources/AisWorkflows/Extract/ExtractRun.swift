import AisCore
import AisFormats
import AisImaging
import AisTraining
import Foundation
import Logging
import Synchronization

/// Carries out a plan of training sets: tomogram after tomogram, boxes of each in parallel, into all sets at once.
package final class ExtractRun: Sendable {
  /// A set that was made.
  package struct Made: Sendable {
    package var path: String
    package var results: ExtractResults
  }

  private let plan: ExtractPlan
  private let cancellation: Cancellation
  private let logger: Logger
  /// Ways to remove files that have no name yet.
  private let unfinished = Mutex<[@Sendable () -> Void]>([])
  /// Boxes that are held at a time.
  private static let chunk = 64

  package init(_ plan: ExtractPlan, cancellation: Cancellation, logger: Logger) {
    self.plan = plan
    self.cancellation = cancellation
    self.logger = logger
  }

  /// Removes what is not finished. For a process that is about to end: from any thread, and at once.
  package func abandon() {
    unfinished.withLock { unfinished in
      for abandon in unfinished { abandon() }
      unfinished = []
    }
  }

  /// Does every tomogram. Sets are written when all of them went well, and not at all otherwise.
  package func run(
    _ watch: @escaping (BatchEvent) -> Void
  ) throws(AisError) -> (outcomes: [BatchOutcome], made: [Made]) {
    let known = plan.tasks.map { task in
      var outcome = BatchOutcome(input: task.source.label, failures: task.refusals)
      outcome.warnings = task.warnings
      return outcome
    }
    let sets = plan.wanted
    guard !sets.isEmpty, plan.refusals.isEmpty else { return (known, []) }
    try OutputFolder.prepare(plan.request.outputFolder, logger: logger)
    defer { abandon() }
    var writers: [TrainingSetWriter] = []
    for set in sets {
      let writer = try TrainingSetWriter(set.path, metadata: metadata(of: set))
      unfinished.withLock { $0.append(writer.file.abandonment) }
      writers.append(writer)
    }
    var tomograms = [Int](repeating: 0, count: sets.count)
    let outcomes = try Batch.run(known, cancellation: cancellation, watch: watch) {
      (index, outcome: inout BatchOutcome, progress) throws(AisError) in
      let counts = try cut(plan.tasks[index], sets, writers, &outcome, progress)
      for (place, count) in counts.enumerated() where count > 0 { tomograms[place] += 1 }
    }
    guard !outcomes.contains(where: { !$0.failures.isEmpty }) else { return (outcomes, []) }
    var made: [Made] = []
    for (place, set) in sets.enumerated() {
      let writer = writers[place]
      guard let record = set.record else { continue }
      try writer.close()
      let results = ExtractResults(
        boxes: writer.count, positives: writer.positiveCount, tomograms: tomograms[place],
        flavours: writer.metadata.flavours)
      try record.write(sealed: [writer.file], results: results)
      made.append(Made(path: set.path, results: results))
    }
    return (outcomes, made)
  }

  private func metadata(of set: ExtractSet) -> TrainingSetMetadata {
    let request = plan.request
    var metadata = TrainingSetMetadata(
      pixelSize: request.pixelSize, boxSize: request.boxSize, depth: request.depth,
      jitter: request.depth > 1 ? BoxGeometry.slabJitter : 0)
    metadata.features = set.features
    metadata.normalisation = .globalMAD
    let others = Set(plan.tasks.flatMap { $0.versions.map { "x_" + $0.name } })
    metadata.flavours = ([TrainingSetMetadata.standardFlavour] + others).sorted()
    return metadata
  }

  /// A box that goes into some of the sets.
  private struct Piece: Sendable {
    var feature: AnnotatedFeature
    var centre: VoxelIndex
    var isNegative: Bool
    /// Places of the sets.
    var sets: [Int]
  }

  private struct Cut: Sendable {
    var images: [(flavour: String, volume: Volume<Float>)]
    var label: Volume<Float>
  }

  /// Cuts the boxes of one tomogram; returns how many each set got.
  private func cut(
    _ task: ExtractTask, _ sets: [ExtractSet], _ writers: [TrainingSetWriter], _ outcome: inout BatchOutcome,
    _ progress: (Double) -> Void
  ) throws(AisError) -> [Int] {
    let request = plan.request
    let geometry = BoxGeometry(
      size: request.boxSize, depth: request.depth, target: request.pixelSize, native: task.pixelSize)
    let all = pieces(task, sets)
    let tomogram = try Tomogram.open(task.source.annotated.path, options: request.view)
    let volume = VoxelBox(tomogram.shape)
    let pieces = all.filter { volume.contains($0.centre) }
    if pieces.count < all.count {
      outcome.warnings.append(
        "\(all.count - pieces.count) of \(all.count) boxes have their centre outside of the volume and were left out")
    }
    if pieces.isEmpty { return writers.map { _ in 0 } }
    var cutters = [
      (
        flavour: TrainingSetMetadata.standardFlavour,
        cutter: try BoxCutter(tomogram, geometry: geometry, cancellation: cancellation)
      )
    ]
    for version in task.versions {
      let other = try Tomogram.open(version.path, options: request.view)
      cutters.append(("x_" + version.name, try BoxCutter(other, geometry: geometry, cancellation: cancellation)))
    }
    var counts = writers.map { _ in 0 }
    var repeated = 0
    for start in stride(from: 0, to: pieces.count, by: Self.chunk) {
      try cancellation.check()
      let chunk = Array(pieces[start..<min(start + Self.chunk, pieces.count)])
      for (piece, cut) in zip(chunk, try cuts(chunk, cutters)) {
        let source = TrainingBoxSource(
          tomogram: task.source.annotated.name,
          tomogramPath: URL(filePath: task.source.annotated.path).standardizedFileURL.path,
          feature: piece.feature.title, centre: piece.centre,
          annotatedSize: piece.feature.boxSize ?? geometry.nativeSize,
          extractedSize: geometry.size, isNegative: piece.isNegative)
        for place in piece.sets {
          if try writers[place].append(source, images: cut.images, label: cut.label) {
            counts[place] += 1
          } else {
            repeated += 1
          }
        }
      }
      progress(Double(start + chunk.count) / Double(pieces.count))
    }
    if repeated > 0 { outcome.warnings.append("\(repeated) boxes at places that have one already were left out") }
    outcome.lines = zip(sets, counts).map { "\($1) boxes of \($0.features.joined(separator: ", "))" }
    return counts
  }

  /// Boxes of a tomogram, slice after slice.
  private func pieces(_ task: ExtractTask, _ sets: [ExtractSet]) -> [Piece] {
    var pieces: [Piece] = []
    for feature in task.source.features(plan.request.features) {
      let places = sets.indices.filter { sets[$0].features.contains(feature.title) }
      guard !places.isEmpty else { continue }
      pieces += feature.boxes.map { Piece(feature: feature, centre: $0, isNegative: false, sets: places) }
    }
    for feature in task.source.features(plan.request.negatives) {
      pieces += feature.boxes.map { Piece(feature: feature, centre: $0, isNegative: true, sets: Array(sets.indices)) }
    }
    return pieces.sorted {
      ($0.centre.z, $0.centre.y, $0.centre.x, $0.feature.title) < (
        $1.centre.z, $1.centre.y, $1.centre.x, $1.feature.title
      )
    }
  }

  private func cuts(
    _ pieces: [Piece], _ cutters: [(flavour: String, cutter: BoxCutter)]
  ) throws(AisError) -> [Cut] {
    let results = Mutex<[Int: Result<Cut, AisError>]>([:])
    let isSlab = plan.request.depth > 1
    Slabs.forEachItem(count: pieces.count, threads: plan.request.threads) { item in
      let piece = pieces[item]
      let result = Result { () throws(AisError) -> Cut in
        var images: [(flavour: String, volume: Volume<Float>)] = []
        for (flavour, cutter) in cutters { images.append((flavour, try cutter.image(at: piece.centre))) }
        return Cut(
          images: images,
          label: try cutters[0].cutter.label(
            of: piece.feature, at: piece.centre, isSlab: isSlab, isNegative: piece.isNegative))
      }
      results.withLock { $0[item] = result }
    }
    var cuts: [Cut] = []
    let found = results.withLock { $0 }
    for item in pieces.indices { cuts.append(try found[item]!.get()) }
    return cuts
  }
}
