import AisCore
import AisFormats
import AisImaging
import Synchronization

/// Training sets pooled into one: their boxes are of one size and depth.
///
/// Every label is looked at when the pool is made; boxes are kept in memory when they fit, and read again and again when not.
package final class TrainingPool: Sendable {
  /// One box of a set.
  package struct Sample: Sendable {
    package var set: Int
    /// The place in its set.
    package var index: Int
    /// Whether the label shows the feature somewhere.
    package var isPositive: Bool
    /// Places in the set's flavours that have the box, the annotated one first.
    package var flavours: [Int]
  }

  package let samples: [Sample]
  package let boxSize: Int
  /// Slices that the sets are meant for.
  package let depth: Int
  /// Slices of the stored boxes.
  package let storedDepth: Int
  /// `nil` when no set says.
  package let pixelSize: Length?
  package let normalisation: TrainingSetMetadata.Normalisation
  package let jitter: Int
  package let features: [String]
  /// Versions of the boxes, by the names of their folders: what a network trained on the pool has seen.
  package let flavours: [String]
  package let warnings: [String]
  /// The diameter of the soft tubes that labels were turned into, pixels.
  package let filamentDiameter: Double?
  let sets: [TrainingSetFile]
  private let kept: [Kept]?

  /// Images by flavour, and the label.
  private struct Kept: Sendable {
    var images: [Volume<Float>]
    var label: Volume<Float>
  }

  package var positiveCount: Int { samples.count(where: \.isPositive) }

  /// - Parameters:
  ///   - filamentDiameter: turns labels into soft tubes of this many pixels around their skeletons.
  ///   - memoryLimit: bytes that boxes may be kept in.
  /// - Throws: `usage` when the sets are empty, `shapeMismatch` when their boxes differ, and what is wrong with a file.
  package init(
    _ sets: [TrainingSetFile], filamentDiameter: Double? = nil, memoryLimit: Int, threads: Int,
    cancellation: Cancellation = Cancellation()
  ) throws(AisError) {
    let first = try Self.checked(sets)
    let normalisations = Set(sets.map(\.metadata.normalisation))
    var warnings: [String] = []
    if normalisations.count > 1 {
      warnings.append(
        "some of the sets were normalised with their whole tomograms and some were not: all boxes are standardised one by one"
      )
    }
    for set in sets.dropFirst() where set.metadata.pixelSize != first.pixelSize {
      warnings.append(
        "'\(set.path)' has \(Self.text(set.metadata.pixelSize)) a pixel, '\(sets[0].path)' \(Self.text(first.pixelSize)): "
          + "the model will say \(Self.text(first.pixelSize))")
    }
    let places = sets.indices.flatMap { set in (0..<sets[set].count).map { (set, $0) } }
    let bytes = places.reduce(0) { sum, place in
      let metadata = sets[place.0].metadata
      return sum + 4 * metadata.boxSize * metadata.boxSize * metadata.storedDepth * (metadata.flavours.count + 1)
    }
    let keeps = bytes <= memoryLimit
    let survey = try Self.survey(
      sets, places, filamentDiameter: filamentDiameter, keeps: keeps, threads: threads, cancellation)
    if survey.broken > 0 {
      warnings.append(
        "\(survey.broken) of the images hold values that are no numbers; they were replaced by the box's mean")
    }
    samples = survey.samples
    kept = keeps ? survey.kept : nil
    boxSize = first.boxSize
    depth = first.depth
    storedDepth = first.storedDepth
    jitter = first.jitter
    pixelSize = first.pixelSize
    normalisation = normalisations.count == 1 ? first.normalisation : .perBox
    features = sets.flatMap(\.metadata.features).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    flavours = Set(sets.flatMap(\.metadata.flavours)).sorted()
    self.warnings = warnings
    self.filamentDiameter = filamentDiameter
    self.sets = sets
  }

  /// Grey values without holes: `storedDepth` slices. `flavour` is a place in the sample's `flavours`.
  package func image(_ sample: Int, flavour: Int = 0) throws(AisError) -> Volume<Float> {
    if let kept { return kept[sample].images[flavour] }
    let place = samples[sample]
    return try Self.image(sets[place.set], place.index, place.flavours[flavour]).volume
  }

  /// One slice, or `storedDepth`: from 0 to 1, and 2 where it is unknown.
  package func label(_ sample: Int) throws(AisError) -> Volume<Float> {
    if let kept { return kept[sample].label }
    let place = samples[sample]
    return softened(try Self.label(sets[place.set], place.index))
  }

  private func softened(_ label: Volume<Float>) -> Volume<Float> {
    filamentDiameter.map { FilamentLabels.softened(label, diameter: $0) } ?? label
  }

  private static func checked(_ sets: [TrainingSetFile]) throws(AisError) -> TrainingSetMetadata {
    guard let first = sets.first else { throw AisError(.usage, "there is no training set to train on") }
    guard sets.contains(where: { $0.count > 0 }) else {
      let names = sets.map { "'\($0.path)'" }.joined(separator: ", ")
      throw AisError(.usage, "there is nothing to train on: \(names) \(sets.count == 1 ? "holds" : "hold") no boxes")
    }
    for set in sets.dropFirst() {
      let (a, b) = (first.metadata, set.metadata)
      guard a.boxSize == b.boxSize, a.depth == b.depth, a.storedDepth == b.storedDepth else {
        throw AisError(
          .shapeMismatch,
          "'\(first.path)' has boxes of \(a.boxSize) × \(a.boxSize) × \(a.depth) pixels and '\(set.path)' of \(b.boxSize) × "
            + "\(b.boxSize) × \(b.depth): sets that are trained on together must agree. Extract one of them again.")
      }
    }
    return first.metadata
  }

  private static func text(_ length: Length?) -> String {
    length.map { "\(DecimalText.trimmed($0.angstrom, decimals: 2)) Å" } ?? "an unknown size"
  }

  private struct Survey {
    var samples: [Sample]
    var kept: [Kept]
    /// Images with values that are not finite.
    var broken: Int
  }

  private static func survey(
    _ sets: [TrainingSetFile], _ places: [(Int, Int)], filamentDiameter: Double?, keeps: Bool, threads: Int,
    _ cancellation: Cancellation
  ) throws(AisError) -> Survey {
    typealias Look = (sample: Sample, kept: Kept?, broken: Int)
    let results = Mutex<[Int: Result<Look, AisError>]>([:])
    Slabs.forEachItem(count: places.count, threads: threads) { item in
      let result = Result { () throws(AisError) -> Look in
        try cancellation.check()
        let (set, index) = (sets[places[item].0], places[item].1)
        let label = try label(set, index)
        let annotated = set.metadata.annotatedIndex
        let others = set.metadata.flavours.indices.filter { $0 != annotated && set.hasImage(index, flavour: $0) }
        let sample = Sample(
          set: places[item].0, index: index, isPositive: label.voxels.contains { $0 > 0.5 && $0 < 1.5 },
          flavours: [annotated] + others)
        guard keeps else { return (sample, nil, 0) }
        var kept = Kept(
          images: [], label: filamentDiameter.map { FilamentLabels.softened(label, diameter: $0) } ?? label)
        var broken = 0
        for flavour in sample.flavours {
          let (volume, isBroken) = try image(set, index, flavour)
          kept.images.append(volume)
          if isBroken { broken += 1 }
        }
        return (sample, kept, broken)
      }
      results.withLock { $0[item] = result }
    }
    var survey = Survey(samples: [], kept: [], broken: 0)
    let looked = results.withLock { $0 }
    for item in places.indices {
      let look = try looked[item]!.get()
      survey.samples.append(look.sample)
      if let kept = look.kept { survey.kept.append(kept) }
      survey.broken += look.broken
    }
    return survey
  }

  /// The image, with the box's mean where values are not finite, and whether there were such.
  private static func image(
    _ set: TrainingSetFile, _ index: Int, _ flavour: Int
  ) throws(AisError) -> (volume: Volume<Float>, isBroken: Bool) {
    var image = try set.image(index, flavour: flavour)
    guard image.voxels.contains(where: { !$0.isFinite }) else { return (image, false) }
    var (sum, count) = (0.0, 0)
    for value in image.voxels where value.isFinite {
      sum += Double(value)
      count += 1
    }
    guard count > 0 else {
      throw AisError(
        .malformed,
        "'\(set.path)': the image of box '\(set.identifiers[index])' holds no number at all. Extract the set again.")
    }
    let mean = Float(sum / Double(count))
    for i in image.voxels.indices where !image.voxels[i].isFinite { image.voxels[i] = mean }
    return (image, true)
  }

  /// The label, brought to 0…1 and 2: splines of old sets overshoot, and what is no number is unknown.
  private static func label(_ set: TrainingSetFile, _ index: Int) throws(AisError) -> Volume<Float> {
    var label = try set.label(index)
    for i in label.voxels.indices {
      let value = label.voxels[i]
      label.voxels[i] = value <= 1.5 ? min(max(value, 0), 1) : 2
    }
    return label
  }
}
