import AisCore
import AisFormats
import AisImaging
import Foundation
import Logging
import Synchronization

/// Carries out a plan of meshes, one segmentation after the other.
package final class MeshRun: Sendable {
  package static let schema = "ais.mesh/1"

  private let plan: MeshPlan
  private let cancellation: Cancellation
  private let logger: Logger
  /// Ways to remove files that have no name yet.
  private let unfinished = Mutex<[@Sendable () -> Void]>([])

  package init(_ plan: MeshPlan, cancellation: Cancellation, logger: Logger) {
    self.plan = plan
    self.cancellation = cancellation
    self.logger = logger
  }

  /// Does every task, whatever becomes of the others, and tells how each ended. Throws `cancelled` when asked to stop, and
  /// when the output folder cannot be made.
  package func run(_ watch: @escaping (BatchEvent) -> Void) throws(AisError) -> [BatchOutcome] {
    if plan.count > 0 { try OutputFolder.prepare(plan.folder, logger: logger) }
    let known = plan.tasks.map { BatchOutcome(input: $0.input, skipped: $0.finished, failures: $0.refusals) }
    return try Batch.run(known, cancellation: cancellation, watch: watch) {
      (index, outcome: inout BatchOutcome, progress) throws(AisError) in
      let task = plan.tasks[index]
      guard let record = task.record else { return }
      defer { abandon() }
      try run(task, record, &outcome, progress)
    }
  }

  /// Removes what is not finished. For a process that is about to end: from any thread, and at once.
  package func abandon() {
    unfinished.withLock { unfinished in
      for abandon in unfinished { abandon() }
      unfinished = []
    }
  }

  private func run(
    _ task: MeshTask, _ record: WorkRecord, _ outcome: inout BatchOutcome, _ progress: (Double) -> Void
  ) throws(AisError) {
    let request = plan.request
    let making = try SurfaceMaking(task.input, request, cancellation: cancellation)
    logger.debug("'\(task.input)': threshold \(making.reading.level), \(making.reading.reason)")
    let pieces = try making.pieces(logger: logger, cancellation: cancellation, progress: progress)
    guard !pieces.isEmpty else {
      let why = try making.reading.emptiness(threads: request.threads, cancellation: cancellation)
      outcome.warnings.append("no surface was written: \(why)")
      outcome.lines.append("no surface")
      return
    }

    var clock = PhaseClock(logger: logger)
    let before = task.recorded
    let comments = try comments(record, task)
    let parts = pieces.enumerated().map { part($1, index: $0, of: task, isOnly: pieces.count == 1) }
    let scenes =
      request.splitsComponents
      ? parts.map { MeshScene(parts: [$0], comments: comments) } : [MeshScene(parts: parts, comments: comments)]
    var files: [StreamedFile] = []
    for (index, scene) in scenes.enumerated() {
      try cancellation.check()
      files.append(
        try request.format.write(scene, to: task.path(component: index)) { abandon in
          unfinished.withLock { $0.append(abandon) }
        })
      progress(0.8 + 0.2 * Double(index + 1) / Double(scenes.count))
    }
    let results = results(pieces, making, files)
    try record.write(sealed: files, results: results, warnings: [])
    // Components that there were in an earlier run, with other settings, and are no more.
    for path in before where !files.contains(where: { $0.path == path }) { unlink(path) }
    clock.note("written")
    outcome.written = files.map(\.path)
    outcome.results = results
    outcome.lines = [summary(results)]
  }

  private func part(_ piece: SurfaceMaking.Piece, index: Int, of task: MeshTask, isOnly: Bool) -> MeshScene.Part {
    let feature = SegmentationName.feature(of: task.input)
    let colour: SIMD3<Float> =
      switch plan.request.colouring {
      case .feature: MeshColour.feature(feature)
      case .component: MeshColour.component(index)
      case .fixed(let colour): colour
      }
    return MeshScene.Part(
      name: isOnly ? feature : "\(feature) \(index + 1)", mesh: piece.mesh, colour: colour, number: Int32(index + 1))
  }

  /// What the files say about themselves: the unit and the zero first, for STL has room for little more.
  private func comments(_ record: WorkRecord, _ task: MeshTask) throws(AisError) -> [String] {
    let (frame, unit) = (plan.request.usedFrame, plan.request.usedUnit)
    return ["unit \(unit.name), \(frame.explanation), axes x y z"] + (try record.lines("mesh"))
  }

  private func results(_ pieces: [SurfaceMaking.Piece], _ making: SurfaceMaking, _ files: [StreamedFile]) -> MeshResults
  {
    let unit = plan.request.usedUnit.angstroms / 10
    return MeshResults(
      threshold: making.reading.level, thresholdReason: making.reading.reason, binning: plan.request.binning,
      unit: plan.request.usedUnit.name, frame: plan.request.usedFrame.explanation,
      components: pieces.enumerated().map { index, piece in
        MeshResults.Piece(
          component: index + 1, voxels: piece.component.voxelCount,
          volumeCubicNanometer: rounded(Double(piece.component.voxelCount) * making.voxelVolume / 1000),
          areaSquareNanometer: rounded(piece.mesh.area * unit * unit), vertices: piece.mesh.vertices.count,
          triangles: piece.mesh.triangles.count,
          file: plan.request.splitsComponents ? (files[index].path as NSString).lastPathComponent : nil)
      })
  }

  private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

  /// One line for people.
  private func summary(_ results: MeshResults) -> String {
    let components = results.components
    let triangles = components.reduce(0) { $0 + $1.triangles }
    let area = components.reduce(0) { $0 + $1.areaSquareNanometer }
    let noun = components.count == 1 ? "component" : "components"
    return
      "\(components.count) \(noun) above \(angstromText(results.threshold)), \(triangles) triangles, \(Int(area.rounded())) nm² "
      + "(\(results.unit)s, \(results.frame))"
  }
}
