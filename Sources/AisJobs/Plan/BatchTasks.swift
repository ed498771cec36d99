import AisCore

/// All tasks of a batch, in the order in which they were planned.
package struct BatchTasks: Sendable {
  /// A task and what it needs to know of its plan.
  package struct Entry: Sendable {
    package var task: BatchTask
    package var stage: BatchPlan.Stage
    package var workingFolder: String
    /// The plan's number, counted from 1.
    package var plan: Int
    /// The version of the program that planned it.
    package var version: String
  }

  package private(set) var entries: [Entry] = []
  private var places: [String: Int] = [:]

  /// Of plans in the order in which they were made. A later plan's task takes the place of earlier ones with an output in
  /// common: somebody planned the same output with other settings.
  package init(_ plans: [BatchPlan]) {
    var makers: [String: String] = [:]
    var known: [String: Entry] = [:]
    var order: [String] = []
    for (number, plan) in plans.enumerated() {
      for task in plan.tasks where plan.stages.indices.contains(task.stage) {
        for output in task.outputs {
          if let other = makers[Self.key(output, plan)], other != task.id { known[other] = nil }
          makers[Self.key(output, plan)] = task.id
        }
        if known[task.id] == nil { order.append(task.id) }
        known[task.id] = Entry(
          task: task, stage: plan.stages[task.stage], workingFolder: plan.workingFolder, plan: number + 1,
          version: plan.program.version)
      }
    }
    var seen: Set<String> = []
    for id in order where seen.insert(id).inserted {
      guard let entry = known[id] else { continue }
      places[id] = entries.count
      entries.append(entry)
    }
  }

  package subscript(id: String) -> Entry? { places[id].map { entries[$0] } }

  /// An output's path from the root, as far as words go.
  private static func key(_ path: String, _ plan: BatchPlan) -> String {
    path.hasPrefix("/") ? path : plan.workingFolder + "/" + path
  }
}

extension BatchTasks.Entry {
  package var id: String { task.id }

  /// What people call the task: its first input.
  package var name: String { task.inputs.first ?? task.outputs.first ?? task.id }

  /// A path of the task, from the root.
  package func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : workingFolder + "/" + path }
}
