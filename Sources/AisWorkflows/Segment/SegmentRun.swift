import AisCore
import AisFormats
import AisImaging
import AisNetworks
import AisSegmentation
import Foundation
import Logging
import Synchronization

/// Carries out a plan, one tomogram after the other.
package final class SegmentRun: Sendable {
  private let plan: SegmentPlan
  private let cancellation: Cancellation
  private let logger: Logger
  /// Writers whose files are not under their names yet.
  private let open = Mutex<[MRCWriter]>([])

  package init(_ plan: SegmentPlan, cancellation: Cancellation, logger: Logger) {
    self.plan = plan
    self.cancellation = cancellation
    self.logger = logger
  }

  /// Does every task, whatever becomes of the others, and tells how each ended. Throws `cancelled` when asked to stop, and
  /// when the output folder cannot be made.
  package func run(_ watch: @escaping (BatchEvent) -> Void) throws(AisError) -> [BatchOutcome] {
    if plan.outputCount > 0 { try OutputFolder.prepare(plan.request.outputFolder, logger: logger) }
    let known = plan.tasks.map { BatchOutcome(input: $0.input, skipped: $0.finished, failures: $0.refusals) }
    return try Batch.run(known, cancellation: cancellation, watch: watch) {
      (index, outcome: inout BatchOutcome, progress) throws(AisError) in
      let task = plan.tasks[index]
      var done = 0.0
      for pass in task.passes {
        do throws(AisError) {
          try run(pass, of: task, outcome: &outcome) { fraction in
            let seconds = done + fraction * pass.forecast.seconds
            progress(task.seconds > 0 ? seconds / task.seconds : fraction)
          }
        } catch {
          if error.code == .cancelled { throw error }
          outcome.fail(error)
        }
        done += pass.forecast.seconds
      }
    }
  }

  /// Removes what is not finished. For a process that is about to end: from any thread, and at once.
  package func abandon() {
    open.withLock { writers in writers.forEach { $0.abandon() } }
  }

  private func run(
    _ pass: SegmentTask.Pass, of task: SegmentTask, outcome: inout BatchOutcome, progress: (Double) -> Void
  ) throws(AisError) {
    let began = Date()
    let tomogram: Tomogram
    if let open = pass.tomogram { tomogram = open } else { tomogram = try .open(task.input, options: pass.options) }
    let segmentation = try SegmentationPass.planned(
      tomogram, pass.outputs, request: plan.request, models: plan.models)
    let input = try InputFingerprint(task.input)
    var writers: [MRCWriter] = []
    defer {
      writers.forEach { $0.abandon() }
      open.withLock { $0.removeAll() }
    }
    for output in pass.outputs {
      let file = plan.models[output.model].file
      let writer = try tomogram.makeOutput(
        path: output.path, elementType: plan.request.outputType.elementType,
        labels: SegmentProvenance.labels(
          model: file, input: task.input, settings: output.settings, fingerprint: output.fingerprint,
          date: Self.text(began)))
      writers.append(writer)
      open.withLock { $0.append(writer) }
    }
    let report = try segmentation.run(
      source: tomogram, sinks: PassSinks(results: writers.map { VolumeSink(writer: $0) }), cancellation: cancellation, progress: progress)
    if let statistics = report.statistics, statistics.skipped > 0 {
      logger.warning(
        "'\(task.input)': \(statistics.skipped) of the voxels looked at are not numbers; such voxels are taken as the mean"
      )
    }
    for (index, output) in pass.outputs.enumerated() {
      try cancellation.check()
      let beside = ExistingOutput.provenancePath(of: output.path)
      // The volume first: a volume without its provenance is done again, provenance without its volume would be a lie.
      unlink(beside)
      try writers[index].finish()
      CrashPoint.reached(.inProvenance)
      let provenance = provenance(
        of: output, index, task: task, tomogram: tomogram, input: input, forecast: segmentation.forecast,
        report: report, began: began)
      try AtomicFile.write(provenance.json(), to: beside)
      outcome.written.append(output.path)
    }
  }

  private func provenance(
    of output: SegmentTask.Output, _ index: Int, task: SegmentTask, tomogram: Tomogram, input: InputFingerprint,
    forecast: SegmentationForecast, report: SegmentationReport, began: Date
  ) -> SegmentProvenance {
    let (file, model) = (plan.models[output.model].file, plan.models[output.model].model)
    let modelForecast = forecast.models[index]
    func xyz(_ size: VoxelSize) -> [Double] { [size.x.angstrom, size.y.angstrom, size.z.angstrom] }
    var engine = plan.engine.details
    engine["name"] = plan.engine.name
    let type = plan.request.outputType
    return SegmentProvenance(
      model: .init(
        title: model.title, path: file.path, contentHash: file.contentHash, architecture: file.metadata.architecture,
        depth: model.depth, dimensionality: file.graph.dimensionality.rawValue,
        normalization: file.metadata.normalization.rawValue, pixelSizeAngstrom: file.metadata.apix),
      settings: output.settings, fingerprint: output.fingerprint,
      input: .init(
        path: task.input, fingerprint: input, shapeXYZ: [tomogram.shape.x, tomogram.shape.y, tomogram.shape.z],
        voxelSizeAngstromXYZ: tomogram.voxelSize.map(xyz), byteSign: tomogram.info.byteSign?.explanation,
        warnings: tomogram.warnings.map(\.message)),
      output: .init(
        file: (output.path as NSString).lastPathComponent, elementType: type.elementType.rawValue,
        valueAtProbabilityOne: Double(type.scale.full)),
      processing: .init(
        workingSizeXY: [modelForecast.workingSize.x, modelForecast.workingSize.y], isRescaled: modelForecast.rescales,
        uncoveredSlices: modelForecast.uncoveredSlices,
        greyLevelCentre: model.normalization == .wholeTomogram ? report.statistics.map { Double($0.centre) } : nil,
        greyLevelScale: model.normalization == .wholeTomogram ? report.statistics.map { Double($0.scale) } : nil),
      engine: engine, host: ProcessInfo.processInfo.hostName, date: Self.text(began),
      durationSeconds: (Date().timeIntervalSince(began) * 1000).rounded() / 1000)
  }

  /// `2026-11-22T13:50:01Z`
  private static func text(_ date: Date) -> String { date.ISO8601Format() }
}

/// Writes slices of a segmentation into its file.
private struct VolumeSink: SegmentationSink {
  let writer: MRCWriter

  func write(slice z: Int, _ values: UnsafeBufferPointer<Float>) throws(AisError) {
    try writer.writeSlice(z, values)
    if z == writer.shape.z / 2 { CrashPoint.reached(.midSlab) }
  }
}
