import AisCore
import AisFormats
import Dispatch

/// Gives the pictures of tomograms that the page shows: tiles of slices, statistics, thumbnails, what the check-up finds.
///
/// Files are read by position on threads of their own. What is asked for twice at once is read once; what nobody waits for any more
/// is not read to its end. `docs/explanation/slices.md` says how sizes were chosen.
package final class SliceService: Sendable {
  /// A tile of a file; in its first column it stands for the whole row, which is read together.
  struct TileName: Hashable, Sendable {
    var file: SliceFile
    var place: TilePlace

    var inFirstColumn: TileName {
      var name = self
      name.place.column = 0
      return name
    }
  }

  let tiles: ByteBoundedCache<TileName, Tile>
  let files = OpenTomograms()
  let rows = SharedWork<TileName, [Tile]>()
  let documents = SharedWork<String, [UInt8]>()
  let surveys = SharedWork<String, SliceStatistics>()
  let sketches = SharedWork<TileName, Tile?>()
  let surveyTable = OnceTable<String, SliceStatistics>(limit: 256)
  /// Sketches have 3 MB at most each.
  let sketchTable = OnceTable<SliceFile, Sketch>(limit: 8)
  let byteScales = OnceTable<TileName, TileScale>(limit: 1024)
  let lookahead = Lookahead()

  /// Slices that somebody waits for.
  let reading: WorkLane
  /// Views along x without bricks, which read a little of everything: never in the way of the others.
  let sideways: WorkLane
  let pictures: WorkLane
  let checks: WorkLane

  let cacheFolder: String?
  let threads: Int
  let bricks: BrickStore

  /// - Parameters:
  ///   - cacheBytes: most bytes of tiles that are kept.
  ///   - cacheFolder: where thumbnails, bricks and findings are kept, a project's `cache`; `nil` keeps none.
  ///   - threads: read and compute at once.
  ///   - brickBytes: most bytes that bricks take of the disk.
  ///   - leastBrickedBytes: smaller tomograms get no bricks; the system's own cache holds them.
  package init(
    cacheBytes: Int, cacheFolder: String?, threads: Int, brickBytes: Int = 64 << 30, leastBrickedBytes: Int = 64 << 20
  ) {
    tiles = ByteBoundedCache(limit: cacheBytes)
    self.cacheFolder = cacheFolder
    self.threads = max(1, threads)
    // Threads that wait for a slow disk do not compute: a few more of them than processors.
    let reading = WorkLane("slices", width: max(4, threads + 2), quality: .userInitiated)
    self.reading = reading
    sideways = WorkLane("side-views", width: 2, quality: .utility)
    pictures = WorkLane("thumbnails", width: 3, quality: .utility)
    checks = WorkLane("check-ups", width: 1, quality: .background)
    bricks = BrickStore(
      folder: cacheFolder.map { $0 + "/bricks" }, diskBytes: brickBytes, leastBytes: leastBrickedBytes,
      threads: threads,
      isBusy: { reading.load > 0 })
  }

  /// Bytes of tiles that are kept now.
  package var keptBytes: Int { tiles.byteCount }

  /// Rows of tiles that are being read ahead.
  package var aheadLoad: Int { lookahead.load }

  /// A part of a slice.
  ///
  /// Throws `usage` for what the tomogram does not have, `changed` when another file lies at its place, `cancelled` when the
  /// caller's task is, and what reading throws.
  /// - Parameters:
  ///   - index: the slice, of the volume at level 0.
  ///   - level: rows and columns are binned by 2^level.
  ///   - row: of tiles, `Tile.edge` voxels of the level each.
  ///   - slab: slices that are averaged.
  package func tile(
    of file: SliceFile, plane: SlicePlane, index: Int, level: Int, row: Int, column: Int, slab: Int = 1,
    encoding: TileEncoding = .halves
  ) async throws(AisError) -> Tile {
    let place = TilePlace(
      plane: plane, index: index, level: level, slab: slab, encoding: encoding, row: row, column: column)
    lookahead.arrive(file, place)
    let tile = try await tile(TileName(file: file, place: place), isUrgent: true)
    lookAhead(file, place)
    return tile
  }

  func tile(_ name: TileName, isUrgent: Bool) async throws(AisError) -> Tile {
    if let known = tiles[name] { return known }
    let row = name.inFirstColumn
    let found = try await rows.value(row, isUrgent: isUrgent) { order in
      self.start(row, order, isUrgent: isUrgent)
    }
    guard found.indices.contains(name.place.column) else {
      throw AisError(
        .usage, "tile \(name.place.column) of a row is not there: '\(name.file.path)' has \(found.count) at this level."
      )
    }
    return found[name.place.column]
  }

  private func start(
    _ row: TileName, _ order: SharedWork<TileName, [Tile]>.Order, isUrgent: Bool
  ) -> @Sendable () -> Void {
    let lane = row.place.plane == .yz ? sideways : reading
    let ticket = lane.submit(isUrgent ? .urgent : .ahead) {
      order.finish(
        Result { () throws(AisError) -> [Tile] in
          try order.cancellation.check()
          return try self.read(row, order.cancellation)
        })
    }
    return { lane.makeUrgent(ticket) }
  }

  /// Reads a row of tiles and keeps them.
  private func read(_ row: TileName, _ cancellation: Cancellation) throws(AisError) -> [Tile] {
    let place = row.place
    let source = try files.tomogram(row.file)
    let geometry = try SliceGeometry(
      place.plane, index: place.index, level: place.level, slab: place.slab, of: source.tomogram.shape,
      name: row.file.path)
    guard place.row >= 0, place.row < geometry.tileRows else {
      throw AisError(
        .usage,
        "row \(place.row) of tiles is not there: '\(row.file.path)' has \(geometry.tileRows) at level \(place.level).")
    }
    let rows = geometry.rows(ofTileRow: place.row)
    let (scale, values) = try reading(source, geometry) { (voxels) throws(AisError) -> (TileScale, [Float]) in
      let scale = try self.scale(row, geometry, source, voxels, cancellation)
      return (
        scale,
        try SliceRows.read(rows, of: geometry, from: voxels, threads: threads, cancellation: cancellation)
      )
    }
    var tiles: [Tile] = []
    values.withUnsafeBufferPointer { values in
      for column in 0..<geometry.tileColumns {
        let columns = geometry.columns(ofTileColumn: column)
        let bytes = scale.encoded(
          values.baseAddress! + columns.lowerBound, stride: geometry.width, rows: rows.count, columns: columns.count,
          as: place.encoding)
        tiles.append(
          Tile(bytes: bytes, height: rows.count, width: columns.count, offset: scale.offset, step: scale.step))
      }
    }
    for (column, tile) in tiles.enumerated() {
      var name = row
      name.place.column = column
      self.tiles.insert(tile, byteCount: tile.bytes.count, for: name)
    }
    return tiles
  }

  /// What `body` makes of the voxels: from bricks where a slice lies along x and they are ready, otherwise from the tomogram.
  private func reading<Result>(
    _ source: OpenTomogram, _ geometry: SliceGeometry, _ body: (any VoxelBoxes) throws(AisError) -> Result
  ) throws(AisError) -> Result {
    try files.read(source) { () throws(AisError) -> Result in
      if geometry.plane == .yz, let found = bricks.bricks(of: source) {
        do throws(AisError) { return try body(found) } catch {
          if error.code == .cancelled { throw error }
          bricks.discard(found)
        }
      }
      return try body(source.tomogram)
    }
  }

  /// How values are stored, for all tiles of a slice alike.
  private func scale(
    _ row: TileName, _ geometry: SliceGeometry, _ source: OpenTomogram, _ voxels: any VoxelBoxes,
    _ cancellation: Cancellation
  ) throws(AisError) -> TileScale {
    if row.place.encoding == .halves { return try source.halfScale(cancellation) }
    if geometry.level == 0, geometry.slab == 1, let known = TileScale.bytes(of: source.tomogram.info.elementType) {
      return known
    }
    var slice = row
    slice.place.row = 0
    return try byteScales.value(slice) { () throws(AisError) -> TileScale in
      // Rows evenly spread over the slice.
      let count = min(32, geometry.height)
      var sample: [Float] = []
      for i in 0..<count {
        let y = (2 * i + 1) * geometry.height / (2 * count)
        sample += try SliceRows.read(y..<y + 1, of: geometry, from: voxels, threads: 1, cancellation: cancellation)
      }
      return TileScale.bytes(sample: sample)
    }
  }
}

/// Where a tile lies, and how it is stored.
struct TilePlace: Hashable, Sendable {
  var plane: SlicePlane
  var index: Int
  var level: Int
  var slab: Int
  var encoding: TileEncoding
  var row: Int
  var column: Int
}
