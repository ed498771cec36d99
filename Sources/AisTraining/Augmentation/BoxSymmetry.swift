import AisCore
import AisImaging

/// One of the ways to lay a box of slices on itself.
struct BoxSymmetry: Sendable, Hashable {
  var orientation = Orientation.identity
  /// Whether the slices' order is turned round.
  var isFlipped = false

  /// All sixteen alike; of a single slice eight.
  static func random(depth: Int, using generator: inout SeededGenerator) -> BoxSymmetry {
    let number = Int.random(in: 0..<16, using: &generator)
    return BoxSymmetry(
      orientation: Orientation(quarterTurns: number % 4, isMirrored: number / 4 % 2 == 1),
      isFlipped: depth > 1 && number >= 8)
  }

  func apply(to box: inout TrainingBox) {
    let lookup = orientation.lookup(y: box.size, x: box.size)
    // A label of one slice stays where it is: the order can be turned round only when its slice is the middle one.
    let flips = isFlipped && (box.labelDepth > 1 || box.depth == 2 * box.labelledSlice + 1)
    box.image = Self.turned(box.image, depth: box.depth, size: box.size, lookup, flips: flips)
    box.label = Self.turned(
      box.label, depth: box.labelDepth, size: box.size, lookup, flips: flips && box.labelDepth > 1)
  }

  private static func turned(
    _ values: [Float], depth: Int, size: Int, _ lookup: Orientation.Lookup, flips: Bool
  ) -> [Float] {
    [Float](unsafeUninitializedCapacity: values.count) { target, count in
      var i = 0
      for z in 0..<depth {
        let base = (flips ? depth - 1 - z : z) * size * size
        for row in lookup.row {
          for column in lookup.column {
            target[i] = values[base + (lookup.rowsRunAlongX ? column * size + row : row * size + column)]
            i += 1
          }
        }
      }
      count = i
    }
  }
}
