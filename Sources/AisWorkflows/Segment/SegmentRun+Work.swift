import AisCore
import AisFormats
import AisNetworks
import AisSegmentation
import Logging

extension SegmentRun {
  /// The settings of a segmentation, its networks among them.
  private struct WorkSettings: Encodable {
    struct Model: Encodable {
      var title: String
      var contentHash: String
    }
    var models: [Model]
    /// The recipe of a group.
    var group: String?
    var settings: SegmentProvenance.Settings?
  }

  /// Plans `ais segment` for a batch.
  package static func work(
    _ request: SegmentRequest, engine: any Engine, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> CommandWork {
    let plan = try SegmentPlanner.plan(request, engine: engine, logger: logger, cancellation: cancellation)
    let run = SegmentRun(plan, cancellation: cancellation, logger: logger)
    let items = plan.tasks.map { task in
      let passes = task.passes
      var item = CommandWork.Item(input: task.input, outputs: task.outputs)
      item.isFinished = task.finished.count == item.outputs.count
      item.refusals = task.refusals
      item.seconds = task.seconds
      item.memoryBytes = passes.map(\.forecast.memoryBytes).max() ?? 0
      item.diskBytes = passes.reduce(0) { $0 + $1.diskBytes }
      item.settings = request.limits?.text(of: task.input)
      return item
    }
    let settings = WorkSettings(
      models: plan.models.map { .init(title: $0.model.title, contentHash: $0.file.contentHash) },
      group: plan.group.map { String(decoding: $0.json, as: UTF8.self) },
      settings: plan.models.first.map { .init(request, options: request.view, model: $0) })
    return CommandWork(
      items: items, settings: try WorkRecord.text(of: settings),
      run: { (watch) throws(AisError) in try run.run(watch) }, abandon: { run.abandon() })
  }
}
