import AisCore

/// A training set of before 2026 as a TIFF stack: of each box the image's slices, then the label. Grey values are those of the
/// tomogram.
struct TrainingSetStack: TrainingBoxes {
  private let store: any VoxelStore
  private let path: String
  /// Slices of an image.
  private let depth: Int

  static func open(_ file: RandomAccessFile) throws(AisError) -> TrainingSetFile {
    let texts = try TIFFDescriptions.read(file)
    let tiff = try TIFFFile(file, path: file.path)
    let pages = tiff.info.storedShape
    guard pages.y == pages.x else {
      throw AisError(
        .malformed, "'\(file.path)' is no training set: its pages have \(pages.x) × \(pages.y) pixels, boxes are square"
      )
    }
    let planes = try planes(texts, pages, file.path)
    let count = pages.z / planes
    var metadata = TrainingSetMetadata(
      pixelSize: pixelSize(texts), boxSize: pages.y, depth: planes - 1, jitter: 0)
    metadata.normalisation = .perBox
    let digits = String(max(0, count - 1)).count
    let identifiers = (0..<count).map { index in
      let number = String(index)
      return String(repeating: "0", count: digits - number.count) + number
    }
    return TrainingSetFile(
      path: file.path, metadata: metadata, identifiers: identifiers, sources: [:],
      boxes: TrainingSetStack(store: tiff.store, path: file.path, depth: planes - 1))
  }

  /// Pages of a box: from `{"shape": [N, planes, H, W]}`, else the two of the paper's version.
  private static func planes(_ texts: [String], _ pages: Shape, _ path: String) throws(AisError) -> Int {
    for text in texts {
      guard text.hasPrefix("{"), let json = try? JSONValue(parsing: text.utf8, name: path),
        let shape = json["shape"]?.array?.map({ $0.integer ?? 0 }), shape.count == 4
      else { continue }
      guard shape[2] == pages.y, shape[3] == pages.x, shape[1] >= 2, shape[1] <= pages.z,
        shape[0] == pages.z / shape[1], pages.z.isMultiple(of: shape[1])
      else {
        let stated = shape.map(String.init).joined(separator: ", ")
        throw AisError(
          .truncated,
          "'\(path)' is truncated or damaged: it describes an array of [\(stated)], but holds \(pages.z) pages of "
            + "\(pages.x) × \(pages.y) pixels. Copy the file again.")
      }
      return shape[1]
    }
    guard pages.z.isMultiple(of: 2) else {
      throw AisError(
        .malformed,
        "'\(path)' is no training set: a TIFF stack without a description needs an image and a label for each box, and it has "
          + "\(pages.z) pages")
    }
    return 2
  }

  private static func pixelSize(_ texts: [String]) -> Length? {
    for text in texts {
      guard let range = text.firstRange(of: "apix=") else { continue }
      let digits = text[range.upperBound...].prefix { $0.isNumber || $0 == "." || $0 == "-" }
      if let angstrom = Double(digits), angstrom.isFinite, angstrom > 0 { return .angstroms(angstrom) }
    }
    return nil
  }

  func hasImage(_ identifier: String, flavour: String) -> Bool { true }

  func image(_ identifier: String, flavour: String) throws(AisError) -> Volume<Float> {
    try pages(first(identifier)..<first(identifier) + depth)
  }

  func label(_ identifier: String) throws(AisError) -> Volume<Float> {
    try pages(first(identifier) + depth..<first(identifier) + depth + 1)
  }

  /// The first page of a box.
  private func first(_ identifier: String) -> Int { (Int(identifier) ?? 0) * (depth + 1) }

  private func pages(_ range: Range<Int>) throws(AisError) -> Volume<Float> {
    let (rows, columns) = (store.shape.y, store.shape.x)
    var volume = Volume<Float>(shape: Shape(z: range.count, y: rows, x: columns), repeating: 0)
    let page = UnsafeMutableRawBufferPointer.allocate(
      byteCount: rows * columns * store.elementType.byteCount, alignment: 64)
    defer { page.deallocate() }
    for (z, section) in range.enumerated() {
      try store.read(section: section, rows: 0..<rows, into: page)
      volume.voxels.withUnsafeMutableBufferPointer { target in
        VoxelConversion.copy(
          UnsafeRawPointer(page.baseAddress!), store.elementType,
          .init(
            rows: rows, columns: columns, sourceBase: 0, sourceRowStride: columns, sourceColumnStride: 1,
            destinationBase: z * rows * columns, destinationRowStride: columns), label: nil, to: target.baseAddress!)
      }
    }
    return volume
  }
}
