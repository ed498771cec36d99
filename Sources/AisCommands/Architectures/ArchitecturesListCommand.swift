import AisCore
import AisNetworks
import ArgumentParser
import Foundation

/// `ais architectures list`: what new networks can be made of.
package struct ArchitecturesListCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List what networks can be made of.",
    discussion: """
      Weights and cost are those of a network that sees one slice at a time. Cost: billions of multiplications for a megapixel \
      of a slice, or a million voxels of a slab. Boxes and slices are best multiples of the given side.

        ais architectures
        ais architectures --all        (also those that only older networks have)
      """)

  @Flag(help: "Also list those that are not offered for new networks any more.")
  package var all = false

  @Flag(help: "Print JSON, schema ais.architectures/1.")
  package var json = false

  package init() {}

  private struct Document: Encodable {
    struct Entry: Encodable {
      var name: String
      var aliases: [String]
      var form: String
      var parameters: Int
      var multiplicationsPerPixel: Double
      var sideMultiple: Int
      var depthMultiple: Int
      var isOffered: Bool
      var isDefault: Bool
      /// Brought along by the user.
      var isUsers: Bool
      /// The file's name of the user's own program that computes it.
      var program: String?
      var summary: String
    }
    var schema = "ais.architectures/1"
    var architectures: [Entry]
  }

  package func run() throws {
    let library = ArchitectureLibrary(folder: UserFolders.current.architectures)
    for warning in library.warnings { Terminal.standardError.print("ais: warning: \(warning)") }
    let shown = library.architectures.filter { all || $0.isOffered }
    let entries = try shown.map { architecture in
      Document.Entry(
        name: architecture.name, aliases: architecture.aliases, form: architecture.form.rawValue,
        parameters: architecture.parameterCount(), multiplicationsPerPixel: try architecture.multiplicationsPerPixel(),
        sideMultiple: architecture.sideMultiple, depthMultiple: architecture.depthMultiple,
        isOffered: architecture.isOffered, isDefault: architecture.name == Architecture.standard,
        isUsers: architecture.isUsers, program: architecture.program?.fileName, summary: architecture.summary)
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      Terminal.standardOutput.print(
        text: String(decoding: try encoder.encode(Document(architectures: entries)), as: UTF8.self) + "\n")
      return
    }
    let width = entries.map(\.name.count).max() ?? 0
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    func row(_ name: String, _ weights: String, _ cost: String, _ side: String, _ rest: String) -> String {
      let left = name + String(repeating: " ", count: max(0, width - name.count))
      return "\(left)  \(padded(weights, 8))  \(padded(cost, 6))  \(padded(side, 4))  \(rest)"
    }
    Terminal.standardOutput.print(lines: [row("name", "weights", "cost", "side", "")])
    Terminal.standardOutput.print(
      lines: entries.map { entry in
        row(
          entry.name, String(format: "%.2f M", Double(entry.parameters) / 1e6),
          entry.program == nil ? String(format: "%.0f", entry.multiplicationsPerPixel / 1e3) : "?",
          String(entry.sideMultiple),
          entry.summary + (entry.isDefault ? " (default)" : ""))
      })
  }
}
