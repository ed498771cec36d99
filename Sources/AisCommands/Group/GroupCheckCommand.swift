import AisCore
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais group check`: whether groups can be used.
package struct GroupCheckCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Find what is wrong with groups: missing or changed networks, circles, names that fit nothing.",
    discussion: """
        ais group check cell.json
        ais group check --update cell.json      accept the networks that are there now

      The exit code is 1 when a group cannot be used.
      """)

  @Argument(help: ArgumentHelp("Groups: recipes (.json) and .scnmgroup files.", valueName: "file"))
  package var files: [String]

  @Flag(help: "Write the networks that are there now, with their hashes, into the recipe.")
  package var update = false

  @Flag(help: "Print JSON, schema ais.group-check/1.")
  package var json = false

  package init() {}

  package func run() throws {
    var report = GroupCheckReport()
    for path in files {
      do throws(AisError) {
        var group = try ModelGroup.read(path)
        if update {
          try group.update()
          group = try ModelGroup.read(path)
        }
        report.groups.append(.init(path: path, findings: group.findings))
      } catch {
        report.groups.append(.init(path: path, isGroup: false, error: error.message))
      }
    }
    if json {
      Terminal.standardOutput.print(text: try report.text())
    } else {
      Terminal.standardOutput.print(lines: report.groups.flatMap(\.lines))
    }
    if report.groups.contains(where: { !$0.isUsable }) { throw ExitCode(1) }
  }
}

/// What `ais group check` prints.
struct GroupCheckReport: Encodable {
  struct Group: Encodable {
    var path: String
    /// Whether the file is a group at all.
    var isGroup = true
    var error: String?
    var findings: [GroupFinding] = []
    var isUsable: Bool
    init(path: String, isGroup: Bool = true, error: String? = nil, findings: [GroupFinding] = []) {
      self.path = path
      self.isGroup = isGroup
      self.error = error
      self.findings = findings
      isUsable = isGroup && findings.allSatisfy { $0.severity != .error }
    }

    var lines: [String] {
      if let error { return ["\(path): error: \(error)"] }
      if findings.isEmpty { return ["\(path): can be used"] }
      return findings.map { "\(path): \($0.severity): \($0.message)" } + (isUsable ? ["\(path): can be used"] : [])
    }
  }

  var schema = "ais.group-check/1"
  var groups: [Group] = []

  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
