/// Finds runs in a row of values, and contacts between the runs of two rows.
enum RunScanner {
  /// Calls `body` with the first index and the one after the last of each stretch of values above the threshold; NaN never is.
  @inline(__always)
  static func forEachRun(
    in row: UnsafeBufferPointer<Float>, above threshold: Float, _ body: (_ lower: Int, _ upper: Int) -> Void
  ) {
    let count = row.count
    guard let values = row.baseAddress else { return }
    let block = 32
    var start = -1
    var i = 0
    while i < count {
      // Most blocks lie wholly inside or outside: count without branches, which the compiler turns into vectors.
      if i + block <= count {
        var above: Int32 = 0
        for j in i..<i + block { above &+= values[j] > threshold ? 1 : 0 }
        if above == (start < 0 ? 0 : Int32(block)) {
          i += block
          continue
        }
      }
      let end = min(i + block, count)
      while i < end {
        if values[i] > threshold {
          if start < 0 { start = i }
        } else if start >= 0 {
          body(start, i)
          start = -1
        }
        i += 1
      }
    }
    if start >= 0 { body(start, count) }
  }

  /// Calls `body` with the indices of every pair of runs, one of each row, that overlap or are at most `reach` voxels short
  /// of it. The runs of each row are in order and apart.
  @inline(__always)
  static func forEachContact(
    _ count: Int, _ run: (Int) -> VoxelRun, _ otherCount: Int, _ other: (Int) -> VoxelRun, reach: Int32,
    _ body: (_ index: Int, _ otherIndex: Int) -> Void
  ) {
    var (i, j) = (0, 0)
    while i < count && j < otherCount {
      let (a, b) = (run(i), other(j))
      if a.upper + reach <= b.lower {
        i += 1
      } else if b.upper + reach <= a.lower {
        j += 1
      } else {
        body(i, j)
        // The one that ends first touches nothing further on: the next run begins at least one voxel after the end of the
        // other one, two after its own.
        if a.upper < b.upper { i += 1 } else { j += 1 }
      }
    }
  }
}
