import AisCore
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais doctor`: what this machine offers, what is missing, and how to get it.
package struct DoctorCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Show what this machine offers, what is missing, and how to get it.",
    discussion: """
      Lists what networks can run on, as '--device' names it, with what keeps the others from being used and what mends it. \
      Nothing is changed. Ends with 0 also when something is missing: segmenting needs the processor only.
      """)

  @Flag(help: "Print JSON, schema ais.devices/1.")
  package var json = false

  package init() {}

  package func run() throws {
    let survey = EngineSurvey.current()
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      Terminal.standardOutput.print(text: String(decoding: try encoder.encode(survey), as: UTF8.self) + "\n")
      return
    }
    let resources = MachineResources.current()
    Terminal.standardOutput.print(lines: [
      "threads  \(resources.threads) (\(resources.threadsReason))",
      "memory   \(ByteCount(resources.memoryBytes)) (\(resources.memoryReason))",
      "",
    ])
    Terminal.standardOutput.print(lines: Self.lines(of: survey))
  }

  /// One line a device, and below it what to do.
  static func lines(of survey: EngineSurvey) -> [String] {
    let width = survey.findings.map(\.device.count).max() ?? 0
    return survey.findings.flatMap { finding in
      let name = finding.device.padding(toLength: width, withPad: " ", startingAt: 0)
      let head = "\(name)  \(finding.isUsable ? "usable    " : "not usable")  \(finding.title): \(finding.details)"
      return [head] + (finding.remedy.map { [String(repeating: " ", count: width + 14) + $0] } ?? [])
    }
  }
}
