/// What a pass over a tomogram will need, known before any voxel is read.
package struct SegmentationForecast: Sendable {
  /// One use of memory.
  package struct MemoryUse: Sendable, Hashable {
    package var purpose: String
    package var bytes: Int
  }

  /// Every use of memory at the time of greatest need.
  package var memory: [MemoryUse]
  /// Wall time of the computation, from the engine's prediction.
  package var seconds: Double
  /// For each model, how its windows run.
  package var models: [ModelForecast]

  package struct ModelForecast: Sendable, Hashable {
    package var title: String
    /// Pixels of the slice that the network works on, before padding.
    package var workingSize: (y: Int, x: Int) { (workingY, workingX) }
    /// Whether slices are brought to another pixel size.
    package var rescales: Bool
    /// Runs of the network for one window of slices: tiles times orientations.
    package var runsPerWindow: Int
    package var windows: Int
    /// Whether memory forced smaller tiles; the result is the same, bit for bit.
    package var isSplit: Bool
    /// Slices within the Z range that no slab covers, which stay 0.
    package var uncoveredSlices: Int

    var workingY: Int
    var workingX: Int
  }

  /// Of nothing: before a pass is planned.
  package static let none = SegmentationForecast(memory: [], seconds: 0, models: [])

  package var memoryBytes: Int { memory.reduce(0) { $0 + $1.bytes } }
}
