import AisCore
import AisFormats
import AisNetworks
import AisSegmentation
import Foundation
import Logging

/// What a run will need, before it starts: what the batch itself plans with, told tomogram by tomogram.
package struct RunForecast: Sendable {
  package struct Row: Sendable {
    package var dataset: Int64
    package var path: String
    package var seconds: Double?
    /// Whether everything is there already, made in the same way.
    package var isFinished = false
    /// Why it cannot be done as things are.
    package var problem: AisError?
  }

  package var rows: [Row]
  /// Wall time of all workers together; `nil` for cards, which only their first tomogram measures.
  package var seconds: Double?
  /// Of all workers together.
  package var memoryBytes = 0
  package var diskBytes = 0
  package var freeBytes: Int?
  /// What stands against the whole run.
  package var problem: AisError?

  /// Blocks while models and headers are read.
  ///
  /// - Parameters:
  ///   - modelFolder: where the project keeps its networks.
  ///   - scratch: a folder for the group's recipe, which is removed again.
  ///   - threads, memoryBytes: what this machine has, for a run that does not say.
  package init(
    _ recipe: RunRecipe, modelFolder: String, scratch: String, threads: Int, memoryBytes: Int, logger: Logger,
    cancellation: Cancellation
  ) throws(AisError) {
    var recipe = recipe
    rows = recipe.tomograms.map { Row(dataset: $0.dataset, path: $0.path) }
    for index in rows.indices where !FileManager.default.fileExists(atPath: rows[index].path) {
      rows[index].problem = AisError(.notFound, "the file '\(rows[index].path)' is not there")
    }
    recipe.tomograms.removeAll { tomogram in rows.contains { $0.path == tomogram.path && $0.problem != nil } }
    freeBytes = DiskSpace.free(at: recipe.output)
    let group = try recipe.group(modelFolder: modelFolder)
    guard !recipe.tomograms.isEmpty else { return }
    let place = recipe.place
    let workers = max(1, place.workers)
    // In Slurm each worker has all of what is asked for.
    let share = place.kind == .slurm ? 1 : workers
    let memory = max(64 << 20, (place.memoryBytes ?? (place.kind == .slurm ? 16 << 30 : memoryBytes)) / share)
    let each = max(1, (place.threads ?? (place.kind == .slurm ? 4 : threads)) / share)
    do { try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true) } catch {
      throw AisError(.fileSystem, "the folder '\(scratch)' cannot be made: \(error.localizedDescription)")
    }
    let file = "\(scratch)/forecast-\(UUID().uuidString).json"
    defer { unlink(file) }
    try AtomicFile.write(group.json, to: file)
    let request = try recipe.request(modelFolder: modelFolder, group: file, memoryBytes: memory, threads: each)
    do throws(AisError) {
      let work = try SegmentRun.work(
        request, engine: CPUEngine(threads: each), logger: logger, cancellation: cancellation)
      learn(work.items, workers: workers, isTimed: place.device == "cpu")
    } catch {
      if error.code == .cancelled { throw error }
      problem = error
    }
  }

  private mutating func learn(_ items: [CommandWork.Item], workers: Int, isTimed: Bool) {
    for item in items {
      guard let index = rows.firstIndex(where: { $0.path == item.input }) else { continue }
      rows[index].isFinished = item.isFinished
      rows[index].problem = item.refusals.first
      if isTimed, item.refusals.isEmpty { rows[index].seconds = item.seconds }
    }
    let open = items.filter { $0.refusals.isEmpty }
    if isTimed {
      let times = open.map { $0.seconds ?? 0 }
      seconds = max(times.reduce(0, +) / Double(workers), times.max() ?? 0)
    }
    memoryBytes = (open.compactMap(\.memoryBytes).max() ?? 0) * min(workers, max(1, open.count))
    diskBytes = open.reduce(0) { $0 + ($1.diskBytes ?? 0) }
  }
}
