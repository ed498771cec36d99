import AisCore
import AisFormats
import AisImaging
import Synchronization

/// Gives boxes of voxels: a tomogram's file, or its bricks.
package protocol VoxelBoxes: Sendable {
  /// Reads `box.shape.count` values in the order z, y, x.
  func read(
    _ box: VoxelBox, into destination: UnsafeMutableBufferPointer<Float>, cancellation: Cancellation?
  ) throws(AisError)
}

extension Tomogram: VoxelBoxes {}

/// Reads rows of a slice at its level.
///
/// Sums are in Double; NaN and infinite values spread to the voxels that they are a part of.
enum SliceRows {
  /// Most values read at once by a thread, where a row of blocks has no more.
  private static let valuesAtOnce = 1 << 18

  /// Rows of a slice, `rows.count × geometry.width` values.
  static func read(
    _ rows: Range<Int>, of geometry: SliceGeometry, from source: any VoxelBoxes, threads: Int,
    cancellation: Cancellation?
  ) throws(AisError) -> [Float] {
    let width = geometry.width
    let failure = Mutex<AisError?>(nil)
    let values = [Float](unsafeUninitializedCapacity: rows.count * width) { buffer, count in
      nonisolated(unsafe) let result = buffer.baseAddress!
      let valuesInRow = geometry.fullWidth * geometry.factor
      let rowsAtOnce = max(1, valuesAtOnce / max(1, valuesInRow))
      let pieces = (rows.count + rowsAtOnce - 1) / rowsAtOnce
      Slabs.forEachItem(count: pieces, threads: threads) { piece in
        if failure.withLock({ $0 != nil }) { return }
        let first = rows.lowerBound + piece * rowsAtOnce
        let part = first..<min(first + rowsAtOnce, rows.upperBound)
        let target = UnsafeMutableBufferPointer(
          start: result + (first - rows.lowerBound) * width, count: part.count * width)
        do throws(AisError) {
          try readPiece(part, of: geometry, from: source, into: target, cancellation)
        } catch {
          failure.withLock { $0 = $0 ?? error }
        }
      }
      count = failure.withLock { $0 == nil } ? rows.count * width : 0
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return values
  }

  private static func readPiece(
    _ rows: Range<Int>, of geometry: SliceGeometry, from source: any VoxelBoxes,
    into target: UnsafeMutableBufferPointer<Float>, _ cancellation: Cancellation?
  ) throws(AisError) {
    let depths = geometry.depths
    let full = geometry.fullRows(rows)
    if geometry.factor == 1, depths.count == 1 {
      return try source.read(geometry.box(depths: depths, rows: full), into: target, cancellation: cancellation)
    }
    // Along x all slices of a slab lie side by side in the file; along the others they are far apart.
    let isInterleaved = geometry.plane == .yz
    let depthsAtOnce = isInterleaved ? depths.count : 1
    let scratch = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: full.count * geometry.fullWidth * depthsAtOnce)
    defer { scratch.deallocate() }
    var sums = [Double](repeating: 0, count: target.count)
    for depth in stride(from: depths.lowerBound, to: depths.upperBound, by: depthsAtOnce) {
      try cancellation?.check()
      let box = geometry.box(depths: depth..<depth + depthsAtOnce, rows: full)
      try source.read(box, into: scratch, cancellation: cancellation)
      add(scratch, columnStride: depthsAtOnce, geometry, &sums)
    }
    divide(&sums, rows, geometry, into: target)
  }

  /// Adds rows at level 0 (values of one place `columnStride` side by side) to the sums of blocks.
  private static func add(
    _ values: UnsafeMutableBufferPointer<Float>, columnStride: Int, _ geometry: SliceGeometry, _ sums: inout [Double]
  ) {
    let (width, factor) = (geometry.width, geometry.factor)
    let valuesInRow = geometry.fullWidth * columnStride
    let valuesInBlock = factor * columnStride
    let wholeBlocks = valuesInRow / valuesInBlock
    sums.withUnsafeMutableBufferPointer { sums in
      for row in 0..<values.count / valuesInRow {
        let from = values.baseAddress! + row * valuesInRow
        let sum = sums.baseAddress! + row / factor * width
        if valuesInBlock == 1 {
          for x in 0..<width { sum[x] += Double(from[x]) }
          continue
        }
        if valuesInBlock == 2 {
          for x in 0..<wholeBlocks { sum[x] += Double(from[2 * x]) + Double(from[2 * x + 1]) }
        } else {
          for x in 0..<wholeBlocks {
            var block = 0.0
            for i in x * valuesInBlock..<(x + 1) * valuesInBlock { block += Double(from[i]) }
            sum[x] += block
          }
        }
        for i in wholeBlocks * valuesInBlock..<valuesInRow { sum[wholeBlocks] += Double(from[i]) }
      }
    }
  }

  /// Blocks at the far edges have fewer values.
  private static func divide(
    _ sums: inout [Double], _ rows: Range<Int>, _ geometry: SliceGeometry,
    into target: UnsafeMutableBufferPointer<Float>
  ) {
    let (width, factor) = (geometry.width, geometry.factor)
    let wholeBlocks = geometry.fullWidth / factor
    for (i, row) in rows.enumerated() {
      let valuesDown = geometry.fullRows(row..<row + 1).count * geometry.depths.count
      let whole = Double(valuesDown * factor)
      for x in 0..<wholeBlocks { target[i * width + x] = Float(sums[i * width + x] / whole) }
      if wholeBlocks < width {
        let rest = Double(valuesDown * (geometry.fullWidth - wholeBlocks * factor))
        target[i * width + wholeBlocks] = Float(sums[i * width + wholeBlocks] / rest)
      }
    }
  }
}
