import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import ArgumentParser
import Foundation
import Logging

/// Turns what was typed into the tasks of a batch.
struct BatchPlanner {
  let workers: Int
  /// Of one worker.
  let threads: Int
  /// Of one worker.
  let memory: ByteCount
  let logger: Logger
  let cancellation: Cancellation
  private let workingFolder = FileManager.default.currentDirectoryPath

  /// What the plan comes to.
  struct Outcome {
    var plan: BatchPlan
    var output: String
    /// The commands, parsed.
    var commands: [any BatchableCommand]
    /// What concerns the first stage's inputs, each with its task.
    var items: [CommandWork.Item]

    var refusals: [AisError] { BatchPlanner.refusals(items) }
  }

  /// Throws what stops the whole batch: a wrong line, inputs that are not there, outputs that clash, too little disk, tasks
  /// none of which can be done.
  func plan(_ line: BatchLine) throws -> Outcome {
    let first = try BatchLine.command(line.stages[0])
    let work = try first.work(threads: threads, memory: memory, logger: logger, cancellation: cancellation)
    let refusals = Self.refusals(work.items)
    if let last = refusals.last, work.items.allSatisfy({ !$0.refusals.isEmpty }) {
      for refusal in refusals.dropLast() { Terminal.standardError.print("ais: \(refusal)") }
      throw last
    }
    var commands = [first]
    var stages = [BatchPlan.Stage(command: line.stages[0][0], words: line.stages[0], settings: work.settings)]
    var tasks = work.items.map { item in
      task(
        0, stages[0], [item.input], item.outputs, settings: item.settings,
        forecast: .init(seconds: item.seconds, memoryBytes: item.memoryBytes, diskBytes: item.diskBytes))
    }
    try addSummary(first, 0, stages[0], &tasks)
    let makers = tasks
    for (index, words) in line.stages.enumerated().dropFirst() {
      let (command, stage, own) = try later(words, index, after: first, makers)
      var added = own
      commands.append(command)
      stages.append(stage)
      try addSummary(command, index, stage, &added)
      tasks += added
    }
    try checkClashes(tasks)
    return Outcome(
      plan: BatchPlan(
        workingFolder: workingFolder, host: ProcessInfo.processInfo.hostName, date: Date(), stages: stages, tasks: tasks
      ),
      output: first.output, commands: commands, items: work.items)
  }

  /// What stands against inputs, every sentence once, with the inputs that it concerns.
  private static func refusals(_ items: [CommandWork.Item]) -> [AisError] {
    var found: [(error: AisError, inputs: [String])] = []
    for item in items {
      for refusal in item.refusals {
        if let place = found.firstIndex(where: { $0.error.description == refusal.description }) {
          found[place].inputs.append(item.input)
        } else {
          found.append((refusal, [item.input]))
        }
      }
    }
    return found.map { error, inputs in
      guard inputs.count > 1 else { return error.naming(inputs[0]) }
      return AisError(error.code, "'\(inputs[0])' and \(counted(inputs.count - 1, "other")): \(error.message)")
    }
  }

  /// A stage over what the first one makes.
  private func later(
    _ words: [String], _ index: Int, after first: any BatchableCommand, _ makers: [BatchTask]
  ) throws -> (any BatchableCommand, BatchPlan.Stage, [BatchTask]) {
    guard first is SegmentCommand else {
      throw ValidationError("'\(BatchLine.separator)' goes on with segmentations: the first command must be 'segment'")
    }
    // What groups write besides segmentations lies in folders of its own.
    let folder = OutputFolder.prefix(first.output)
    let made = makers.flatMap { task in
      task.outputs.filter { !$0.dropFirst(folder.count).contains("/") }.map { (task.id, $0) }
    }
    var command = try BatchLine.command(words, inputs: made.map(\.1))
    let wanted = command.wantedFeature
    let inputs = made.filter { wanted == nil || SegmentationName.feature(of: $0.1) == wanted }
    if inputs.isEmpty, let wanted {
      let features = Set(made.map { SegmentationName.feature(of: $0.1) }).sorted().map { "'\($0)'" }
      throw AisError(
        .usage,
        "no model of this batch makes '\(wanted)', which '\(words[0])' asks for: they make \(features.joined(separator: ", "))"
      )
    }
    command.batchInputs = inputs.map(\.1)
    guard let outline = try command.outline() else {
      throw ValidationError("'\(words[0])' cannot follow another command")
    }
    let stage = BatchPlan.Stage(command: words[0], words: words, settings: outline.settings)
    let tasks = zip(inputs, outline.outputs).map { input, outputs in
      task(index, stage, [input.1], outputs, needs: [input.0])
    }
    return (command, stage, tasks)
  }

  /// The table over all inputs that `ais measure` makes comes last, of what there is.
  private func addSummary(
    _ command: any BatchableCommand, _ index: Int, _ stage: BatchPlan.Stage, _ tasks: inout [BatchTask]
  ) throws(AisError) {
    guard let measure = command as? MeasureCommand, tasks.count > 1 else { return }
    let outputs = MeasureRun.summaries(try measure.request(memoryLimit: memory.bytes, threads: threads))
    tasks.append(task(index, stage, tasks.flatMap(\.inputs), outputs, follows: tasks.map(\.id)))
  }

  private func task(
    _ index: Int, _ stage: BatchPlan.Stage, _ inputs: [String], _ outputs: [String], needs: [String] = [],
    follows: [String] = [], settings: String? = nil, forecast: BatchTask.Forecast = .init()
  ) -> BatchTask {
    BatchTask(
      id: BatchTask.id(
        stage: stage, inputs: inputs, outputs: outputs, workingFolder: workingFolder, settings: settings), stage: index,
      inputs: inputs, outputs: outputs, needs: needs, follows: follows, forecast: forecast)
  }

  /// Two stages with one output in common. Within a stage, its command has looked already.
  private func checkClashes(_ tasks: [BatchTask]) throws(AisError) {
    var makers: [String: BatchTask] = [:]
    for task in tasks {
      for output in task.outputs {
        if let other = makers[output] {
          throw AisError(
            .needsDecision,
            "'\(other.inputs[0])' and '\(task.inputs[0])' both give '\(output)': give the commands different folders with '-o'"
          )
        }
        makers[output] = task
      }
    }
  }
}
