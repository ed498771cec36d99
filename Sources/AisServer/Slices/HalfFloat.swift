/// Half floats made by whole-number arithmetic: processors without an instruction for them would call a function for each.
enum HalfFloat {
  static let greatest: Float = 65504

  /// The nearest half float, ties to even; finite numbers stay finite, NaN stays NaN.
  @inline(__always)
  static func bits(_ value: Float) -> UInt16 {
    let pattern = value.bitPattern
    let sign = UInt16(truncatingIfNeeded: pattern >> 16) & 0x8000
    let magnitude = pattern & 0x7FFF_FFFF
    // The exponent's bias is 112 less, 13 bits of the fraction are rounded away.
    let normal = (magnitude &- 0x3800_0000 &+ 0x0FFF &+ (magnitude >> 13 & 1)) >> 13
    // Below 2^-14 the spacing is that of Floats between 0.5 and 1: the addition rounds.
    let small = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3F00_0000
    let finite = min(magnitude < 0x3880_0000 ? small : normal, 0x7BFF)
    let infinite: UInt32 = magnitude == 0x7F80_0000 ? 0x7C00 : 0x7E00
    return sign | UInt16(truncatingIfNeeded: magnitude < 0x7F80_0000 ? finite : infinite)
  }
}
