import AisCore

extension LocalMaxima {
  /// The voxels that are the highest of the cube of half-width `halfWidth` around them, highest first; equal ones in scan order.
  ///
  /// Of equal ones nearer than `halfWidth` (largest difference on an axis) the first in scan order stays, so that a plateau
  /// may keep several. The lowest value of the volume is never a maximum. As `skimage.feature.peak_local_max` with
  /// `min_distance`, whose default also leaves out what lies less than `halfWidth` from a face. NaN counts as −∞.
  ///
  /// Streams: memory is 4 bytes a voxel for 2·`halfWidth` + 1 slices and a few more.
  ///
  /// - Parameters:
  ///   - lowest: the lowest value of the volume (0 for distances) when it is known, which saves a pass.
  ///   - progress: called on this thread with the fraction done, 0…1.
  package static func chebyshev(
    of source: any SliceSource, halfWidth: Int, excludesBorder: Bool = true, lowest: Float? = nil, threads: Int = 1,
    cancellation: Cancellation? = nil, progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> [LocalMaximum] {
    precondition(halfWidth >= 1, "a cube has a half-width of at least 1, not \(halfWidth)")
    let shape = source.shape
    guard shape.count > 0 else { return [] }
    var floor = lowest ?? .infinity
    if lowest == nil {
      for z in 0..<shape.z {
        try cancellation?.check()
        for value in try source.slice(z) { floor = min(floor, value.isNaN ? -.infinity : value) }
      }
    }
    let margin = excludesBorder ? halfWidth : 0
    let rows = margin..<max(margin, shape.y - margin)
    let columns = margin..<max(margin, shape.x - margin)
    var found: [LocalMaximum] = []
    var window: [Int: SliceMaxima] = [:]
    var next = 0
    for z in 0..<shape.z {
      let last = min(z + halfWidth, shape.z - 1)
      if next <= last {
        let end = min(shape.z, max(last + 1, next + 2 * max(1, threads)))
        for slice in try read(
          source, next..<end, halfWidth: halfWidth, floor: floor, threads: threads, cancellation: cancellation)
        {
          window[slice.z] = slice
        }
        next = end
      }
      if z >= margin && z < shape.z - margin {
        let around = (max(0, z - halfWidth)...last).map { window[$0]! }
        for candidate in window[z]!.candidates {
          let (y, x) = candidate.index.quotientAndRemainder(dividingBy: shape.x)
          if rows.contains(y), columns.contains(x),
            around.allSatisfy({ !($0.highest(at: candidate.index) > candidate.value) })
          {
            found.append(LocalMaximum(voxel: VoxelIndex(z: z, y: y, x: x), value: candidate.value))
          }
        }
      }
      window[z - halfWidth] = nil
      progress(Double(z + 1) / Double(shape.z))
    }
    return spaced(found, distance: Double(halfWidth), metric: .chebyshev)
  }

  private static func read(
    _ source: any SliceSource, _ slices: Range<Int>, halfWidth: Int, floor: Float, threads: Int,
    cancellation: Cancellation?
  ) throws(AisError) -> [SliceMaxima] {
    var results = [Result<SliceMaxima, AisError>?](repeating: nil, count: slices.count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each element is written by the one thread that has its item.
      nonisolated(unsafe) let results = buffer
      Slabs.forEachItem(count: slices.count, threads: threads) { item in
        results[item] = Result { () throws(AisError) in
          try cancellation?.check()
          return try SliceMaxima(source, z: slices.lowerBound + item, halfWidth: halfWidth, floor: floor)
        }
      }
    }
    var maxima: [SliceMaxima] = []
    for result in results { maxima.append(try result!.get()) }
    return maxima
  }
}

/// One slice's share in the search for the highest voxel of a cube.
private struct SliceMaxima: Sendable {
  let z: Int
  /// Voxels above the floor that are the highest of the square around them.
  private(set) var candidates: [(index: Int, value: Float)] = []
  /// The highest value of the square around each voxel; empty in a slice of one value.
  private var squares: [Float] = []
  private let first: Float

  func highest(at index: Int) -> Float { squares.isEmpty ? first : squares[index] }

  init(_ source: any SliceSource, z: Int, halfWidth: Int, floor: Float) throws(AisError) {
    self.z = z
    var values = try source.slice(z)
    let (height, width) = (source.shape.y, source.shape.x)
    for i in values.indices where values[i].isNaN { values[i] = -.infinity }
    first = values[0]
    if values.allSatisfy({ $0 == values[0] }) {
      if first > floor { candidates = values.indices.map { ($0, values[$0]) } }
      return
    }
    squares = values
    let filter = RunningMaximum(count: max(height, width), halfWidth: halfWidth)
    squares.withUnsafeMutableBufferPointer { buffer in
      let start = buffer.baseAddress!
      for y in 0..<height { filter.apply(start + y * width, count: width, stride: 1) }
      for x in 0..<width { filter.apply(start + x, count: height, stride: width) }
    }
    for i in values.indices where values[i] == squares[i] && values[i] > floor { candidates.append((i, values[i])) }
  }
}

/// The highest value within `halfWidth` of each value of a line: van Herk (1992), Gil & Werman (1993), three comparisons a value
/// whatever the width. Owns scratch memory for one thread.
private final class RunningMaximum {
  private let halfWidth: Int
  private let forward: UnsafeMutablePointer<Float>
  private let backward: UnsafeMutablePointer<Float>

  init(count: Int, halfWidth: Int) {
    self.halfWidth = halfWidth
    forward = .allocate(capacity: count)
    backward = .allocate(capacity: count)
  }

  deinit {
    forward.deallocate()
    backward.deallocate()
  }

  func apply(_ line: UnsafeMutablePointer<Float>, count: Int, stride step: Int) {
    // Maxima from the start and from the end of stretches as long as the window: every window spans at most two.
    let width = min(2 * halfWidth + 1, count)
    var highest = -Float.infinity
    for i in 0..<count {
      let value = line[i * step]
      highest = i % width == 0 ? value : max(highest, value)
      forward[i] = highest
    }
    for i in stride(from: count - 1, through: 0, by: -1) {
      let value = line[i * step]
      highest = (i + 1) % width == 0 ? value : max(i == count - 1 ? value : highest, value)
      backward[i] = highest
    }
    for i in 0..<count {
      let (from, to) = (max(0, i - halfWidth), min(count - 1, i + halfWidth))
      if from / width != to / width {
        line[i * step] = max(backward[from], forward[to])
      } else {
        // Within one stretch the window begins or ends with it, also where the line's end cuts it short.
        line[i * step] = from % width == 0 ? forward[to] : backward[from]
      }
    }
  }
}
