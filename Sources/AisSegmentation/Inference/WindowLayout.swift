import AisCore
import AisImaging
import AisNetworks

/// How one model runs over the windows of a tomogram: orientations, tiles, and the network's plans for them.
///
/// Everything here is known before any voxel is read; the plans tell the memory exactly.
struct WindowLayout {
  /// A plane in one orientation, and its tiles.
  struct Pass {
    var frame: PlaneFrame
    var grid: TileGrid
  }

  /// The size of a tile's input.
  struct TileSize: Hashable {
    var rows: Int
    var columns: Int
    init(_ tile: Tile) {
      rows = tile.rows.count
      columns = tile.columns.count
    }
  }

  let model: SegmentationModel
  let passes: [Pass]
  let plans: [TileSize: any InferencePlan]

  /// - Parameters:
  ///   - size: of a prepared slice.
  ///   - split: into how many parts each tile is cut.
  ///   - region: the rows and columns of the slice that are wanted; `nil` is all of it.
  init(
    model: SegmentationModel, size: SlicePreparation.Size, settings: InferenceSettings,
    split: (rows: Int, columns: Int), region: (rows: Range<Int>, columns: Range<Int>)? = nil
  ) throws(AisError) {
    self.model = model
    let geometry = TileGeometry(model.network)
    // Orientations that exchange rows and columns come last, so that the buffers of a plan serve all turns of one
    // kind; the order is the same however the plane is cut, and so is every sum.
    let orientations = Orientation.augmentations(settings.augmentations)
    let ordered = orientations.filter { !$0.swapsAxes } + orientations.filter(\.swapsAxes)
    passes = ordered.map { orientation in
      var (frame, grid) = WindowLayout.plane(orientation, model: model, size: size, settings: settings)
      if let region { grid = grid.clipped(to: region, of: frame) }
      let parts = orientation.swapsAxes ? (split.columns, split.rows) : split
      return Pass(frame: frame, grid: grid.refined(rows: parts.0, columns: parts.1, geometry: geometry))
    }
    var plans: [TileSize: any InferencePlan] = [:]
    for tile in passes.flatMap(\.grid.tiles) where plans[TileSize(tile)] == nil {
      plans[TileSize(tile)] = try model.plan(y: tile.rows.count, x: tile.columns.count)
    }
    self.plans = plans
  }

  /// The plane in one orientation and the tiles that the settings ask for.
  private static func plane(
    _ orientation: Orientation, model: SegmentationModel, size: SlicePreparation.Size, settings: InferenceSettings
  ) -> (PlaneFrame, TileGrid) {
    let multiple = model.network.graph.paddingMultiple
    let y = AxisPadding.wholeSlice(size.y, multiple: multiple)
    let x = AxisPadding.wholeSlice(size.x, multiple: multiple)
    guard model.isThreeDimensional, settings.tiling == .standard, let edge = settings.tileEdge else {
      let frame = PlaneFrame(orientation: orientation, y: y, x: x)
      return (frame, .whole(frame))
    }
    let tile = max(multiple, edge / multiple * multiple)
    let margin = min(settings.tileOverlap, tile / 3)
    func tiled(_ padding: AxisPadding) -> AxisPadding {
      .tiled(padding.total, tile: tile, stride: tile - 2 * margin, context: max(64, margin))
    }
    // Tiles lie in a turned plane as in an unturned one of its shape, so the padding that makes them fit comes after
    // the turn.
    let frame = PlaneFrame(
      orientation: orientation, y: y, x: x, rows: tiled(orientation.swapsAxes ? x : y),
      columns: tiled(orientation.swapsAxes ? y : x))
    return (frame, .regular(frame, tile: tile, margin: margin))
  }

  func plan(of tile: Tile) -> any InferencePlan {
    guard let plan = plans[TileSize(tile)] else { preconditionFailure("every tile has its plan") }
    return plan
  }

  /// Tiles that can be under way at once.
  var runsAtOnce: Int { plans.values.map(\.runsAtOnce).max() ?? 1 }

  /// Bytes of the network's buffers, exactly: tiles run one after the other and share them.
  var planBytes: Int { plans.values.map(\.memoryBytes).max() ?? 0 }

  /// Values of the largest tile's input and output.
  var stagingCounts: (input: Int, output: Int) {
    (plans.values.map(\.input.count).max() ?? 0, plans.values.map(\.output.count).max() ?? 0)
  }

  /// Predicted wall time of one window.
  var secondsPerWindow: Double {
    passes.flatMap(\.grid.tiles).reduce(0) { $0 + (plans[TileSize($1)]?.predictedSeconds ?? 0) }
  }

  var tilesPerWindow: Int { passes.reduce(0) { $0 + $1.grid.tiles.count } }
}
