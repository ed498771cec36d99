import AisCore
import Foundation

/// What one planning added to a batch: command lines, and the tasks that they come to (schema `ais.batch/1`).
///
/// A plan is written once and never changed. A batch is all plans of its folder together (`BatchTasks`).
package struct BatchPlan: Codable, Sendable {
  package static let schemaName = "ais.batch/1"

  /// One command and its options, carried out for each of its tasks.
  package struct Stage: Codable, Sendable, Hashable {
    /// `segment`, `pick`, …
    package var command: String
    /// The words behind `ais`, as typed; a task's own inputs replace those among them.
    package var words: [String]
    /// Everything that changes what comes out, as the command's accounts hold it, in JSON.
    package var settings: String

    package init(command: String, words: [String], settings: String) {
      self.command = command
      self.words = words
      self.settings = settings
    }
  }

  package struct Program: Codable, Sendable, Hashable {
    package var name = "ais"
    package var version = AisVersion.current
  }

  package private(set) var schema = BatchPlan.schemaName
  package private(set) var program = Program()
  /// What relative paths of words, inputs and outputs count from.
  package var workingFolder: String
  package var host: String
  package var date: String
  package var stages: [Stage]
  package var tasks: [BatchTask]

  package init(workingFolder: String, host: String, date: Date, stages: [Stage], tasks: [BatchTask]) {
    self.workingFolder = workingFolder
    self.host = host
    self.date = date.ISO8601Format()
    self.stages = stages
    self.tasks = tasks
  }
}

/// One piece of work that is done whole, by one worker: one tomogram through one network or group of them, one segmentation
/// picked, ….
package struct BatchTask: Codable, Sendable, Hashable {
  /// What it is expected to need.
  package struct Forecast: Codable, Sendable, Hashable {
    package var seconds: Double?
    package var memoryBytes: Int?
    package var diskBytes: Int?

    package init(seconds: Double? = nil, memoryBytes: Int? = nil, diskBytes: Int? = nil) {
      self.seconds = seconds
      self.memoryBytes = memoryBytes
      self.diskBytes = diskBytes
    }
  }

  /// Part of file names: letters, digits, `-` and `_`. Equal for equal work, whoever planned it.
  package var id: String
  /// Counts into the plan's stages.
  package var stage: Int
  package var inputs: [String]
  package var outputs: [String]
  /// Tasks that must be done before.
  package var needs: [String]
  /// Tasks that must have ended before, done or failed.
  package var follows: [String]
  package var forecast: Forecast

  package init(
    id: String, stage: Int, inputs: [String], outputs: [String], needs: [String] = [], follows: [String] = [],
    forecast: Forecast = Forecast()
  ) {
    self.id = id
    self.stage = stage
    self.inputs = inputs
    self.outputs = outputs
    self.needs = needs
    self.follows = follows
    self.forecast = forecast
  }
}
