/// One of the eight ways to lay an image on itself: a quarter-turn rotation, then perhaps a mirror along x.
///
/// Rotations are counter-clockwise when y points down, as NumPy's `rot90` on (y, x) arrays.
package struct Orientation: Sendable, Hashable {
  /// 0…3 quarter turns.
  package var quarterTurns: Int
  /// Whether the rotated image is then mirrored along x.
  package var isMirrored: Bool

  package init(quarterTurns: Int, isMirrored: Bool = false) {
    self.quarterTurns = ((quarterTurns % 4) + 4) % 4
    self.isMirrored = isMirrored
  }

  package static let identity = Orientation(quarterTurns: 0)

  /// The first `count` (1…8) orientations of test-time augmentation: 0, 90, 180, 270°, then the same mirrored.
  package static func augmentations(_ count: Int) -> [Orientation] {
    precondition((1...8).contains(count), "there are 1 to 8 orientations of a slice, not \(count)")
    return (0..<count).map { Orientation(quarterTurns: $0 % 4, isMirrored: $0 >= 4) }
  }

  /// Whether rows become columns.
  package var swapsAxes: Bool { quarterTurns % 2 == 1 }

  /// The size of an image once turned.
  package func size(y: Int, x: Int) -> (y: Int, x: Int) { swapsAxes ? (x, y) : (y, x) }

  /// How to find the source of a turned pixel without turning the image: pixel (row, column) of the turned image is
  /// the source pixel whose coordinate on one axis depends on the row alone and on the other on the column alone.
  package struct Lookup: Sendable {
    /// Whether rows of the turned image run along x of the source.
    package var rowsRunAlongX: Bool
    /// For each row of the turned image, the source's y (or x, when `rowsRunAlongX`).
    package var row: [Int]
    /// For each column of the turned image, the source's x (or y).
    package var column: [Int]
  }

  /// The lookup for an image of `y` rows and `x` columns.
  package func lookup(y: Int, x: Int) -> Lookup {
    // rot90 once: turned[i, j] = source[j, x − 1 − i]; twice: source[y − 1 − i, x − 1 − j]; thrice: source[y − 1 − j, i].
    let turned = size(y: y, x: x)
    var row = Array(0..<turned.y)
    var column = Array(0..<turned.x)
    if quarterTurns == 1 || quarterTurns == 2 { row.reverse() }
    if quarterTurns == 2 || quarterTurns == 3 { column.reverse() }
    if isMirrored { column.reverse() }
    return Lookup(rowsRunAlongX: swapsAxes, row: row, column: column)
  }

  /// The image, turned.
  package func applied(to image: [Float], y: Int, x: Int) -> [Float] {
    precondition(image.count == y * x, "an image of \(x) × \(y) pixels needs \(y * x) values, got \(image.count)")
    let lookup = lookup(y: y, x: x)
    var result = [Float]()
    result.reserveCapacity(image.count)
    for row in lookup.row {
      for column in lookup.column {
        result.append(lookup.rowsRunAlongX ? image[column * x + row] : image[row * x + column])
      }
    }
    return result
  }
}
