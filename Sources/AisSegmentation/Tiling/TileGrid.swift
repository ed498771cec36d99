import AisNetworks

/// A piece of the plane that goes through the network at once.
struct Tile: Sendable, Hashable {
  /// What the network is given.
  var rows: Range<Int>
  var columns: Range<Int>
  /// The part of its answer that counts.
  var coreRows: Range<Int>
  var coreColumns: Range<Int>
}

/// What makes a tile's answer equal, bit for bit, to that of the plane it is cut from.
struct TileGeometry: Sendable {
  /// Tiles start at multiples of this.
  var alignment: (rows: Int, columns: Int)
  /// What the values of a tile depend on before and after it.
  var haloBefore: (rows: Int, columns: Int)
  var haloAfter: (rows: Int, columns: Int)

  init(_ network: any LoadedNetwork) {
    alignment = (network.tileAlignment.y, network.tileAlignment.x)
    haloBefore = (network.halo.before.y, network.halo.before.x)
    haloAfter = (network.halo.after.y, network.halo.after.x)
  }
}

/// The tiles of a plane.
struct TileGrid: Sendable {
  var tiles: [Tile]

  /// One tile: the whole plane.
  static func whole(_ frame: PlaneFrame) -> TileGrid {
    TileGrid(tiles: [
      Tile(
        rows: 0..<frame.rows, columns: 0..<frame.columns, coreRows: frame.realRows, coreColumns: frame.realColumns)
    ])
  }

  /// Square tiles every `tile − 2 · margin` pixels, of which `margin` pixels are dropped on each side.
  static func regular(_ frame: PlaneFrame, tile: Int, margin: Int) -> TileGrid {
    let rows = spans(frame.rows, tile: tile, margin: margin, real: frame.realRows)
    let columns = spans(frame.columns, tile: tile, margin: margin, real: frame.realColumns)
    return TileGrid(
      tiles: rows.flatMap { row in
        columns.map { Tile(rows: row.span, columns: $0.span, coreRows: row.core, coreColumns: $0.core) }
      })
  }

  /// The same result from smaller pieces: each tile's core is cut into `rows` × `columns` parts, and each part is
  /// given only the surroundings that its values depend on. With 1 × 1 tiles shrink to what they need.
  func refined(rows: Int, columns: Int, geometry: TileGeometry) -> TileGrid {
    TileGrid(
      tiles: tiles.flatMap { tile in
        let rowParts = AxisPart.cut(
          tile.coreRows, of: tile.rows, into: rows, alignment: geometry.alignment.rows,
          before: geometry.haloBefore.rows, after: geometry.haloAfter.rows)
        let columnParts = AxisPart.cut(
          tile.coreColumns, of: tile.columns, into: columns, alignment: geometry.alignment.columns,
          before: geometry.haloBefore.columns, after: geometry.haloAfter.columns)
        return rowParts.flatMap { row in
          columnParts.map { Tile(rows: row.span, columns: $0.span, coreRows: row.core, coreColumns: $0.core) }
        }
      })
  }

  /// The tiles that give something of a part of the slice, their cores cut down to it.
  func clipped(to region: (rows: Range<Int>, columns: Range<Int>), of frame: PlaneFrame) -> TileGrid {
    // Within the real part positions run through the slice in order, or in reverse.
    func places(_ real: Range<Int>, _ sources: [Int], _ wanted: Range<Int>) -> Range<Int> {
      let found = real.filter { wanted.contains(sources[$0]) }
      return (found.first ?? 0)..<((found.last ?? -1) + 1)
    }
    let (y, x) = frame.rowsRunAlongX ? (region.columns, region.rows) : (region.rows, region.columns)
    let rows = places(frame.realRows, frame.rowSource, y)
    let columns = places(frame.realColumns, frame.columnSource, x)
    return TileGrid(
      tiles: tiles.compactMap { tile in
        var tile = tile
        tile.coreRows = tile.coreRows.clamped(to: rows)
        tile.coreColumns = tile.coreColumns.clamped(to: columns)
        return tile.coreRows.isEmpty || tile.coreColumns.isEmpty ? nil : tile
      })
  }

  private static func spans(
    _ count: Int, tile: Int, margin: Int, real: Range<Int>
  ) -> [(span: Range<Int>, core: Range<Int>)] {
    let step = tile - 2 * margin
    return stride(from: 0, through: count - tile, by: step).compactMap { start in
      let core = (start + margin..<start + tile - margin).clamped(to: real)
      return core.isEmpty ? nil : (start..<start + tile, core)
    }
  }
}
