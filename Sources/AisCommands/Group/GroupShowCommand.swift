import AisCore
import AisNetworks
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais group show`: what is in groups.
package struct GroupShowCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show the models of a group and what is done to their results.",
    discussion: """
        ais group show cell.json
        ais group show cell.scnmgroup --json
      """)

  @Argument(help: ArgumentHelp("A group: a recipe (.json) or a .scnmgroup.", valueName: "file"))
  package var file: String

  @Flag(help: "Print JSON: the recipe, schema ais.group/1, also of a .scnmgroup.")
  package var json = false

  package init() {}

  package func run() throws {
    let group = try ModelGroup.read(file)
    if json {
      Terminal.standardOutput.print(text: String(decoding: group.recipe.json, as: UTF8.self))
    } else {
      Terminal.standardOutput.print(lines: GroupTable.lines(group))
    }
    for finding in group.findings { Terminal.standardError.print("ais: \(finding.severity): \(finding.message)") }
  }
}

/// A group as text.
enum GroupTable {
  static func lines(_ group: ModelGroup) -> [String] {
    let recipe = group.recipe
    let header = ["model", "network", "pixel size", "threshold", "competition", "file"]
    let rows = zip(recipe.models, group.files).map { model, file in
      let competition = [model.emits ? "emits" : "", model.absorbs ? "absorbs" : ""].filter { !$0.isEmpty }
      let kind = file.map { "\($0.graph.dimensionality.rawValue)D, \($0.contentHash.prefix(8))…" } ?? "missing"
      let size = file.map { $0.metadata.apix.map { angstromText($0) + " Å" } ?? "unknown" } ?? ""
      return [
        model.title, kind, size, text(model.threshold),
        competition.isEmpty ? "–" : competition.joined(separator: ", "), model.file,
      ]
    }
    let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
    var lines = ["\(recipe.title): \(recipe.models.count) models, \(recipe.rules.count) interactions"]
    for row in [header] + rows {
      let cells = row.indices.map { row[$0] + String(repeating: " ", count: widths[$0] - row[$0].count) }
      lines.append("  " + cells.joined(separator: "  ").trimmingCharacters(in: .whitespaces))
    }
    // A recipe with faults has no steps that could be named.
    let isSound = recipe.findings.allSatisfy { $0.severity != .error }
    return lines + (isSound ? recipe.stepLines.map { "  \($0)" } : [])
  }

  private static func text(_ value: Double) -> String { String(format: "%g", value) }
}
