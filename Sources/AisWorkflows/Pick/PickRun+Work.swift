import AisCore
import AisFormats
import Logging

extension PickRun {
  /// Plans `ais pick` for a batch.
  package static func work(
    _ request: PickRequest, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> CommandWork {
    let plan = try PickPlan.make(request, cancellation: cancellation)
    let run = PickRun(plan, cancellation: cancellation, logger: logger)
    let items = plan.tasks.map { task in
      var item = CommandWork.Item(input: task.input, outputs: task.outputs)
      item.isFinished = !task.finished.isEmpty
      item.refusals = task.refusals
      return item
    }
    return CommandWork(
      items: items, settings: try WorkRecord.text(of: PickSettings(request)),
      run: { (watch) throws(AisError) in try run.run(watch) }, abandon: {})
  }

  /// What would be picked from segmentations that are not there yet.
  package static func outline(_ request: PickRequest) throws(AisError) -> CommandOutline {
    try request.validate()
    return CommandOutline(
      settings: try WorkRecord.text(of: PickSettings(request)),
      outputs: request.inputs.map { PickTask($0, request).outputs })
  }
}
