import AisCore

/// An MRC file whose header has been read and judged.
struct MRCFile {
  var info: TomogramInfo
  var warnings: [TomogramWarning]
  var store: MRCStore
  /// How the axes x, y, z lie in the store.
  var map: AxisMap

  /// - Parameters:
  ///   - file: the uncompressed bytes.
  ///   - path: as the user gave it.
  ///   - origin: facts about the file on disk (`fileByteCount`, `modified`, `container`).
  init(
    _ file: RandomAccessFile, path: String, container: TomogramInfo.Container, onDisk: RandomAccessFile,
    options: TomogramOptions
  ) throws(AisError) {
    let bytes = try file.bytes(0..<MRCHeader.byteCount)
    if let kind = FileKind(bytes), kind != .mrc { throw .notMRC(path, found: kind.phrase) }
    guard bytes.count == MRCHeader.byteCount else { throw .tooShortForHeader(path, byteCount: bytes.count) }
    guard let (header, order, reason, orderWarning) = MRCHeader.detect(bytes, fileByteCount: file.byteCount) else {
      throw .notMRC(path, found: nil)
    }
    guard let storedType = Self.storedType(header) else {
      throw AisError(.unsupported, "'\(path)' \(MRCMode.refusal(header.mode))")
    }
    var warnings = orderWarning.map { [$0] } ?? []
    let layout = try MRCLayout(header, storedType, path: path, fileByteCount: file.byteCount, options: options)
    warnings += layout.warnings
    let facts = MRCFacts(header, compatibility: options.compatibility)
    warnings += facts.warnings

    var elementType = storedType
    var sign: TomogramInfo.ByteSignDecision?
    if storedType == .int8 {
      let decided = try MRCByteSign.decide(
        header: header, asked: options.byteSign, compatibility: options.compatibility
      ) { () throws(AisError) in
        try Self.sample(file, layout.dataOffset, layout.shape)
      }
      sign = decided.decision
      warnings += decided.warnings
      elementType = decided.decision.isSigned ? .int8 : .uint8
    }

    info = TomogramInfo(
      path: path, format: .mrc, container: container, fileByteCount: onDisk.byteCount, modified: onDisk.modified,
      storedShape: layout.shape, shape: facts.map.shape(of: layout.shape), elementType: elementType,
      mode: header.mode, byteOrder: order, byteOrderReason: reason, byteSign: sign, voxelSize: facts.voxelSize,
      origin: facts.origin, start: facts.start, labels: header.labels,
      extendedHeader: layout.extendedByteCount > 0
        ? .init(type: header.extendedType, byteCount: layout.extendedByteCount) : nil,
      statistics: facts.statistics, axisOrder: facts.axisOrder, spaceGroup: header.spaceGroup,
      volumeCount: layout.volumeCount, header: header)
    store = MRCStore(
      file: file, dataOffset: layout.dataOffset, shape: layout.shape, storedType: elementType, order: order)
    map = facts.map
    self.warnings = warnings
  }

  /// IMOD and SerialEM also pack 4 bits into mode 0, told by a flag; such bytes cannot be signed.
  private static func storedType(_ header: MRCHeader) -> ElementType? {
    if header.mode == 0, let flags = header.flags, flags.contains(.packed4Bit), !flags.contains(.signedBytes) {
      return .uint4
    }
    return MRCMode.elementType(header.mode)
  }

  /// Raw rows from up to eight sections spread over the volume.
  private static func sample(
    _ file: RandomAccessFile, _ dataOffset: Int, _ shape: Shape
  ) throws(AisError) -> (bytes: [UInt8], rowLength: Int) {
    var bytes: [UInt8] = []
    let rows = min(shape.y, max(1, (128 << 10) / shape.x))
    let sections = min(8, shape.z)
    for i in 0..<sections {
      let section = (2 * i + 1) * shape.z / (2 * sections)
      let start = dataOffset + (section * shape.y + (shape.y - rows) / 2) * shape.x
      bytes += try file.keptBytes(start..<start + min(rows * shape.x, 1 << 20))
    }
    return (bytes, shape.x)
  }
}
