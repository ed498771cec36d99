import AisCore
import AisWorkflows
import ArgumentParser

/// How lists of particles are compared.
package struct PointEvaluationArguments: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "The particles' radius: 12nm for all, or ribosome=15nm for one class; may be given several times.",
      valueName: "length"),
    transform: PointEvaluationArguments.radius)
  var radius: [ClassRadius] = []

  @Option(
    help: ArgumentHelp(
      "A particle counts as found within this fraction of its radius. Without it, 0.5.", valueName: "fraction"))
  var fraction: Double?

  @Option(
    help: ArgumentHelp("A particle counts as found within this distance, whatever its radius.", valueName: "length"),
    transform: Quantity.positiveLength)
  var distance: Length?

  @Option(
    help: ArgumentHelp(
      "How many times as much recall counts as precision in F-beta. Without it, 1.", valueName: "number"))
  var beta: Double?

  @Option(
    help: ArgumentHelp(
      "A published rule: czii (CZII challenge 2024: within half the radius, beta 4, its radii and weights) or shrec2021 (needs --occupancy).",
      valueName: "czii|shrec2021"))
  var preset: MatchingRule.Preset?

  @Option(
    help: ArgumentHelp(
      "With shrec2021: the volume whose voxels hold the number of their particle, counted from 1 in the order of the true list.",
      valueName: "file"))
  var occupancy: String?

  @Option(
    help: ArgumentHelp(
      "With a volume of labels as truth: leave out connected parts smaller than this, such as 100nm3, 100000A3 or 120px.",
      valueName: "volume"),
    transform: Quantity.bulk)
  var minVolume: PickRequest.Bulk?

  @Option(
    name: .customLong("class"), parsing: .singleValue,
    help: ArgumentHelp("Compare particles of this class only; may be given several times.", valueName: "name"))
  var classes: [String] = []

  @Flag(help: "Compare positions whatever their class.")
  var ignoreClasses = false

  @Option(help: ArgumentHelp("The column that names the class, if not one of the usual ones.", valueName: "name"))
  var classColumn: String?

  @Option(help: ArgumentHelp("The column that holds the score, if not the format's own.", valueName: "name"))
  var scoreColumn: String?

  package init() {}

  struct ClassRadius: Sendable {
    /// `nil`: of all classes.
    var name: String?
    var radius: Length
  }

  package func validate() throws {
    if fraction != nil, distance != nil {
      throw ValidationError("--fraction and --distance contradict each other: give one of them")
    }
    if let fraction, !(fraction > 0 && fraction.isFinite) {
      throw ValidationError("--fraction \(fraction): expected a number above zero, such as 0.5")
    }
    if let beta, !(beta > 0 && beta.isFinite) {
      throw ValidationError("--beta \(beta): expected a number above zero, such as 1 or 4")
    }
    if preset == .shrec2021, occupancy == nil {
      throw ValidationError(
        "--preset shrec2021 needs --occupancy: the volume whose voxels hold the number of the particle they belong to")
    }
    if occupancy != nil, preset != .shrec2021 {
      throw ValidationError("--occupancy is used with --preset shrec2021 only")
    }
    if preset == .shrec2021, distance != nil || fraction != nil || !radius.isEmpty {
      throw ValidationError(
        "--preset shrec2021 looks particles up in the occupancy volume: leave distances and radii away")
    }
  }

  /// Whether any of these options was given.
  var isUsed: Bool {
    !radius.isEmpty || fraction != nil || distance != nil || beta != nil || preset != nil || !classes.isEmpty
      || ignoreClasses || classColumn != nil || scoreColumn != nil || minVolume != nil
  }

  var rule: MatchingRule {
    var rule = preset.map { MatchingRule($0) } ?? MatchingRule()
    if let distance { rule.reach = .length(distance) }
    if let fraction { rule.reach = .fractionOfRadius(fraction) }
    if rule.reach == nil, !radius.isEmpty { rule.reach = .fractionOfRadius(0.5) }
    for entry in radius {
      if let name = entry.name {
        rule.radii[PointNames.featureKey(name)] = entry.radius
      } else {
        rule.radius = entry.radius
      }
    }
    if let beta { rule.beta = beta }
    if let occupancy { rule.counting = .occupancy(occupancy) }
    if ignoreClasses { rule.ignoresFeatures = true }
    return rule
  }

  private static func radius(_ text: String) throws -> ClassRadius {
    guard let equals = text.lastIndex(of: "=") else {
      return ClassRadius(name: nil, radius: try Quantity.positiveLength(text))
    }
    let name = String(text[..<equals])
    if name.isEmpty { throw ValidationError("'\(text)' names no class before '='; expected ribosome=15nm") }
    return ClassRadius(name: name, radius: try Quantity.positiveLength(String(text[text.index(after: equals)...])))
  }
}

extension MatchingRule.Preset: ExpressibleByArgument {}
