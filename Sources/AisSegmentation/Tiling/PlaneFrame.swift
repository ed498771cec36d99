import AisImaging

/// The plane that a network sees: a prepared slice, padded by reflection and turned.
///
/// The plane is never made; tiles of it are gathered from the slice through two lists of indices.
struct PlaneFrame: Sendable {
  let orientation: Orientation
  /// Rows and columns of the plane.
  let rows: Int
  let columns: Int
  /// Whether rows of the plane run along x of the slice.
  let rowsRunAlongX: Bool
  /// For each row of the plane, the y of the slice (x, when `rowsRunAlongX`).
  let rowSource: [Int]
  /// For each column, the x of the slice (or y).
  let columnSource: [Int]
  /// The part of the plane that is the slice itself and not its reflection.
  let realRows: Range<Int>
  let realColumns: Range<Int>

  /// - Parameters:
  ///   - y, x: how the slice is padded before it is turned.
  ///   - rows, columns: how the turned plane is padded again, so that tiles fit.
  init(
    orientation: Orientation, y: AxisPadding, x: AxisPadding, rows: AxisPadding? = nil, columns: AxisPadding? = nil
  ) {
    self.orientation = orientation
    let lookup = orientation.lookup(y: y.total, x: x.total)
    rowsRunAlongX = lookup.rowsRunAlongX
    let row = PlaneAxis(lookup.rowsRunAlongX ? x : y, turned: lookup.row, padding: rows)
    let column = PlaneAxis(lookup.rowsRunAlongX ? y : x, turned: lookup.column, padding: columns)
    rowSource = row.sources
    columnSource = column.sources
    realRows = row.real
    realColumns = column.real
    self.rows = row.sources.count
    self.columns = column.sources.count
  }
}

/// One axis of a plane: padded, perhaps reversed, perhaps padded again.
private struct PlaneAxis {
  /// For each position of the plane, the position in the slice.
  var sources: [Int]
  /// The positions that are the slice itself.
  var real: Range<Int>

  init(_ inner: AxisPadding, turned: [Int], padding: AxisPadding?) {
    let innerSources = inner.sources
    sources = turned.map { innerSources[$0] }
    let isReversed = (turned.first ?? 0) > (turned.last ?? 0)
    let start = isReversed ? inner.after : inner.before
    real = start..<start + inner.count
    if let padding {
      precondition(padding.count == sources.count, "the second padding starts from what the first one gave")
      let unpadded = sources
      sources = padding.sources.map { unpadded[$0] }
      real = real.lowerBound + padding.before..<real.upperBound + padding.before
    }
  }
}
