import AisCore
import CCodecs

/// A TIFF stack whose pages have been looked at.
struct TIFFFile {
  var info: TomogramInfo
  var warnings: [TomogramWarning] = []
  var store: any VoxelStore

  /// More pages than any tomogram has; a chain of directories longer than this is an attack.
  private static let mostPages = 65_536

  init(_ file: RandomAccessFile, path: String) throws(AisError) {
    let handle = try TIFFHandle(file, path: path)
    let first = try handle.page()
    if (65_000...65_002).contains(first.compression) { throw .movie(path) }
    let type = try Self.elementType(first, path)
    let width = Int(first.width)
    let height = Int(first.height)
    guard (1...1 << 24).contains(width), (1...1 << 24).contains(height) else {
      throw .tiff(path, "its pages have \(width) × \(height) pixels")
    }
    // Without this a few bytes could ask for petabytes. LZW, deflate and PackBits cannot pack further than this.
    let largestRatio =
      switch first.compression {
      case 1: 1
      case 5, 8, 32773, 32946: 1 << 12
      default: 1 << 16
      }
    guard width * height * type.byteCount / largestRatio <= file.byteCount else {
      throw AisError(
        .truncated,
        "'\(path)' is truncated: its pages have \(width) × \(height) pixels of \(first.bits) bits, but the file only \(file.byteCount) bytes. Copy the file again."
      )
    }
    let scale = TIFFScale(first, description: handle.description())

    var pages = [first.offset]
    while try handle.advance() {
      let page = try handle.page()
      guard page.width == first.width, page.height == first.height, page.bits == first.bits,
        page.format == first.format, page.samples == first.samples
      else {
        throw AisError(
          .unsupported,
          "'\(path)' is not a stack: page 1 has \(width) × \(height) pixels of \(first.bits) bits, page \(pages.count + 1) has "
            + "\(page.width) × \(page.height) of \(page.bits) bits. Save the slices alone.")
      }
      pages.append(page.offset)
      guard pages.count <= Self.mostPages else {
        throw AisError(.limitExceeded, "'\(path)' has more than \(Self.mostPages) pages.")
      }
    }
    let order: ByteOrder = first.is_big_endian != 0 ? .bigEndian : .littleEndian
    let sectionBytes = width * height * type.byteCount
    var shape = Shape(z: pages.count, y: height, x: width)

    // ImageJ writes large stacks as one page whose pixels are followed by those of the other slices.
    if pages.count == 1, let images = scale.imageJImages, images > 1, first.is_contiguous != 0,
      (2...Self.mostPages).contains(images), first.first_byte < UInt64(file.byteCount),
      images <= (file.byteCount - Int(first.first_byte)) / sectionBytes
    {
      shape.z = images
      store = MRCStore(
        file: file, dataOffset: Int(first.first_byte), shape: shape, storedType: type, order: order)
    } else {
      if let images = scale.imageJImages, images > pages.count {
        warnings.append(
          TomogramWarning(
            .pagesDiffer, "ImageJ's description promises \(images) slices, the file holds \(pages.count)."))
      }
      store = TIFFStore(handle, path: path, pages: pages, shape: shape, elementType: type)
    }

    info = TomogramInfo(
      path: path, format: .tiff, fileByteCount: file.byteCount, modified: file.modified, storedShape: shape,
      shape: shape, elementType: type, byteOrder: order, byteOrderReason: "the file's first two letters",
      voxelSize: scale.voxelSize, compression: Self.compressionName(first.compression))
    if scale.voxelSize.x == nil || scale.voxelSize.y == nil {
      warnings.append(
        TomogramWarning(
          .voxelSizeUnknown, "the voxel size is unknown: the file does not say it. Give it with --voxel-size."))
    } else if scale.voxelSize.z == nil {
      warnings.append(
        TomogramWarning(
          .voxelSizePartlyUnknown, "the distance of the slices is unknown; it is taken to be as the pixel size along x."
        ))
    }
  }

  private static func elementType(_ page: ccodecs_tiff_page, _ path: String) throws(AisError) -> ElementType {
    guard page.samples == 1, page.photometric != 3 else {
      throw AisError(
        .unsupported,
        "'\(path)' is a colour picture (\(page.samples) values a pixel), not a tomogram. Save it as greyscale.")
    }
    switch (page.format, page.bits) {
    case (1, 8), (4, 8): return .uint8
    case (2, 8): return .int8
    case (1, 16), (4, 16): return .uint16
    case (2, 16): return .int16
    case (1, 32), (4, 32): return .uint32
    case (2, 32): return .int32
    case (3, 16): return .float16
    case (3, 32): return .float32
    case (3, 64): return .float64
    default:
      throw AisError(
        .unsupported,
        "'\(path)' has pixels of \(page.bits) bits (sample format \(page.format)); integers of 8, 16 and 32 bits and floating-point numbers can be read."
      )
    }
  }

  private static func compressionName(_ code: UInt16) -> String? {
    switch code {
    case 1: nil
    case 5: "lzw"
    case 7: "jpeg"
    case 8, 32946: "deflate"
    case 32773: "packbits"
    case 34925: "lzma"
    case 50000: "zstd"
    default: "compression \(code)"
    }
  }
}
