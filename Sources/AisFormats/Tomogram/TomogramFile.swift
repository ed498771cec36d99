import AisCore

/// Opens a file by what it holds: MRC, compressed MRC, TIFF, or a refusal that says what it is instead.
enum TomogramFile {
  static func open(_ file: RandomAccessFile, _ options: TomogramOptions) throws(AisError) -> Tomogram {
    let path = file.path
    if path.lowercased().hasSuffix(".eer") { throw .movie(path) }
    let head = try file.bytes(0..<MRCHeader.byteCount)
    switch FileKind(head) {
    case .tiff:
      let tiff = try TIFFFile(file, path: path)
      return Tomogram(tiff.info, tiff.warnings, tiff.store, .identity, options)
    case .gzip: return try openCompressed(file, .gzip, options)
    case .bzip2: return try openCompressed(file, .bzip2, options)
    default:
      return tomogram(try MRCFile(file, path: path, container: .plain, onDisk: file, options: options), options)
    }
  }

  private static func tomogram(_ opened: MRCFile, _ options: TomogramOptions) -> Tomogram {
    Tomogram(opened.info, opened.warnings, opened.store, opened.map, options)
  }

  private static func openCompressed(
    _ file: RandomAccessFile, _ container: TomogramInfo.Container, _ options: TomogramOptions
  ) throws(AisError) -> Tomogram {
    let path = file.path
    let unpacked = try DecompressedFile(file, container) { (head) throws(AisError) in
      try limit(head, path: path, container: container)
    }
    var opened = try MRCFile(unpacked.file, path: path, container: container, onDisk: file, options: options)
    if unpacked.isCut {
      opened.warnings.append(TomogramWarning(.extraBytes, "more bytes follow after the voxels and are not read."))
    }
    if unpacked.hasTail {
      opened.warnings.append(
        TomogramWarning(
          .compressedTail, "bytes that are not \(container.rawValue) follow after the compressed data and are not read."
        ))
    }
    return tomogram(opened, options)
  }

  /// The size that an MRC header promises is the most that is decompressed; files without one are refused.
  private static func limit(
    _ head: [UInt8], path: String, container: TomogramInfo.Container
  ) throws(AisError) -> Int {
    if let kind = FileKind(head) {
      throw AisError(
        .unsupported,
        "'\(path)' holds \(kind.phrase) in \(container.rawValue) compression, not a tomogram. "
          + (kind == .tiff ? "Unpack the TIFF file first." : "Expected an MRC file."))
    }
    guard head.count == MRCHeader.byteCount else { throw .tooShortForHeader(path, byteCount: head.count) }
    guard let found = MRCHeader.detect(head, fileByteCount: -1), let data = found.header.dataByteCount,
      data < 1 << 50
    else { throw .notMRC(path, found: nil) }
    // A broken size of the extended header is judged later; here it only must not lift the limit.
    let extended = max(0, min(found.header.extendedByteCount, 1 << 28))
    return MRCHeader.byteCount + extended + data
  }
}
