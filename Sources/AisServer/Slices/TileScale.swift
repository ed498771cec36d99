import AisFormats

/// How values become what is stored in tiles: value = offset + step · stored.
struct TileScale: Hashable, Sendable {
  var offset: Float
  var step: Float

  static let natural = TileScale(offset: 0, step: 1)

  /// The scale at which all values of a type and their binned means lie well in half floats; `nil` when it depends on the
  /// values.
  static func halves(of type: ElementType) -> TileScale? {
    switch type {
    case .uint4, .int8, .uint8, .float16: .natural
    default: nil
    }
  }

  /// A scale for half floats, from a sample of the values.
  ///
  /// Half floats hold 11 bits and reach 65 504. Values are taken as they are when the spacing there is fine beside their spread;
  /// otherwise they are moved to zero and scaled by a power of two, which loses nothing, so that most lie within ±1024.
  static func halves(sample: [Float]) -> TileScale {
    guard let limits = RobustLimits(sample) else { return .natural }
    let spread = limits.high - limits.low
    let greatest = max(abs(limits.low), abs(limits.high))
    if greatest == 0 { return .natural }
    if spread == 0 { return TileScale(offset: limits.low, step: 1) }
    if greatest <= 2 * spread, (0.125...16384).contains(greatest) { return .natural }
    let offset: Float = greatest <= 2 * spread ? 0 : limits.low + spread / 2
    let reach = greatest <= 2 * spread ? greatest : spread / 2
    let exponent = max(-100, min(100, reach.exponent - 9))
    return TileScale(offset: offset, step: Float(sign: .plus, exponent: exponent, significand: 1))
  }

  /// The scale at which bytes hold all values of a type; `nil` when there are too many.
  static func bytes(of type: ElementType) -> TileScale? {
    switch type {
    case .int8: TileScale(offset: -128, step: 1)
    case .uint8, .uint4: TileScale(offset: 0, step: 1)
    default: nil
    }
  }

  /// A scale for bytes: the robust limits of a sample and a quarter of their distance more on either side, as far as there are
  /// values, so that contrast can still be widened a little.
  static func bytes(sample: [Float]) -> TileScale {
    guard let limits = RobustLimits(sample) else { return .natural }
    let margin = (limits.high - limits.low) / 4
    let low = max(limits.least, limits.low - margin)
    let high = min(limits.greatest, limits.high + margin)
    let step = high / 255 - low / 255
    guard step > 0 else { return TileScale(offset: low, step: 1) }
    return TileScale(offset: low, step: step)
  }

  /// Stores a rectangle of values: `rows × columns` from the place `first` on, rows `stride` apart.
  func encoded(
    _ values: UnsafePointer<Float>, stride: Int, rows: Int, columns: Int, as encoding: TileEncoding
  ) -> [UInt8] {
    let count = rows * columns
    return [UInt8](unsafeUninitializedCapacity: count * encoding.byteCount) { buffer, filled in
      let isNatural = self == .natural
      let inverse = 1 / step
      for row in 0..<rows {
        let from = values + row * stride
        switch encoding {
        case .bytes:
          let to = buffer.baseAddress! + row * columns
          for x in 0..<columns {
            let stored = (from[x] - offset) * inverse
            // Comparisons with NaN are false, so that NaN becomes 0.
            to[x] = stored > 0 ? UInt8(truncatingIfNeeded: Int32(min(stored, 255) + 0.5)) : 0
          }
        case .halves:
          let to = UnsafeMutableRawPointer(buffer.baseAddress! + row * columns * 2)
            .bindMemory(to: UInt16.self, capacity: columns)
          if isNatural {
            for x in 0..<columns { to[x] = HalfFloat.bits(from[x]).littleEndian }
          } else {
            for x in 0..<columns { to[x] = HalfFloat.bits((from[x] - offset) * inverse).littleEndian }
          }
        }
      }
      filled = count * encoding.byteCount
    }
  }
}

/// Between which values nearly all of a sample lie: 0.06 % are beyond on either side, as with the automatic contrast.
struct RobustLimits {
  var low: Float
  var high: Float
  var least: Float
  var greatest: Float

  /// `nil` when no value is finite. At most 65 536 values are looked at, evenly spread.
  init?(_ sample: [Float]) {
    let step = max(1, sample.count >> 16)
    var values: [Float] = []
    values.reserveCapacity(sample.count / step + 1)
    for i in stride(from: 0, to: sample.count, by: step) where sample[i].isFinite { values.append(sample[i]) }
    guard !values.isEmpty else { return nil }
    values.sort()
    let last = values.count - 1
    low = values[Int(0.0006 * Double(values.count))]
    high = values[min(last, Int(0.9994 * Double(values.count)))]
    least = values[0]
    greatest = values[last]
  }
}
