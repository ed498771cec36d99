/// How a voxel is stored in a file.
package enum ElementType: String, Sendable, Hashable, CaseIterable {
  /// Two voxels a byte, 0…15 (MRC mode 101).
  case uint4
  case int8
  case uint8
  case int16
  case uint16
  case int32
  case uint32
  case float16
  case float32
  case float64

  /// Bits a voxel takes in the file.
  package var bitCount: Int {
    switch self {
    case .uint4: 4
    case .int8, .uint8: 8
    case .int16, .uint16, .float16: 16
    case .int32, .uint32, .float32: 32
    case .float64: 64
    }
  }

  /// Bytes a voxel takes in memory once unpacked.
  package var byteCount: Int { max(1, bitCount / 8) }

  /// Bytes of a row of `count` voxels in the file: 4-bit rows are filled up to whole bytes.
  package func rowByteCount(_ count: Int) -> Int { (count * bitCount + 7) / 8 }

  package var isInteger: Bool { self != .float16 && self != .float32 && self != .float64 }

  /// The least and greatest value it can hold; `nil` for floating-point types.
  package var range: ClosedRange<Float>? {
    switch self {
    case .uint4: 0...15
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .uint16: 0...65535
    case .int32: -2_147_483_648...2_147_483_520
    case .uint32: 0...4_294_967_040
    case .float16, .float32, .float64: nil
    }
  }
}
