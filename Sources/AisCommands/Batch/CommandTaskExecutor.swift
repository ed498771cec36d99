import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import ArgumentParser
import Foundation
import Logging
import Synchronization

/// Does tasks by carrying out the command line that they come from, with their own inputs.
final class CommandTaskExecutor: TaskExecutor {
  private let threads: Int
  private let memory: ByteCount
  private let logger: Logger
  /// Removes what is not finished.
  private let unfinished = Mutex<(@Sendable () -> Void)?>(nil)

  init(threads: Int, memory: ByteCount, logger: Logger) {
    self.threads = threads
    self.memory = memory
    self.logger = logger
  }

  func abandon() { unfinished.withLock { $0?() } }

  func execute(
    _ order: TaskOrder, cancellation: Cancellation, progress: @escaping @Sendable (Double) -> Void
  ) throws(AisError) -> TaskResult {
    do throws(AisError) { return try carryOut(order, cancellation, progress) } catch {
      throw isSummary(order.entry.task) ? error : error.naming(order.entry.name)
    }
  }

  private func carryOut(
    _ order: TaskOrder, _ cancellation: Cancellation, _ progress: @escaping @Sendable (Double) -> Void
  ) throws(AisError) -> TaskResult {
    let entry = order.entry
    guard FileManager.default.changeCurrentDirectoryPath(entry.workingFolder) else {
      throw AisError(
        .notFound,
        "the folder '\(entry.workingFolder)', from which the batch was started and from which its paths count, cannot be "
          + "entered on this machine. Every worker must see the same folders under the same names.")
    }
    var command = try parsed(entry.stage.words, entry.task.inputs)
    if isSummary(entry.task) {
      command.batchInputs = try measured(entry.task, command)
      command.force = false
    } else if order.isForced {
      command.force = true
    }
    if command.force {
      // What was made since is done, although everything was to be made again.
      command.force = false
      if let work = try? plan(command, order, cancellation), let done = finished(work, newerThan: order.freshSince) {
        return done
      }
      command.force = true
    }
    let work = try plan(command, order, cancellation)
    if let done = finished(work, newerThan: 0), !isSummary(entry.task) { return done }
    unfinished.withLock { $0 = work.abandon }
    defer { unfinished.withLock { $0 = nil } }
    let outcomes = try work.run { event in
      if case .progress(_, let fraction) = event { progress(fraction) }
    }
    if let failure = Self.failure(outcomes.flatMap(\.failures)) { throw failure }
    var result = TaskResult(outputs: outcomes.flatMap { $0.written + $0.skipped })
    if isSummary(entry.task) { result.outputs = entry.task.outputs }
    result.warnings = outcomes.flatMap(\.warnings)
    result.lines = outcomes.flatMap(\.lines)
    return result
  }

  private func parsed(_ words: [String], _ inputs: [String]) throws(AisError) -> any BatchableCommand {
    do { return try BatchLine.command(words, inputs: inputs) } catch {
      throw AisError(
        .usage,
        "the command of the task is not understood: \(AisCommand.message(for: error)). It says: \(words.joined(separator: " "))"
      )
    }
  }

  /// Plans with the memory that the task may use, or with more where that does not do.
  private func plan(
    _ command: any BatchableCommand, _ order: TaskOrder, _ cancellation: Cancellation
  ) throws(AisError) -> CommandWork {
    var share = order.memoryShare
    while true {
      let amount = ByteCount(Int(Double(memory.bytes) * share))
      let work = try command.work(threads: threads, memory: amount, logger: logger, cancellation: cancellation)
      let needsMore = work.items.contains { $0.refusals.contains { $0.code == .outOfMemory } }
      guard needsMore, share < 1 else { return work }
      share = min(1, share * 2)
    }
  }

  /// The result when there is nothing to do.
  private func finished(_ work: CommandWork, newerThan time: Double) -> TaskResult? {
    guard !work.items.isEmpty, work.items.allSatisfy(\.isFinished) else { return nil }
    var result = TaskResult(outputs: work.items.flatMap(\.outputs))
    guard result.outputs.allSatisfy({ BatchFolder.time($0).map { $0 >= time } ?? false }) else { return nil }
    result.wasThere = true
    return result
  }

  /// A task over several inputs is the summary of what others have made.
  private func isSummary(_ task: BatchTask) -> Bool { task.inputs.count > 1 }

  /// Inputs of the summary whose measures are there.
  private func measured(_ task: BatchTask, _ command: any BatchableCommand) throws(AisError) -> [String] {
    let outputs = try command.outline()?.outputs ?? []
    let inputs = zip(task.inputs, outputs).filter { FileManager.default.fileExists(atPath: $0.1[0]) }.map(\.0)
    if inputs.isEmpty {
      throw AisError(.notFound, "there is nothing to sum up: none of the \(task.inputs.count) inputs was measured")
    }
    return inputs
  }

  /// One error for all of a task: the first, with the others' words.
  private static func failure(_ errors: [AisError]) -> AisError? {
    guard let first = errors.first else { return nil }
    return AisError(first.code, errors.map(\.description).joined(separator: "; "))
  }
}
