/// The step of the distance transform along one axis: g(p) = min over q of f(q) + (spacing · (p − q))².
///
/// Owns scratch memory for one thread.
final class LowerEnvelope {
  private let length: Int
  private let square: Double
  /// Lines are worked on side by side: neighbours in memory share cache lines.
  private let lanes = 16
  private let block: UnsafeMutablePointer<Float>
  /// The parabolas of the envelope: where their vertices are, how high, and from where on each is the lowest.
  private let vertex: UnsafeMutablePointer<Int>
  private let height: UnsafeMutablePointer<Double>
  private let start: UnsafeMutablePointer<Double>

  init(length: Int, spacing: Double) {
    self.length = length
    square = spacing * spacing
    block = .allocate(capacity: length * lanes)
    vertex = .allocate(capacity: length)
    height = .allocate(capacity: length)
    start = .allocate(capacity: length + 1)
  }

  deinit {
    block.deallocate()
    vertex.deallocate()
    height.deallocate()
    start.deallocate()
  }

  /// Transforms `lines` lines in place, whose first values are neighbours and whose steps are `stride`.
  func transform(_ values: UnsafeMutablePointer<Float>, lines: Int, stride: Int) {
    var first = 0
    while first < lines {
      let width = min(lanes, lines - first)
      let corner = values + first
      var isEmpty = true
      for i in 0..<length {
        var sum: Float = 0
        for lane in 0..<width {
          let value = corner[i * stride + lane]
          block[lane * length + i] = value
          sum += value
        }
        if sum > 0 { isEmpty = false }
      }
      if !isEmpty {
        for lane in 0..<width { transform(block + lane * length) }
        for i in 0..<length {
          for lane in 0..<width { corner[i * stride + lane] = block[lane * length + i] }
        }
      }
      first += width
    }
  }

  /// Transforms one line. Zeros part it into stretches that know nothing of each other, since no parabola from beyond a
  /// zero lies below that zero's own.
  private func transform(_ line: UnsafeMutablePointer<Float>) {
    var i = 0
    while i < length {
      if line[i] == 0 {
        i += 1
        continue
      }
      let lower = i
      while i < length && line[i] != 0 { i += 1 }
      transform(line, from: max(0, lower - 1), to: min(length, i + 1))
    }
  }

  private func transform(_ line: UnsafeMutablePointer<Float>, from lower: Int, to upper: Int) {
    var count = 0
    for q in lower..<upper where line[q] < .infinity {
      let value = Double(line[q])
      var crossing = -Double.infinity
      while count > 0 {
        // Where the parabola of q comes below the last one of the envelope; relative to the last vertex.
        let v = vertex[count - 1]
        let step = Double(q - v)
        crossing = Double(v) + ((value - height[count - 1]) / (square * step) + step) / 2
        if crossing > start[count - 1] { break }
        count -= 1
        crossing = -Double.infinity
      }
      vertex[count] = q
      height[count] = value
      start[count] = crossing
      count += 1
    }
    guard count > 0 else { return }
    start[count] = .infinity
    var k = 0
    for p in lower..<upper {
      while start[k + 1] < Double(p) { k += 1 }
      let step = Double(p - vertex[k])
      line[p] = Float(step * step * square + height[k])
    }
  }
}
