import AisCore

/// The exact median of values that are shown in passes and never held together.
///
/// Floats are counted by bit patterns, mapped so that their order is the order of the numbers: a first pass counts
/// the upper 16 bits, a second the lower 16 bits of the one or two bins that hold the middle. Memory: 1.5 MB.
package enum MedianSearch {
  /// The median, as NumPy: the mean (in Float) of the two middle values when their number is even. Values that are
  /// not finite are passed over; `nil` when nothing is left.
  ///
  /// - Parameter forEachChunk: shows all values, in any order and grouping, each time it is called.
  package static func median(
    _ forEachChunk: (_ visit: (UnsafeBufferPointer<Float>) -> Void) throws(AisError) -> Void
  ) throws(AisError) -> Float? {
    var upper = [Int](repeating: 0, count: 1 << 16)
    try forEachChunk { chunk in
      upper.withUnsafeMutableBufferPointer { bins in
        for value in chunk where value.isFinite { bins[Int(ordinal(value) >> 16)] += 1 }
      }
    }
    let count = upper.reduce(0, +)
    guard count > 0 else { return nil }
    let low = locate(rank: (count - 1) / 2, in: upper)
    let high = locate(rank: count / 2, in: upper)
    var lowBins = [Int](repeating: 0, count: 1 << 16)
    var highBins = [Int](repeating: 0, count: 1 << 16)
    try forEachChunk { chunk in
      lowBins.withUnsafeMutableBufferPointer { lowBins in
        highBins.withUnsafeMutableBufferPointer { highBins in
          for value in chunk where value.isFinite {
            let ordinal = ordinal(value)
            if Int(ordinal >> 16) == low.bin { lowBins[Int(ordinal & 0xFFFF)] += 1 }
            if Int(ordinal >> 16) == high.bin { highBins[Int(ordinal & 0xFFFF)] += 1 }
          }
        }
      }
    }
    let below = value(bin: low.bin, lower: locate(rank: low.rank, in: lowBins).bin)
    let above = value(bin: high.bin, lower: locate(rank: high.rank, in: highBins).bin)
    return below == above ? below : (below + above) / 2
  }

  /// The bin that holds the value of this rank, and its rank within the bin.
  private static func locate(rank: Int, in bins: [Int]) -> (bin: Int, rank: Int) {
    var rest = rank
    for (bin, count) in bins.enumerated() {
      if rest < count { return (bin, rest) }
      rest -= count
    }
    preconditionFailure("a source showed different values on its second pass")
  }

  /// Bit patterns in the order of the numbers: negative ones turned round, positive ones above them.
  private static func ordinal(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
  }

  private static func value(bin: Int, lower: Int) -> Float {
    let ordinal = UInt32(bin) << 16 | UInt32(lower)
    return Float(bitPattern: ordinal & 0x8000_0000 != 0 ? ordinal & 0x7FFF_FFFF : ~ordinal)
  }
}
