import AisCore
import AisSegmentation
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais group create`: a recipe, or a group for the reference program.
package struct GroupCreateCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a group of models, or change one into another kind.",
    discussion: """
        ais group create -o cell.json Membrane.scnm Ribosome.scnm \\
          --interaction 'Ribosome,colocalize,Membrane,30nm'
        ais group create -o cell.json *.scnm --emit Membrane --absorb Carbon --interaction 'Ribosome,avoid,Carbon,10nm,0.4'
        ais group create -o cell.scnmgroup cell.json      for the reference program
        ais group create -o cell.json cell.scnmgroup      its models are put beside the recipe

      An interaction is written CHILD,colocalize|avoid,PARENT,RADIUS[,THRESHOLD]: the child stays only within (colocalize) or \
      only beyond (avoid) the radius of where the parent is above the threshold (0.5). They run in the order given, after the \
      competition of models that emit and absorb.
      """)

  @Argument(help: ArgumentHelp("Models (.scnm, Keras .h5), or one group (.json, .scnmgroup).", valueName: "file"))
  package var files: [String]

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The file to write: .json is a recipe, .scnmgroup for the reference program.", valueName: "file")
  )
  package var output: String

  @Option(
    name: [.short, .long], parsing: .singleValue,
    help: ArgumentHelp(
      "An interaction; may be given several times.", valueName: "child,type,parent,radius[,threshold]"),
    transform: Self.rule)
  package var interaction: [GroupRecipe.Rule] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("A model that competes; may be given several times.", valueName: "title"))
  package var emit: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A model that becomes 0 where one that emits is more probable; may be given several times.", valueName: "title"))
  package var absorb: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "What counts as found by a model in volumes of labels: TITLE=0.4; may be given several times.",
      valueName: "title=value"), transform: Self.threshold)
  var threshold: [NamedThreshold] = []

  @Option(help: ArgumentHelp("The group's name. Without it, the file's.", valueName: "text"))
  package var title: String?

  @Option(help: ArgumentHelp("Radii slice by slice (2, as in the paper) or in depth too (3).", valueName: "2|3"))
  package var dimension: Combination.Dimension?

  @Option(
    help: ArgumentHelp(
      "reference: the reference program's rounding, bit for bit.", valueName: "standard|reference"))
  package var compatibility: Combination.Rounding?

  @Flag(help: "Replace the file if it exists.")
  package var force = false

  @Flag(name: [.short, .long], help: "Print errors only.")
  package var quiet = false

  package init() {}

  package func run() throws {
    var adjustments = GroupCreation.Adjustments()
    adjustments.title = title
    adjustments.emitting = emit
    adjustments.absorbing = absorb
    adjustments.thresholds = threshold.map { ($0.title, $0.value) }
    adjustments.rules = interaction
    adjustments.dimension = dimension
    adjustments.compatibility = compatibility
    var creation = try GroupCreation(files, adjustments: adjustments)
    let written = try creation.write(to: output, replaces: force)
    for finding in creation.findings { Terminal.standardError.print("ais: warning: \(finding.message)") }
    if quiet { return }
    for path in written { Terminal.standardOutput.print(path) }
    for line in creation.recipe.stepLines { Terminal.standardOutput.print("  \(line)") }
  }

  /// A model's title and its threshold.
  struct NamedThreshold: Sendable {
    var title: String
    var value: Double
  }

  private static func threshold(_ text: String) throws -> NamedThreshold {
    guard let sign = text.lastIndex(of: "="), let value = Double(text[text.index(after: sign)...]),
      (0...1).contains(value)
    else { throw ValidationError("'\(text)' is no threshold: expected a title and a number from 0 to 1: Membrane=0.4") }
    return NamedThreshold(title: String(text[..<sign]), value: value)
  }

  private static func rule(_ text: String) throws -> GroupRecipe.Rule {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    guard parts.count == 4 || parts.count == 5, !parts[0].isEmpty, !parts[2].isEmpty else {
      throw ValidationError(
        "'\(text)' is no interaction: expected CHILD,colocalize|avoid,PARENT,RADIUS[,THRESHOLD], such as 'Ribosome,colocalize,Membrane,30nm'"
      )
    }
    guard let kind = Interaction.Kind(word: parts[1]) else {
      throw ValidationError("'\(parts[1])' is no kind of interaction: expected colocalize or avoid")
    }
    let radius = try Quantity.length(parts[3])
    guard radius.angstrom >= 0 else { throw ValidationError("the radius '\(parts[3])' is below zero") }
    var rule = GroupRecipe.Rule(
      kind: kind, child: parts[0], parent: parts[2], radiusNanometer: radius.nanometer)
    if parts.count == 5 {
      guard let value = Double(parts[4]), (0...1).contains(value) else {
        throw ValidationError("'\(parts[4])' is no threshold: expected a number from 0 to 1")
      }
      rule.threshold = value
    }
    return rule
  }
}

extension Combination.Dimension: ExpressibleByArgument {}
extension Combination.Rounding: ExpressibleByArgument {}
