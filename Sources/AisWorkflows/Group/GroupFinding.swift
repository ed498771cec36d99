import AisCore
import AisSegmentation

/// Something about a group that a person should know, with what to do about it.
package struct GroupFinding: Sendable, Equatable, Encodable {
  package enum Severity: String, Sendable, Encodable {
    /// The group cannot be used.
    case error
    case warning
  }

  /// What it is about, for programs.
  package enum Code: String, Sendable, Encodable {
    case noModels = "no-models"
    case duplicateTitle = "duplicate-title"
    case unknownModel = "unknown-model"
    case selfInteraction = "self-interaction"
    case cycle
    case range
    case dimension
    case competition
    case missingModel = "missing-model"
    case unreadableModel = "unreadable-model"
    case changedModel = "changed-model"
    case movedModel = "moved-model"
    case unhashedModel = "unhashed-model"
    case lostInteraction = "lost-interaction"
  }

  package var severity: Severity
  package var code: Code
  package var message: String
}

extension GroupRecipe {
  /// What does not fit together in the recipe itself; its networks are not looked at.
  package var findings: [GroupFinding] {
    var findings: [GroupFinding] = []
    func add(_ severity: GroupFinding.Severity, _ code: GroupFinding.Code, _ message: String) {
      findings.append(GroupFinding(severity: severity, code: code, message: message))
    }
    if models.isEmpty { add(.error, .noModels, "the group has no models") }
    var titles = Set<String>()
    for model in models where !titles.insert(model.title).inserted {
      add(
        .error, .duplicateTitle,
        "two models are called '\(model.title)', so that interactions and outputs cannot tell them apart: give one of them another 'title' in the recipe"
      )
    }
    for model in models where !(0...1).contains(model.threshold) {
      add(.error, .range, "the threshold of '\(model.title)' is \(model.threshold), expected 0 to 1")
    }
    for (index, rule) in rules.enumerated() {
      let place = "interaction \(index + 1)"
      for title in Set([rule.child, rule.parent]).sorted() where !titles.contains(title) {
        let known = models.map { "'\($0.title)'" }.joined(separator: ", ")
        add(.error, .unknownModel, "\(place) names '\(title)', which is no model of the group. It has \(known)")
      }
      if rule.child == rule.parent {
        add(
          .error, .selfInteraction,
          "\(place) makes '\(rule.child)' depend on itself: an interaction needs two models, so remove it or name another parent"
        )
      }
      if !(0...1).contains(rule.threshold) {
        add(.error, .range, "the threshold of \(place) is \(rule.threshold), expected 0 to 1")
      }
      if !(rule.radiusNanometer >= 0) {
        add(.error, .range, "the radius of \(place) is \(rule.radiusNanometer) nm, expected 0 or more")
      }
    }
    for cycle in cycles {
      let path = (cycle + [cycle[0]]).map { "'\($0)'" }.joined(separator: " ← ")
      add(
        .warning, .cycle,
        "\(path) change each other in a circle. This is allowed: interactions run once, in the order of the recipe, and each sees what those before it left. If that is not meant, remove one of them"
      )
    }
    if compatibility == .reference, dimension == .three {
      add(
        .error, .dimension,
        "the reference program dilates slice by slice: set 'dimension' to 2, or 'compatibility' to 'standard'")
    }
    let combination = Combination(members: models.map { .init(emits: $0.emits, absorbs: $0.absorbs) })
    if !combination.competes, models.contains(where: { $0.emits || $0.absorbs }) {
      let word = models.contains(where: \.emits) ? "absorbs" : "emits"
      add(
        .warning, .competition,
        "there is no competition, for no model \(word): competition needs one that emits and one that absorbs")
    }
    return findings
  }

  /// Circles of models of which each is changed by the next, each once.
  private var cycles: [[String]] {
    var parents: [String: [String]] = [:]
    for rule in rules where rule.child != rule.parent && !(parents[rule.child] ?? []).contains(rule.parent) {
      parents[rule.child, default: []].append(rule.parent)
    }
    var cycles: [[String]] = []
    var done = Set<String>()
    func walk(_ title: String, _ path: [String]) {
      if let start = path.firstIndex(of: title) {
        let cycle = Array(path[start...])
        if !cycles.contains(where: { Set($0) == Set(cycle) }) { cycles.append(cycle) }
        return
      }
      guard !done.contains(title) else { return }
      for parent in parents[title] ?? [] { walk(parent, path + [title]) }
      done.insert(title)
    }
    for rule in rules { walk(rule.child, []) }
    return cycles
  }
}
