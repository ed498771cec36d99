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
    if plan.outputCount > 0 {
      for folder in SegmentOutputNames.folders(plan.request) { try OutputFolder.prepare(folder, logger: logger) }
    }
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
    let file = try RandomAccessFile(task.input)
    let input: InputFingerprint
    if let known = task.fingerprint, known.isCurrent(file) { input = known } else { input = try .init(file) }
    let tomogram: Tomogram
    if let open = pass.tomogram { tomogram = open } else { tomogram = try .open(file, options: pass.options) }
    let segmentation = try SegmentationPass.planned(
      tomogram, pass, request: plan.request.own(task.input), models: plan.models)
    let account = SegmentAccount(plan: plan, task: task, tomogram: tomogram, input: input, began: began)
    var writers: [MRCWriter] = []
    defer {
      writers.forEach { $0.abandon() }
      open.withLock { $0.removeAll() }
    }
    for output in pass.outputs {
      let writer = try tomogram.makeOutput(
        path: output.path,
        elementType: SegmentTask.elementType(of: output.kind, request: plan.request, labels: pass.models.count),
        labels: account.labels(of: output))
      writers.append(writer)
      open.withLock { $0.append(writer) }
    }
    let report = try segmentation.run(
      source: tomogram, sinks: Self.sinks(for: pass, writers), cancellation: cancellation, progress: progress)
    for index in pass.models {
      let model = plan.models[index].model
      guard let trial = model.network.details["precisionTrial"] else { continue }
      logger.info("'\(model.title)' is computed with \(trial)")
    }
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
      let order = pass.models.firstIndex(of: output.model) ?? 0
      let provenance = account.provenance(
        of: output, order: order, forecast: segmentation.forecast.models[order], report: report)
      try AtomicFile.write(provenance.json(), to: beside)
      outcome.written.append(output.path)
    }
  }

  /// Where the slices of a pass go: each to the file of its output.
  private static func sinks(for pass: SegmentTask.Pass, _ writers: [MRCWriter]) -> PassSinks {
    var sinks = PassSinks(results: pass.models.map { _ in nil })
    if pass.outputs.contains(where: { $0.kind == .raw }) { sinks.raw = pass.models.map { _ in nil } }
    for (output, writer) in zip(pass.outputs, writers) {
      let order = pass.models.firstIndex(of: output.model) ?? 0
      switch output.kind {
      case .segmentation: sinks.results[order] = VolumeSink(writer: writer)
      case .raw: sinks.raw[order] = VolumeSink(writer: writer)
      case .labels: sinks.labels = VolumeSink(writer: writer)
      }
    }
    return sinks
  }
}

/// Writes slices of a segmentation into its file.
private struct VolumeSink: SegmentationSink {
  let writer: MRCWriter

  func write(slice z: Int, _ values: UnsafeBufferPointer<Float>) throws(AisError) {
    try writer.writeSlice(z, values)
    if z == writer.shape.z / 2 { CrashPoint.reached(.midSlab) }
  }
}
