import AisCore

/// An open training set (`.scnt`): boxes of tomograms and what is to be learned from them.
///
/// Boxes are read one by one, from any thread, so that a set may be larger than memory. Both layouts: the archive of MRC files,
/// and the TIFF stacks of before 2026.
package final class TrainingSetFile: Sendable {
  package let path: String
  package let metadata: TrainingSetMetadata
  /// In the order of the samples.
  package let identifiers: [String]
  /// By identifier, as far as the set says.
  package let sources: [String: TrainingBoxSource]
  private let boxes: any TrainingBoxes

  package var count: Int { identifiers.count }

  /// Reads what there is, and no box yet.
  package static func open(_ path: String) throws(AisError) -> TrainingSetFile {
    let file = try RandomAccessFile(path)
    let head = try file.bytes(0..<1024)
    guard !head.isEmpty else { throw AisError(.truncated, "'\(path)' is empty. Copy the file again.") }
    if TarIndex.isLikely(head) { return try TrainingSetArchive.open(file) }
    if FileKind(head) == .tiff { return try TrainingSetStack.open(file) }
    if FileKind(head) == .gzip {
      throw AisError(.unsupported, "'\(path)' is compressed, which training sets are not. Unpack it first: gunzip")
    }
    throw AisError(.malformed, "'\(path)' is no training set: expected an archive (tar) of boxes or a TIFF stack")
  }

  init(
    path: String, metadata: TrainingSetMetadata, identifiers: [String], sources: [String: TrainingBoxSource],
    boxes: any TrainingBoxes
  ) {
    self.path = path
    self.metadata = metadata
    self.identifiers = identifiers
    self.sources = sources
    self.boxes = boxes
  }

  /// Whether a flavour (a place in `metadata.flavours`) has the box.
  package func hasImage(_ index: Int, flavour: Int) -> Bool {
    boxes.hasImage(identifiers[index], flavour: metadata.flavours[flavour])
  }

  /// Grey values of a box, `storedDepth` slices of `boxSize` squared. NaN is passed on.
  package func image(_ index: Int, flavour: Int) throws(AisError) -> Volume<Float> {
    let image = try boxes.image(identifiers[index], flavour: metadata.flavours[flavour])
    try check(image.shape, index, "image", depths: [metadata.storedDepth])
    return image
  }

  /// What is to be learned: one slice (the middle one, number `storedDepth` / 2) or as many as the image has. 0 is background, 1
  /// the feature, 2 unknown; old sets hold numbers between 0 and 1, too.
  package func label(_ index: Int) throws(AisError) -> Volume<Float> {
    let label = try boxes.label(identifiers[index])
    try check(label.shape, index, "label", depths: [1, metadata.storedDepth])
    return label
  }

  private func check(_ shape: Shape, _ index: Int, _ what: String, depths: Set<Int>) throws(AisError) {
    let size = metadata.boxSize
    guard shape.y == size, shape.x == size, depths.contains(shape.z) else {
      let expected = depths.sorted().map { "\(size) × \(size) × \($0)" }.joined(separator: " or ")
      throw AisError(
        .shapeMismatch,
        "'\(path)' is damaged: the \(what) of box '\(identifiers[index])' has \(shape) voxels, expected \(expected). "
          + "Extract the set again.")
    }
  }
}

/// Where the boxes of a set are.
protocol TrainingBoxes: Sendable {
  func hasImage(_ identifier: String, flavour: String) -> Bool
  func image(_ identifier: String, flavour: String) throws(AisError) -> Volume<Float>
  func label(_ identifier: String) throws(AisError) -> Volume<Float>
}
