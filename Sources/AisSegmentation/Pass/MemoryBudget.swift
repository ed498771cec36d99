import AisCore
import AisNetworks

/// How much memory a pass may use, and what of it is spoken for.
package struct MemoryBudget: Sendable, Hashable {
  /// Bytes for the whole process.
  package var limit: Int
  /// What the process needs besides the pass: program, open files, caches.
  package var reserved: Int

  package init(limit: Int, reserved: Int) {
    self.limit = limit
    self.reserved = reserved
  }
}

/// The tiles of all models of a pass, as large as the budget allows.
struct TileChoice {
  var layouts: [WindowLayout]
  var isSplit: [Bool]

  /// Starts from undivided tiles; while memory is short the model that needs most is cut once more.
  ///
  /// - Parameters:
  ///   - settings: for each model how it is applied.
  ///   - regions: for each model the rows and columns that are wanted; `nil` is all of them.
  ///   - available: bytes for the networks' buffers and the staging buffers.
  init(
    models: [SegmentationModel], sizes: [SlicePreparation.Size], settings: [InferenceSettings],
    regions: [(rows: Range<Int>, columns: Range<Int>)?], available: Int, budget: MemoryBudget
  ) throws(AisError) {
    layouts = []
    isSplit = Array(repeating: false, count: models.count)
    var splits = [(rows: Int, columns: Int)](repeating: (1, 1), count: models.count)
    for i in models.indices {
      layouts.append(
        try WindowLayout(
          model: models[i], size: sizes[i], settings: settings[i], split: (1, 1), region: regions[i]))
    }
    var smallest = TileChoice.bytes(layouts)
    while TileChoice.bytes(layouts) > available {
      let candidates = models.indices.filter { TileChoice.isDivisible(sizes[$0], splits[$0], models[$0]) }
      guard let worst = candidates.max(by: { TileChoice.bytes([layouts[$0]]) < TileChoice.bytes([layouts[$1]]) })
      else { throw TileChoice.tooLittle(needed: smallest + budget.limit - available, budget: budget) }
      let size = sizes[worst]
      if size.y / splits[worst].rows >= size.x / splits[worst].columns {
        splits[worst].rows += 1
      } else {
        splits[worst].columns += 1
      }
      layouts[worst] = try WindowLayout(
        model: models[worst], size: size, settings: settings[worst], split: splits[worst], region: regions[worst])
      isSplit[worst] = true
      smallest = min(smallest, TileChoice.bytes(layouts))
    }
  }

  /// The networks' buffers and the staging buffers: all networks share both, since they run one after the other.
  static func bytes(_ layouts: [WindowLayout]) -> Int {
    let staging = layouts.map(\.stagingCounts)
    let slots = layouts.map(\.runsAtOnce).max() ?? 1
    let floats = slots * ((staging.map(\.input).max() ?? 0) + (staging.map(\.output).max() ?? 0))
    return (layouts.map(\.planBytes).max() ?? 0) + floats * MemoryLayout<Float>.size
  }

  /// Below a few alignments a piece is all halo.
  private static func isDivisible(
    _ size: SlicePreparation.Size, _ split: (rows: Int, columns: Int), _ model: SegmentationModel
  ) -> Bool {
    let alignment = TileGeometry(model.network).alignment
    return max(size.y / split.rows, size.x / split.columns) > max(64, 2 * max(alignment.rows, alignment.columns))
  }

  private static func tooLittle(needed: Int, budget: MemoryBudget) -> AisError {
    func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }
    return AisError(
      .outOfMemory,
      "the work needs at least \(mebibytes(needed)) MiB, \(mebibytes(budget.limit)) MiB are allowed: give more with "
        + "'--memory', run fewer models at once, or (3D networks) choose smaller tiles with '--tile'")
  }
}
