import AisCore
import AisFormats

/// What is in a training set, with units in the names. The boxes themselves are not read, but for the first.
package struct TrainingSetDescription: Sendable, Encodable {
  package var fileBytes: Int
  package var boxes: Int
  /// Boxes that show what is not to be found, as far as the set says.
  package var negativeBoxes: Int
  /// Rows and columns of a box, pixels.
  package var boxSize: Int
  /// Slices that a network sees, and slices stored beyond them.
  package var depth: Int
  package var jitter: Int
  package var pixelSizeAngstrom: Double?
  package var features: [String]
  /// Versions of the boxes, the one that was annotated first.
  package var flavours: [String]
  /// "global_mad" or "per-box".
  package var normalization: String
  /// Where boxes were cut, by name.
  package var tomograms: [String]

  package init(_ set: TrainingSetFile, fileBytes: Int) throws(AisError) {
    let metadata = set.metadata
    self.fileBytes = fileBytes
    boxes = set.count
    negativeBoxes = set.sources.values.count(where: \.isNegative)
    boxSize = metadata.boxSize
    depth = metadata.depth
    jitter = metadata.jitter
    pixelSizeAngstrom = metadata.pixelSize?.angstrom
    features = metadata.features
    flavours = [metadata.annotatedFlavour] + metadata.flavours.filter { $0 != metadata.annotatedFlavour }
    normalization = metadata.normalisation.rawValue
    tomograms = Set(set.sources.values.map(\.tomogram)).sorted()
    // What a set claims of its boxes is held against one of them.
    if set.count > 0 {
      _ = try set.image(0, flavour: metadata.annotatedIndex)
      _ = try set.label(0)
    }
  }
}
