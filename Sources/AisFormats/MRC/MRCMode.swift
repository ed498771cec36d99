import AisCore

/// The voxel type of an MRC file, by its number in the header.
package enum MRCMode {
  /// How the voxels of `mode` are stored, or `nil` when the program does not read that mode.
  /// Mode 0 is given as `int8`; whether its bytes are unsigned is decided apart (`MRCByteSign`).
  package static func elementType(_ mode: Int) -> ElementType? {
    switch mode {
    case 0: .int8
    case 1: .int16
    case 2: .float32
    case 6: .uint16
    case 12: .float16
    case 101: .uint4
    default: nil
    }
  }

  /// Bytes a voxel takes, also for modes that are known and refused; used to judge whether a header is plausible.
  static func bitCount(_ mode: Int) -> Int? {
    switch mode {
    case 3: 32
    case 4: 64
    case 16: 24
    default: elementType(mode)?.bitCount
    }
  }

  /// Why a mode is refused: a sentence part.
  static func refusal(_ mode: Int) -> String {
    switch mode {
    case 3, 4: "holds complex numbers (mode \(mode), a Fourier transform), not a tomogram. Transform it back first."
    case 16: "holds colours (mode 16), not a tomogram."
    default: "has voxels of mode \(mode); the modes 0, 1, 2, 6, 12 and 101 can be read."
    }
  }

  /// The mode that stores `type`, or `nil` when MRC has none.
  package static func mode(of type: ElementType) -> Int? {
    switch type {
    case .int8: 0
    case .int16: 1
    case .float32: 2
    case .uint16: 6
    case .float16: 12
    case .uint8: 0
    default: nil
    }
  }
}
