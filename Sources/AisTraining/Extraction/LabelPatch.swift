import AisCore

/// The label of one slice of a box, in the tomogram's own pixels; unknown (2) to begin with.
struct LabelPatch {
  private let rows: Range<Int>
  private let columns: Range<Int>
  private(set) var values: [Float]

  init(rows: Range<Int>, columns: Range<Int>) {
    self.rows = rows
    self.columns = columns
    values = [Float](repeating: 2, count: rows.count * columns.count)
  }

  /// Says what is known of these rows and columns, by default of all: the mask's pixels, and 0 beside and beyond them.
  mutating func paint(
    _ mask: SliceMask?, isNegative: Bool, rows known: Range<Int>? = nil, columns knownColumns: Range<Int>? = nil
  ) {
    for row in rows.clamped(to: known ?? rows) {
      for column in columns.clamped(to: knownColumns ?? columns) {
        var isPainted = false
        if !isNegative, let mask, row >= 0, column >= 0, row < mask.height, column < mask.width {
          isPainted = mask[y: row, x: column]
        }
        values[(row - rows.lowerBound) * columns.count + column - columns.lowerBound] = isPainted ? 1 : 0
      }
    }
  }

  /// Makes unknown what lies outside of the volume, and a margin on all four sides.
  mutating func hide(outside shape: Shape, margin: Int) {
    for (i, row) in rows.enumerated() {
      for (k, column) in columns.enumerated() {
        let isInside = row >= 0 && row < shape.y && column >= 0 && column < shape.x
        let isTrusted =
          i >= margin && i < rows.count - margin && k >= margin && k < columns.count - margin
        if !isInside || !isTrusted { values[i * columns.count + k] = 2 }
      }
    }
  }

  /// In boxes of another size: each pixel is the one that its centre lies in.
  func resampled(to size: Int) -> [Float] {
    if rows.count == size { return values }
    let places = (0..<size).map { min(rows.count - 1, Int((Double($0) + 0.5) * Double(rows.count) / Double(size))) }
    return places.flatMap { row in places.map { values[row * columns.count + $0] } }
  }
}
