import AisCore

/// Writes a training set box by box; the file appears under its own name only when it is finished.
package final class TrainingSetWriter {
  /// What all boxes have in common; may be completed until `close`.
  package var metadata: TrainingSetMetadata
  /// The file that is written; it waits for its name after `close`.
  package var file: StreamedFile { archive.file }
  private let archive: TarStream
  private var sources: [String: TrainingBoxSource] = [:]
  /// Boxes whose label shows the feature somewhere.
  package private(set) var positiveCount = 0

  /// Boxes written.
  package var count: Int { sources.count }

  package init(_ path: String, metadata: TrainingSetMetadata) throws(AisError) {
    self.metadata = metadata
    archive = try TarStream(path)
  }

  /// Adds a box and tells whether it did: a box of the same place and feature that is there already is kept.
  ///
  /// - Parameters:
  ///   - images: by flavour, the annotated one among them: `storedDepth` slices.
  ///   - label: one slice, or as many as the images have.
  @discardableResult
  package func append(
    _ source: TrainingBoxSource, images: [(flavour: String, Volume<Float>)], label: Volume<Float>
  ) throws(AisError) -> Bool {
    let identifier = source.identifier
    guard sources[identifier] == nil else { return false }
    let voxelSize = metadata.pixelSize.map { VoxelSize($0) }
    for (flavour, image) in images {
      precondition(image.shape.z == metadata.storedDepth, "an image of the set has \(metadata.storedDepth) slices")
      try archive.append("\(flavour)/\(identifier).mrc", try MRCImage(image, voxelSize: voxelSize).encoded())
    }
    try archive.append(
      "y/\(identifier).mrc", try MRCImage(label, voxelSize: voxelSize).encoded(isPlane: label.shape.z == 1))
    sources[identifier] = source
    if label.voxels.contains(1) { positiveCount += 1 }
    return true
  }

  /// Writes what the set says of itself, and seals the file.
  package func close() throws(AisError) {
    let json = JSONValue.object([
      "format_version": .number(1), "apix": .number(metadata.pixelSize?.angstrom ?? -1),
      "box_size": .number(Double(metadata.boxSize)), "box_depth": .number(Double(metadata.depth)),
      "z_jitter": .number(Double(metadata.jitter)), "features": .array(metadata.features.map { .string($0) }),
      "n_samples": .number(Double(sources.count)), "input_flavours": .array(metadata.flavours.map { .string($0) }),
      "annotated_flavour": .string(metadata.annotatedFlavour),
      "normalization": metadata.normalisation == .globalMAD ? .string("global_mad") : .null,
      "program": .string("Ais \(AisVersion.current)"),
    ])
    try archive.append("metadata.json", Array(json.text.utf8))
    try archive.append("sources.json", Array(JSONValue.object(sources.mapValues(\.json)).text.utf8))
    try archive.close()
    try archive.file.seal()
  }
}
