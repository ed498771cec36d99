import AisCore

/// Count, extremes, mean and sum of squared deviations of some voxels; parts combine exactly as the whole.
struct SliceStatistics: Sendable, Equatable {
  var count: Int
  var minimum: Double
  var maximum: Double
  var mean: Double
  /// Sum of squared deviations from the mean.
  var squares: Double

  static let none = SliceStatistics(count: 0, minimum: .infinity, maximum: -.infinity, mean: 0, squares: 0)

  var deviation: Double { count == 0 ? 0 : (squares / Double(count)).squareRoot() }

  /// Chan, Golub & LeVeque 1983.
  func combined(with other: SliceStatistics) -> SliceStatistics {
    if count == 0 { return other }
    if other.count == 0 { return self }
    let total = Double(count + other.count)
    let difference = other.mean - mean
    return SliceStatistics(
      count: count + other.count, minimum: min(minimum, other.minimum), maximum: max(maximum, other.maximum),
      mean: mean + difference * Double(other.count) / total,
      squares: squares + other.squares + difference * difference * Double(count) * Double(other.count) / total)
  }
}

/// Numbers to the bytes of a file.
enum VoxelEncoding {
  /// Converts and stores, little-endian.
  static func encode(
    _ values: UnsafeBufferPointer<Float>, as type: ElementType, rounding: MRCOutput.Rounding,
    into bytes: UnsafeMutableRawBufferPointer
  ) {
    switch type {
    case .int8: integers(values, bytes, Int8.self, type, rounding)
    case .uint8: integers(values, bytes, UInt8.self, type, rounding)
    case .int16: integers(values, bytes, Int16.self, type, rounding)
    case .uint16: integers(values, bytes, UInt16.self, type, rounding)
    case .float16:
      let out = bytes.bindMemory(to: UInt16.self)
      // A finite number stays finite: the greatest float16 is 65504.
      for i in values.indices {
        let v = values[i]
        out[i] = Float16(v.isFinite ? max(-65504, min(65504, v)) : v).bitPattern.littleEndian
      }
    case .float32:
      let out = bytes.bindMemory(to: UInt32.self)
      for i in values.indices { out[i] = values[i].bitPattern.littleEndian }
    case .uint4, .int32, .uint32, .float64:
      preconditionFailure("MRC output of \(type) is refused when the writer is made")
    }
  }

  @inline(__always)
  private static func integers<T: FixedWidthInteger>(
    _ values: UnsafeBufferPointer<Float>, _ bytes: UnsafeMutableRawBufferPointer, _: T.Type, _ type: ElementType,
    _ rounding: MRCOutput.Rounding
  ) {
    let out = bytes.bindMemory(to: T.self)
    let low = Float(T.min)
    let high = Float(T.max)
    for i in values.indices {
      let v = values[i]
      let rounded = rounding == .nearest ? nearest(v) : v.rounded(.towardZero)
      // Comparisons with NaN are false, so NaN falls through to 0.
      let cut: Float = rounded >= high ? high : rounded <= low ? low : rounded == rounded ? rounded : 0
      out[i] = T(truncatingIfNeeded: Int32(cut)).littleEndian
    }
  }

  /// The nearest whole number, ties to even. Adding 1.5 · 2²³ leaves no bits for a fraction; without SSE 4.1, which the
  /// oldest processors lack, `rounded` would be a call for each voxel.
  @inline(__always)
  private static func nearest(_ v: Float) -> Float {
    v.magnitude < 0x1p22 ? (v + 0x1.8p23) - 0x1.8p23 : v.rounded(.toNearestOrEven)
  }

  /// Statistics of encoded voxels; voxels that are not finite are left out.
  static func statistics(_ bytes: UnsafeMutableRawBufferPointer, _ type: ElementType) -> SliceStatistics {
    let raw = UnsafeRawBufferPointer(bytes)
    return switch type {
    case .int8: integerStatistics(raw.bindMemory(to: Int8.self))
    case .uint8: integerStatistics(raw.bindMemory(to: UInt8.self))
    case .int16: integerStatistics(raw.bindMemory(to: Int16.self))
    case .uint16: integerStatistics(raw.bindMemory(to: UInt16.self))
    case .float16:
      statistics(raw.bindMemory(to: UInt16.self)) { Double(Float16(bitPattern: UInt16(littleEndian: $0))) }
    default:
      statistics(raw.bindMemory(to: UInt32.self)) { Double(Float(bitPattern: UInt32(littleEndian: $0))) }
    }
  }

  /// Sums of whole numbers are exact: 2³¹ voxels of 16 bits fit 64 bits even when squared.
  @inline(__always)
  private static func integerStatistics<T: FixedWidthInteger>(_ values: UnsafeBufferPointer<T>) -> SliceStatistics {
    guard !values.isEmpty else { return .none }
    precondition(T.bitWidth <= 16 && values.count < 1 << 31, "larger sums might overflow")
    var low = T.max
    var high = T.min
    var sum: Int64 = 0
    var squares: Int64 = 0
    for value in values {
      let number = T(littleEndian: value)
      low = min(low, number)
      high = max(high, number)
      let v = Int64(truncatingIfNeeded: number)
      sum &+= v
      squares &+= v &* v
    }
    let count = values.count
    // Σ(v − mean)² = Σv² − (Σv)²/n, where the difference of large numbers must not be rounded.
    let scaled = Int128(squares) * Int128(count) - Int128(sum) * Int128(sum)
    return SliceStatistics(
      count: count, minimum: Double(low), maximum: Double(high), mean: Double(sum) / Double(count),
      squares: Double(scaled) / Double(count))
  }

  @inline(__always)
  private static func statistics<T>(_ values: UnsafeBufferPointer<T>, _ number: (T) -> Double) -> SliceStatistics {
    var count = 0
    var sum = 0.0
    var low = Double.infinity
    var high = -Double.infinity
    for value in values {
      let v = number(value)
      guard v.isFinite else { continue }
      count += 1
      sum += v
      low = min(low, v)
      high = max(high, v)
    }
    guard count > 0 else { return .none }
    let mean = sum / Double(count)
    var squares = 0.0
    for value in values {
      let v = number(value)
      if v.isFinite { squares += (v - mean) * (v - mean) }
    }
    return SliceStatistics(count: count, minimum: low, maximum: high, mean: mean, squares: squares)
  }
}
