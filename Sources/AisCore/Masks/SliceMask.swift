/// Which pixels of a slice, or of a rectangle of one, are painted: one bit a pixel, `[y][x]`, x fastest.
package struct SliceMask: Hashable, Sendable {
  package let height: Int
  package let width: Int
  /// Pixel `y * width + x` is bit `i & 63` of word `i >> 6`; bits behind the last pixel are 0.
  package private(set) var words: [UInt64]

  /// An empty mask.
  package init(height: Int, width: Int) {
    precondition(height >= 0 && width >= 0, "a mask of \(width) × \(height) pixels")
    self.height = height
    self.width = width
    words = Array(repeating: 0, count: (height * width + 63) >> 6)
  }

  package var pixelCount: Int { height * width }
  /// How many pixels are painted.
  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
  package var isEmpty: Bool { !words.contains { $0 != 0 } }
  /// The whole mask, as a rectangle of itself.
  package var bounds: PixelRectangle { PixelRectangle(y: 0, x: 0, height: height, width: width) }

  package subscript(y y: Int, x x: Int) -> Bool {
    get { self[y * width + x] }
    set { self[y * width + x] = newValue }
  }

  /// The pixel of an index in the order of rows.
  package subscript(index: Int) -> Bool {
    get {
      precondition(index >= 0 && index < pixelCount, "pixel \(index) of \(pixelCount)")
      return words[index >> 6] >> UInt64(index & 63) & 1 == 1
    }
    set {
      precondition(index >= 0 && index < pixelCount, "pixel \(index) of \(pixelCount)")
      let bit = UInt64(1) << UInt64(index & 63)
      if newValue { words[index >> 6] |= bit } else { words[index >> 6] &= ~bit }
    }
  }

  /// Paints (or clears) pixels that follow each other in the order of rows.
  package mutating func set(_ run: Range<Int>, to value: Bool = true) {
    precondition(run.lowerBound >= 0 && run.upperBound <= pixelCount, "pixels \(run) of \(pixelCount)")
    var index = run.lowerBound
    while index < run.upperBound {
      let bit = index & 63
      let taken = min(64 - bit, run.upperBound - index)
      let bits = (taken == 64 ? UInt64.max : (1 << UInt64(taken)) - 1) << UInt64(bit)
      if value { words[index >> 6] |= bits } else { words[index >> 6] &= ~bits }
      index += taken
    }
  }

  /// The painted pixels as runs in the order of rows, rising, none touching the next. A run may go over the end of a row.
  package var runs: [Range<Int>] {
    var result: [Range<Int>] = []
    var index = 0
    while let start = next(from: index, value: true) {
      let end = next(from: start, value: false) ?? pixelCount
      result.append(start..<end)
      index = end
    }
    return result
  }

  /// The first pixel from `index` on that is painted or not, as asked.
  private func next(from index: Int, value: Bool) -> Int? {
    guard index < pixelCount else { return nil }
    var word = index >> 6
    var bits = (value ? words[word] : ~words[word]) & (UInt64.max << UInt64(index & 63))
    while bits == 0 {
      word += 1
      guard word < words.count else { return nil }
      bits = value ? words[word] : ~words[word]
    }
    let found = word << 6 + bits.trailingZeroBitCount
    return found < pixelCount ? found : nil
  }

  /// The pixels of a rectangle inside this mask.
  package func cropped(to rectangle: PixelRectangle) -> SliceMask {
    precondition(bounds.contains(rectangle), "\(rectangle) lies outside of \(width) × \(height) pixels")
    if rectangle == bounds { return self }
    var result = SliceMask(height: rectangle.height, width: rectangle.width)
    for row in 0..<rectangle.height {
      let start = (rectangle.y + row) * width + rectangle.x
      var index = start
      let end = start + rectangle.width
      while let from = next(from: index, value: true), from < end {
        let to = min(next(from: from, value: false) ?? end, end)
        result.set(row * rectangle.width + from - start..<row * rectangle.width + to - start)
        index = to
        if index >= end { break }
      }
    }
    return result
  }

  /// Paints (or clears) here what is painted in `other`, whose first pixel lies at `rectangle`'s first.
  package mutating func set(_ other: SliceMask, at rectangle: PixelRectangle, to value: Bool = true) {
    precondition(
      other.height == rectangle.height && other.width == rectangle.width && bounds.contains(rectangle),
      "\(rectangle) does not fit \(width) × \(height) pixels")
    for run in other.runs {
      var index = run.lowerBound
      while index < run.upperBound {
        let row = index / rectangle.width
        let end = min(run.upperBound, (row + 1) * rectangle.width)
        let offset = (rectangle.y + row) * width + rectangle.x - row * rectangle.width
        set(offset + index..<offset + end, to: value)
        index = end
      }
    }
  }

  /// Pixels painted in both.
  package func intersection(_ other: SliceMask) -> SliceMask { combined(other) { $0 & $1 } }
  /// Pixels painted in either.
  package func union(_ other: SliceMask) -> SliceMask { combined(other) { $0 | $1 } }
  /// Pixels painted here and not in `other`.
  package func subtracting(_ other: SliceMask) -> SliceMask { combined(other) { $0 & ~$1 } }

  /// Pixels that are not painted.
  package var inverted: SliceMask {
    var result = SliceMask(height: height, width: width)
    result.set(0..<pixelCount)
    return result.subtracting(self)
  }

  private func combined(_ other: SliceMask, _ body: (UInt64, UInt64) -> UInt64) -> SliceMask {
    precondition(
      height == other.height && width == other.width,
      "masks of \(width) × \(height) and \(other.width) × \(other.height) pixels")
    var result = self
    for index in words.indices { result.words[index] = body(words[index], other.words[index]) }
    return result
  }

  /// The smallest rectangle that holds every painted pixel, or `nil` when none is.
  package var paintedBounds: PixelRectangle? {
    var top = Int.max
    var bottom = -1
    var left = Int.max
    var right = -1
    for run in runs {
      let first = run.lowerBound / width
      let last = (run.upperBound - 1) / width
      top = min(top, first)
      bottom = max(bottom, last)
      if first == last {
        left = min(left, run.lowerBound - first * width)
        right = max(right, run.upperBound - 1 - last * width)
      } else {
        left = 0
        right = width - 1
      }
    }
    guard bottom >= 0 else { return nil }
    return PixelRectangle(y: top, x: left, height: bottom - top + 1, width: right - left + 1)
  }
}
