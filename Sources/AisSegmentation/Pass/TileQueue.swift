import AisCore
import AisNetworks

/// Tiles on their way through an engine: started one after the other, and finished in the same order.
struct TileQueue {
  /// A tile of a window.
  struct Entry {
    /// Which of the pass's jobs.
    var job: Int
    var window: WindowSchedule.Window
    var frame: PlaneFrame
    var tile: Tile
    /// Predicted for its run.
    var seconds: Double
    /// Tiles like this that can be under way at once.
    var runsAtOnce: Int
    var isLastOfWindow = false
    /// Where its values lie, once it was started.
    var slot: StagingBuffers.Slot?
  }

  private let staging: StagingBuffers
  private var entries: [(entry: Entry, run: any StartedRun)] = []
  private var nextSlot = 0

  init(_ staging: StagingBuffers) { self.staging = staging }

  var count: Int { entries.count }

  /// - Parameters:
  ///   - window: the prepared slices, one for each input position. They are not needed any more afterwards.
  ///   - width: pixels in a row of a slice.
  mutating func start(
    _ entry: Entry, with inference: WindowInference, _ window: [UnsafePointer<Float>], width: Int
  ) throws(AisError) {
    precondition(entries.count < staging.slots.count, "no place is free")
    var entry = entry
    let slot = staging.slots[nextSlot]
    nextSlot = (nextSlot + 1) % staging.slots.count
    entry.slot = slot
    let run = try inference.start(entry.tile, of: entry.frame, window, width: width, in: slot)
    entries.append((entry, run))
  }

  /// Waits for the tile that was started first.
  mutating func finishFirst() throws(AisError) -> Entry {
    let (entry, run) = entries.removeFirst()
    try run.finish()
    return entry
  }
}
