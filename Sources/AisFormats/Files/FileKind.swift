/// What a file is, by its first bytes.
enum FileKind: Hashable, Sendable {
  case mrc, tiff, gzip, bzip2, png, jpeg, gif, hdf5, zip, tar, xz, zstandard, numpy, pdf, html

  init?(_ bytes: [UInt8]) {
    func starts(_ prefix: [UInt8], at offset: Int = 0) -> Bool {
      bytes.count >= offset + prefix.count && Array(bytes[offset..<offset + prefix.count]) == prefix
    }
    if starts([0x1F, 0x8B]) {
      self = .gzip
    } else if starts(Array("BZh".utf8)), bytes.count > 4, (0x31...0x39).contains(bytes[3]) {
      self = .bzip2
    } else if starts([0x49, 0x49, 42, 0]) || starts([0x4D, 0x4D, 0, 42]) || starts([0x49, 0x49, 43, 0])
      || starts([0x4D, 0x4D, 0, 43])
    {
      self = .tiff
    } else if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if starts([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if starts(Array("GIF8".utf8)) {
      self = .gif
    } else if starts([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .hdf5
    } else if starts([0x50, 0x4B, 3, 4]) {
      self = .zip
    } else if starts(Array("ustar".utf8), at: 257) {
      self = .tar
    } else if starts([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) {
      self = .xz
    } else if starts([0x28, 0xB5, 0x2F, 0xFD]) {
      self = .zstandard
    } else if starts([0x93] + Array("NUMPY".utf8)) {
      self = .numpy
    } else if starts(Array("%PDF".utf8)) {
      self = .pdf
    } else if starts(Array("<!DOCTYPE".utf8)) || starts(Array("<html".utf8)) {
      self = .html
    } else {
      return nil
    }
  }

  /// As in "'x.png' is *a PNG picture*, not a tomogram".
  var phrase: String {
    switch self {
    case .mrc: "an MRC file"
    case .tiff: "a TIFF file"
    case .gzip: "a gzip-compressed file"
    case .bzip2: "a bzip2-compressed file"
    case .png: "a PNG picture"
    case .jpeg: "a JPEG picture"
    case .gif: "a GIF picture"
    case .hdf5: "an HDF5 file"
    case .zip: "a zip archive"
    case .tar: "a tar archive"
    case .xz: "an xz-compressed file (unpack it with 'xz -d')"
    case .zstandard: "a zstd-compressed file (unpack it with 'zstd -d')"
    case .numpy: "a NumPy array"
    case .pdf: "a PDF document"
    case .html: "a web page (perhaps a failed download)"
    }
  }
}
