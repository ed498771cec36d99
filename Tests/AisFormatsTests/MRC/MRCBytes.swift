import AisCore
import AisFormats
import Foundation

/// MRC files made byte by byte, independent of our writer.
struct MRCBytes {
  var order: ByteOrder = .littleEndian
  var header = MRCHeader()
  var extended: [UInt8] = []
  var voxels: [UInt8] = []

  /// A file of `shape` with the given voxel bytes (in the file's byte order already).
  init(_ shape: Shape, mode: Int, order: ByteOrder = .littleEndian, voxels: [UInt8] = []) {
    self.order = order
    self.voxels = voxels
    header.size = .init(shape.x, shape.y, shape.z)
    header.sampling = header.size
    header.cell = .init(Float(shape.x) * 10, Float(shape.y) * 10, Float(shape.z) * 10)
    header.mode = mode
    header.minimum = 0
    header.maximum = -1
    if order == .bigEndian { header.machineStamp = [0x11, 0x11, 0, 0] }
  }

  /// Numbers as bytes of an integer type in this file's order.
  static func bytes<T: FixedWidthInteger>(_ values: [T], _ order: ByteOrder) -> [UInt8] {
    values.flatMap { value in
      withUnsafeBytes(of: order == .littleEndian ? value.littleEndian : value.bigEndian) { Array($0) }
    }
  }

  var bytes: [UInt8] {
    var header = header
    if header.extendedByteCount == 0 { header.extendedByteCount = extended.count }
    var bytes = header.encoded()
    if order == .bigEndian {
      // Every word but the texts: the extended type, 'MAP ' with the stamp, and the labels.
      for word in stride(from: 0, to: 224, by: 4) where word != 104 && word != 208 && word != 212 {
        bytes[word..<word + 4].reverse()
      }
    }
    return bytes + extended + voxels
  }

  func write(_ path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }
}
