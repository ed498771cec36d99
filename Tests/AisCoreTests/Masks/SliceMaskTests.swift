import AisCore
import Testing

@Suite("SliceMask")
struct SliceMaskTests {
  /// A mask, and the same pixels as a plain array.
  private func random(
    _ height: Int, _ width: Int, density: Double, using random: inout SeededGenerator
  ) -> (SliceMask, [Bool]) {
    var mask = SliceMask(height: height, width: width)
    var plain = [Bool](repeating: false, count: height * width)
    for index in plain.indices where Double.random(in: 0..<1, using: &random) < density {
      mask[index] = true
      plain[index] = true
    }
    return (mask, plain)
  }

  private func plain(_ mask: SliceMask) -> [Bool] { (0..<mask.pixelCount).map { mask[$0] } }

  @Test(
    "counts, runs and combinations agree with plain arrays",
    arguments: [(1, 1), (1, 64), (3, 21), (8, 8), (13, 70), (5, 128)])
  func plainArrays(height: Int, width: Int) {
    var generator = SeededGenerator(seed: UInt64(height * 1000 + width))
    for density in [0, 0.05, 0.5, 0.95, 1] {
      let (a, x) = random(height, width, density: density, using: &generator)
      let (b, y) = random(height, width, density: 0.5, using: &generator)
      #expect(a.count == x.filter { $0 }.count)
      #expect(a.isEmpty == !x.contains(true))
      var rebuilt = SliceMask(height: height, width: width)
      for run in a.runs { rebuilt.set(run) }
      #expect(rebuilt == a)
      #expect(zip(a.runs, a.runs.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
      #expect(plain(a.union(b)) == zip(x, y).map { $0 || $1 })
      #expect(plain(a.intersection(b)) == zip(x, y).map { $0 && $1 })
      #expect(plain(a.subtracting(b)) == zip(x, y).map { $0 && !$1 })
      #expect(plain(a.inverted) == x.map { !$0 })
      #expect(a.inverted.inverted == a)
    }
  }

  @Test("cropping and setting rectangles agree with plain loops")
  func rectangles() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      let height = Int.random(in: 1...20, using: &generator)
      let width = Int.random(in: 1...90, using: &generator)
      let (mask, pixels) = random(height, width, density: 0.4, using: &generator)
      let y = Int.random(in: 0..<height, using: &generator)
      let x = Int.random(in: 0..<width, using: &generator)
      let box = PixelRectangle(
        y: y, x: x, height: Int.random(in: 1...height - y, using: &generator),
        width: Int.random(in: 1...width - x, using: &generator))
      let part = mask.cropped(to: box)
      for row in 0..<box.height {
        for column in 0..<box.width {
          #expect(part[y: row, x: column] == pixels[(box.y + row) * width + box.x + column])
        }
      }
      let (other, _) = random(box.height, box.width, density: 0.5, using: &generator)
      var painted = mask
      painted.set(other, at: box)
      var cleared = mask
      cleared.set(other, at: box, to: false)
      for row in 0..<height {
        for column in 0..<width {
          let isInside =
            box.contains(PixelRectangle(y: row, x: column, height: 1, width: 1))
            && other[y: row - box.y, x: column - box.x]
          #expect(painted[y: row, x: column] == (mask[y: row, x: column] || isInside))
          #expect(cleared[y: row, x: column] == (mask[y: row, x: column] && !isInside))
        }
      }
      if let bounds = mask.paintedBounds {
        #expect(mask.cropped(to: bounds).count == mask.count)
        let rows = (0..<height).filter { row in pixels[row * width..<(row + 1) * width].contains(true) }
        #expect(bounds.y == rows.first && bounds.y + bounds.height == rows.last! + 1)
        let columns = (0..<width).filter { column in (0..<height).contains { pixels[$0 * width + column] } }
        #expect(bounds.x <= columns.first! && bounds.x + bounds.width >= columns.last! + 1)
      } else {
        #expect(mask.isEmpty)
      }
    }
  }

  @Test("rectangles have in common what both cover")
  func intersections() {
    let a = PixelRectangle(y: 1, x: 2, height: 4, width: 5)
    #expect(
      a.intersection(PixelRectangle(y: 3, x: 0, height: 9, width: 3)) == PixelRectangle(y: 3, x: 2, height: 2, width: 1)
    )
    #expect(a.intersection(PixelRectangle(y: 5, x: 2, height: 1, width: 1)) == nil)
    #expect(a.intersection(a) == a)
  }
}
