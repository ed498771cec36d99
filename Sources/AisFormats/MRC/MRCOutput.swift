import AisCore

/// What an MRC file to write shall be.
package struct MRCOutput: Sendable {
  /// How numbers become integers.
  package enum Rounding: String, Sendable { case nearest, towardZero }

  package var shape: Shape
  /// int8, int16, uint16, float16 or float32; `uint8` only as mode 0 with IMOD's unsigned flag.
  package var elementType: ElementType
  /// `nil` writes a cell of 0, the format's way to say "unknown".
  package var voxelSize: VoxelSize?
  package var origin: TomogramInfo.Origin
  package var start: VoxelIndex
  /// Lines of provenance; longer ones than 80 characters are split, those beyond the tenth line dropped.
  package var labels: [String]
  package var rounding: Rounding
  /// Slices that are never written hold zeros; otherwise a missing slice is an error of `finish()`.
  package var allowsMissingSlices: Bool

  package init(
    shape: Shape, elementType: ElementType, voxelSize: VoxelSize?, origin: TomogramInfo.Origin = .zero,
    start: VoxelIndex = VoxelIndex(z: 0, y: 0, x: 0), labels: [String] = [], rounding: Rounding = .nearest,
    allowsMissingSlices: Bool = false
  ) {
    self.shape = shape
    self.elementType = elementType
    self.voxelSize = voxelSize
    self.origin = origin
    self.start = start
    self.labels = labels
    self.rounding = rounding
    self.allowsMissingSlices = allowsMissingSlices
  }

  /// Bytes of the whole file.
  package var byteCount: Int { MRCHeader.byteCount + shape.count * elementType.byteCount }

  /// The header without statistics.
  func header() throws(AisError) -> MRCHeader {
    guard let mode = MRCMode.mode(of: elementType) else {
      throw AisError(
        .usage, "MRC files cannot hold \(elementType.rawValue) voxels: use int8, int16, uint16, float16 or float32.")
    }
    let largest = Int(Int32.max)
    guard let count = shape.countIfRepresentable, shape.x > 0, shape.y > 0, shape.z > 0,
      shape.x <= largest, shape.y <= largest, shape.z <= largest, count <= Int.max / 16
    else { throw AisError(.usage, "a volume of \(shape) voxels cannot be written as MRC.") }
    var header = MRCHeader()
    header.size = .init(shape.x, shape.y, shape.z)
    header.sampling = header.size
    header.mode = mode
    header.start = .init(start.x, start.y, start.z)
    if let voxelSize {
      header.cell = .init(
        Float(voxelSize.x.angstrom * Double(shape.x)), Float(voxelSize.y.angstrom * Double(shape.y)),
        Float(voxelSize.z.angstrom * Double(shape.z)))
    }
    header.origin = .init(Float(origin.x), Float(origin.y), Float(origin.z))
    header.labels = MRCLabels.lines(labels)
    if elementType == .uint8 {
      // A stamp without the flag for signed bytes says: unsigned.
      header.imodStamp = MRCHeader.IMODFlags.stamp
      header.imodFlags = 0
    }
    return header
  }
}

/// Text for the ten lines of 80 characters.
package enum MRCLabels {
  /// Splits long texts at blanks, keeps printable ASCII (others become `?`), and drops what does not fit ten lines.
  package static func lines(_ texts: [String]) -> [String] {
    var lines: [String] = []
    for text in texts {
      var line = ""
      for word in text.split(separator: " ", omittingEmptySubsequences: true) {
        var word = String(
          String.UnicodeScalarView(word.unicodeScalars.map { (32...126).contains($0.value) ? $0 : "?" }))
        if !line.isEmpty {
          if line.count + 1 + word.count <= 80 {
            line += " " + word
            continue
          }
          lines.append(line)
          line = ""
        }
        while word.count > 80 {
          lines.append(String(word.prefix(80)))
          word = String(word.dropFirst(80))
        }
        line = word
      }
      if !line.isEmpty { lines.append(line) }
    }
    return Array(lines.prefix(10))
  }
}
