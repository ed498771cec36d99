import AisCore
import AisFormats
import AisImaging
import AisProject
import AisTraining
import Foundation
import Logging

/// The boxes of a project that a training set stands for now: counted, looked at, cut.
package struct ProjectSet: Sendable {
  package let set: TrainingSet
  /// Features with a part in the set, in the project's order.
  package let features: [Feature]
  /// Annotated tomograms of the set's datasets that have such boxes.
  package let sources: [Source]
  private let project: Project

  /// A tomogram with its annotation.
  package struct Source: Sendable {
    package var dataset: Dataset
    package var source: ExtractSource
    package var positives: Int
    package var negatives: Int
    /// Why its boxes cannot be cut.
    package var reason: String?
  }

  /// Looks at annotations and for the tomograms' files. Masks are read from the project while boxes are cut.
  package init(_ set: TrainingSet, in project: Project) throws(AisError) {
    self.set = set
    self.project = project
    let used = try project.features().filter { set.roles[$0.id] != nil }
    features = used
    let datasets = try project.datasets().filter { set.datasets?.contains($0.id) ?? true }
    var sources: [Source] = []
    for dataset in datasets {
      guard
        let source = try ExtractSource.project(
          project, features: used.map(\.title), folders: [], takesVersions: set.takesVersions,
          datasets: [dataset.id]
        ).first
      else { continue }
      func count(_ role: TrainingSet.Role) -> Int {
        let titles = used.filter { set.roles[$0.id] == role }.map(\.title)
        return source.features(titles).reduce(0) { $0 + $1.boxes.count }
      }
      let (positives, negatives) = (count(.positive), count(.negative))
      if positives + negatives == 0 { continue }
      sources.append(
        Source(
          dataset: dataset, source: source, positives: positives, negatives: negatives,
          reason: source.hasTomogram ? nil : "the tomogram of '\(dataset.name)' is not where it was"))
    }
    self.sources = sources
  }

  package var positives: Int { sources.reduce(0) { $0 + $1.positives } }
  package var negatives: Int { sources.reduce(0) { $0 + $1.negatives } }

  /// Boxes of a feature.
  package func boxCount(_ feature: Feature) -> Int {
    sources.reduce(0) { $0 + $1.source.features([feature.title]).reduce(0) { $0 + $1.boxes.count } }
  }

  /// Boxes of what is to be found in which no pixel of it is painted: they teach that nothing is there. Blocks while masks are read.
  package func emptyPositives() throws(AisError) -> Int {
    let wanted = titles(.positive)
    var count = 0
    for item in sources {
      let voxel = item.dataset.voxelSize?.x ?? set.pixelSize
      let trained = max(1, Int((Double(set.boxSize) * (set.pixelSize / voxel)).rounded()))
      for feature in item.source.features(wanted) {
        // Beside its own box nobody says what is there.
        let side = min(trained, feature.boxSize ?? trained)
        for box in feature.boxes {
          let square = PixelRectangle(y: box.y - side / 2, x: box.x - side / 2, height: side, width: side)
          guard let mask = try feature.mask(box.z), let seen = mask.bounds.intersection(square),
            !mask.cropped(to: seen).isEmpty
          else {
            count += 1
            continue
          }
        }
      }
    }
    return count
  }

  /// Changes with everything that changes the boxes.
  package var digest: String {
    let roles = set.roles.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.rawValue)" }
    let parts = sources.map { "\($0.dataset.id) \($0.source.digest ?? "") \($0.source.files)" }
    let text = "\(set.boxSize) \(set.depth) \(set.pixelSize.angstrom) \(roles) \(parts)"
    return String(SHA256.hex(of: Array(text.utf8)).prefix(16))
  }

  /// What stands in the way of training with it, or is worth knowing.
  package var problems: [String] {
    var problems: [String] = []
    if set.features(.positive).isEmpty {
      problems.append("No feature is positive: mark what is to be found with +.")
    } else if positives == 0 {
      problems.append(
        "There is no box of a positive feature yet: place some (Shift+click) where the feature is painted.")
    }
    problems += sources.compactMap(\.reason)
    return problems
  }

  /// A tomogram and its slice with the most boxes of what is to be found, as `ais train --preview` takes them.
  package var preview: String? {
    let wanted = titles(.positive)
    var best: (count: Int, text: String)?
    for item in sources where item.reason == nil {
      var counts: [Int: Int] = [:]
      for feature in item.source.features(wanted) {
        for box in feature.boxes { counts[box.z, default: 0] += 1 }
      }
      guard let most = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { continue }
      if most.value > best?.count ?? 0 { best = (most.value, "\(item.source.annotated.path):\(most.key)") }
    }
    return best?.text
  }

  private func titles(_ role: TrainingSet.Role) -> [String] {
    features.filter { set.roles[$0.id] == role }.map(\.title)
  }

  /// Cuts all boxes into one file in `folder`, with its account beside it, and returns its path and what it holds.
  package func extract(
    into folder: String, threads: Int, cancellation: Cancellation, progress: @escaping (Double) -> Void
  ) throws(AisError) -> (path: String, results: ExtractResults) {
    try extract(sources.map(\.source), into: folder, threads: threads, cancellation, progress)
  }

  private func extract(
    _ sources: [ExtractSource], into folder: String, threads: Int, _ cancellation: Cancellation,
    _ progress: @escaping (Double) -> Void
  ) throws(AisError) -> (path: String, results: ExtractResults) {
    guard positives > 0 else { throw AisError(.needsDecision, problems.first ?? "the training set is empty") }
    var request = ExtractRequest(
      inputs: [project.folder.path], outputFolder: folder, features: titles(.positive), threads: threads)
    request.negatives = titles(.negative)
    request.boxSize = set.boxSize
    request.depth = set.depth
    request.pixelSize = set.pixelSize
    request.merges = true
    request.takesVersions = set.takesVersions
    request.replaces = true
    let plan = try ExtractPlan.make(request, sources: sources, cancellation: cancellation)
    if let refusal = plan.refusals.first { throw refusal }
    let logger = Logger(label: "ais.training-set") { _ in SwiftLogNoOpLogHandler() }
    let result = try ExtractRun(plan, cancellation: cancellation, logger: logger).run { event in
      if case .progress(_, let fraction) = event { progress(fraction) }
    }
    if let failure = result.outcomes.flatMap(\.failures).first { throw failure }
    guard let made = result.made.first else {
      throw AisError(.notFound, "no box of the training set could be cut: all lie outside of their tomograms")
    }
    return (made.path, made.results)
  }

  /// A box as people look at it.
  package struct Sample: Sendable {
    package var isPositive: Bool
    package var size: Int
    /// The middle slice, 0…255 between the 1st and 99th percentile, by rows.
    package var image: [UInt8]
    /// 255 where the feature is, 0 elsewhere.
    package var label: [UInt8]
  }

  /// Boxes drawn at random, as a network would see them.
  ///
  /// - Parameter folder: for a file that is removed again.
  package func samples(
    _ count: Int, seed: UInt64, folder: String, threads: Int, cancellation: Cancellation
  ) throws(AisError) -> [Sample] {
    var places: [(source: Int, feature: Int, box: Int)] = []
    for (s, source) in sources.enumerated() where source.reason == nil {
      for (f, feature) in source.source.annotated.features.enumerated() {
        for b in feature.boxes.indices { places.append((s, f, b)) }
      }
    }
    var generator = SeededGenerator(seed: seed)
    places.shuffle(using: &generator)
    let chosen = places.prefix(count)
    let thinned = sources.indices.compactMap { s -> ExtractSource? in
      var source = sources[s].source
      for f in source.annotated.features.indices {
        let kept = chosen.filter { $0.source == s && $0.feature == f }.map(\.box)
        source.annotated.features[f].boxes = kept.map { sources[s].source.annotated.features[f].boxes[$0] }
      }
      source.annotated.features.removeAll { $0.boxes.isEmpty }
      return source.annotated.features.isEmpty ? nil : source
    }
    guard !thinned.isEmpty else { return [] }
    let own = folder + "/.samples-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: own) }
    let path = try extract(thinned, into: own, threads: threads, cancellation) { _ in }.path
    let pool = try TrainingPool(
      [try TrainingSetFile.open(path)], memoryLimit: 256 << 20, threads: threads, cancellation: cancellation)
    var samples: [Sample] = []
    for index in pool.samples.indices {
      let image = try pool.image(index)
      let label = try pool.label(index)
      let values = Array(image.slice(image.shape.z / 2))
      let limits = values.sorted()
      let (low, high) = (limits[limits.count / 100], limits[limits.count - 1 - limits.count / 100])
      let scale = high > low ? 255 / (high - low) : 0
      samples.append(
        Sample(
          isPositive: pool.samples[index].isPositive, size: pool.boxSize,
          image: values.map { UInt8(max(0, min(255, (($0 - low) * scale).rounded()))) },
          label: label.slice(label.shape.z / 2).map { $0 > 0.5 && $0 < 1.5 ? 255 : 0 }))
    }
    return samples
  }
}
