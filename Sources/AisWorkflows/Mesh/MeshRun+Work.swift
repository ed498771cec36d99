import AisCore
import AisFormats
import Logging

extension MeshRun {
  /// Plans `ais mesh` for a batch.
  package static func work(
    _ request: MeshRequest, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> CommandWork {
    let plan = try MeshPlan.make(request, cancellation: cancellation)
    let run = MeshRun(plan, cancellation: cancellation, logger: logger)
    let items = plan.tasks.map { task in
      var item = CommandWork.Item(input: task.input, outputs: [task.path(component: 0)])
      item.isFinished = !task.finished.isEmpty
      item.refusals = task.refusals
      return item
    }
    return CommandWork(
      items: items, settings: try WorkRecord.text(of: MeshSettings(plan.request)),
      run: { (watch) throws(AisError) in try run.run(watch) }, abandon: { run.abandon() })
  }

  /// What would be made of segmentations that are not there yet; into a folder.
  package static func outline(_ request: MeshRequest) throws(AisError) -> CommandOutline {
    try request.validate()
    if MeshRequest.format(ofFile: request.output) != nil {
      throw AisError(.usage, "'\(request.output)' is one file: give a folder with '-o' for the surfaces of a batch")
    }
    let outputs = request.inputs.map { input in
      let base = OutputFolder.prefix(request.output) + SegmentationName.stem(of: input)
      return MeshTask(
        input: input, base: base, pathExtension: request.format.rawValue, isSplit: request.splitsComponents)
    }
    return CommandOutline(
      settings: try WorkRecord.text(of: MeshSettings(request)), outputs: outputs.map { [$0.path(component: 0)] })
  }
}
