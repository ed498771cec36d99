import AisCore
import AisFormats
import AisImaging
import Foundation

extension SliceService {
  /// Most bytes of voxels that are read for a thumbnail.
  private static let thumbnailBytes = 8 << 20
  private static let thumbnailSlices = 3
  private static let thumbnailSides = 16...512

  /// A small picture of the tomogram's middle as PNG, its longer side `size` pixels; row 0 is at the top, as in the viewer.
  ///
  /// It is read once and then kept in the cache's folder. Few are made at a time, after everything else.
  package func thumbnail(of file: SliceFile, size: Int) async throws(AisError) -> [UInt8] {
    guard Self.thumbnailSides.contains(size) else {
      throw AisError(.usage, "a thumbnail has sides of 16 to 512 pixels, not \(size).")
    }
    let path = cachePath("thumbnails", file, "\(size).png")
    return try await documents.value("thumbnail \(file.key) \(file.path) \(size)") { order in
      // Those that lie in the cache must not wait behind those that have to be made.
      reading.submit(.ahead) {
        if let path, let known = Self.cached(path) { return order.finish(.success(known)) }
        self.pictures.submit {
          order.finish(
            Result { () throws(AisError) -> [UInt8] in
              try order.cancellation.check()
              let bytes = try self.makeThumbnail(file, size, order.cancellation)
              if let path { Self.keep(bytes, at: path) }
              return bytes
            })
        }
      }
      return nil
    }
  }

  private func makeThumbnail(
    _ file: SliceFile, _ size: Int, _ cancellation: Cancellation
  ) throws(AisError) -> [UInt8] {
    let source = try files.tomogram(file)
    let shape = source.tomogram.shape
    let slab = min(Self.thumbnailSlices, shape.z)
    let geometry = try SliceGeometry(.xy, index: shape.z / 2, level: 0, slab: slab, of: shape, name: file.path)
    let bytes = slab * shape.sliceCount * source.tomogram.info.elementType.byteCount
    let step = max(1, min(shape.y / min(shape.y, 2 * size), (bytes + Self.thumbnailBytes - 1) / Self.thumbnailBytes))
    let values = try files.read(source) { () throws(AisError) -> [Float] in
      if step == 1 {
        return try SliceRows.read(
          0..<shape.y, of: geometry, from: source.tomogram, threads: 1, cancellation: cancellation)
      }
      var values: [Float] = []
      for y in stride(from: step / 2, to: shape.y, by: step) {
        values += try SliceRows.read(
          y..<y + 1, of: geometry, from: source.tomogram, threads: 1, cancellation: cancellation)
      }
      return values
    }
    return try Self.picture(
      values, height: values.count / shape.x, width: shape.x, aspect: Double(shape.y) / Double(shape.x), size: size)
  }

  /// Grey levels first and then smaller, so that a hot pixel does not spread.
  private static func picture(
    _ values: [Float], height: Int, width: Int, aspect: Double, size: Int
  ) throws(AisError) -> [UInt8] {
    let target = (
      y: max(1, Int((Double(size) * min(1, aspect)).rounded())),
      x: max(1, Int((Double(size) * min(1, 1 / aspect)).rounded()))
    )
    // Binned in between, so that the blur before resampling stays narrow; noise is averaged away, so contrast comes after.
    let small = binned(
      values, height: height, width: width, by: max(1, min(height / (2 * target.y), width / (2 * target.x))))
    let contrast =
      ContrastLimits.automatic(small.values, height: small.height, width: small.width)
      ?? ContrastLimits(low: 0, high: 1)
    let grey = SliceResampler.antialiased(from: (y: small.height, x: small.width), to: target)
      .resampled(small.values.map(contrast.grey))
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * grey.count)
    for level in grey {
      let byte = UInt8(max(0, min(255, level * 255)).rounded())
      pixels += [byte, byte, byte]
    }
    return try PNGEncoder.encode(rgb: pixels, width: target.x, height: target.y)
  }

  private static func binned(
    _ values: [Float], height: Int, width: Int, by factor: Int
  ) -> (values: [Float], height: Int, width: Int) {
    if factor == 1 { return (values, height, width) }
    let (rows, columns) = (height / factor, width / factor)
    var sums = [Float](repeating: 0, count: rows * columns)
    for y in 0..<rows * factor {
      for x in 0..<columns * factor { sums[y / factor * columns + x / factor] += values[y * width + x] }
    }
    let count = Float(factor * factor)
    return (sums.map { $0 / count }, rows, columns)
  }

  /// The place of something that is kept for a file; `nil` where nothing is kept.
  func cachePath(_ kind: String, _ file: SliceFile, _ ending: String) -> String? {
    guard let cacheFolder, file.isWellFormed else { return nil }
    return "\(cacheFolder)/\(kind)/\(file.key)-\(ending)"
  }

  static func cached(_ path: String) -> [UInt8]? {
    guard let bytes = try? RandomAccessFile(path).contents(limit: 4 << 20), !bytes.isEmpty else { return nil }
    return bytes
  }

  /// Keeps a small file. A cache that cannot be written to, on a full disk perhaps, is no reason to refuse a picture.
  static func keep(_ bytes: [UInt8], at path: String) {
    let folder = (path as NSString).deletingLastPathComponent
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try? AtomicFile.write(bytes, to: path)
  }
}
