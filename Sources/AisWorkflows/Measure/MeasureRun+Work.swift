import AisCore
import AisFormats

extension MeasureRun {
  /// The table and the picture of one input.
  static func outputs(of input: String, _ request: MeasureRequest) -> [String] {
    let folder = OutputFolder.prefix(request.outputFolder)
    return ["_measures.csv", "_measures.png"].map { folder + OutputName.stem(of: input) + $0 }
  }

  /// The table and the picture of all inputs.
  package static func summaries(_ request: MeasureRequest) -> [String] {
    ["summary.csv", "summary.png"].map { OutputFolder.prefix(request.outputFolder) + $0 }
  }

  /// The measuring of all inputs, for a batch.
  package func work() throws(AisError) -> CommandWork {
    let items = zip(tasks, before).map { task, known in
      var item = CommandWork.Item(input: task.input, outputs: task.outputs)
      item.isFinished = task.isDone
      item.refusals = known.failures
      return item
    }
    return CommandWork(
      items: items, settings: try Self.settingsText(request),
      run: { (watch) throws(AisError) in try self.run(watch).outcomes }, abandon: {})
  }

  /// What would be measured of inputs that are not there yet.
  package static func outline(_ request: MeasureRequest) throws(AisError) -> CommandOutline {
    CommandOutline(settings: try settingsText(request), outputs: request.inputs.map { outputs(of: $0, request) })
  }

  private static func settingsText(_ request: MeasureRequest) throws(AisError) -> String {
    try WorkRecord.text(of: Settings(request, targets: request.targets))
  }
}
