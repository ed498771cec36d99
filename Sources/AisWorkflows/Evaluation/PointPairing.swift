import AisCore

/// Which tomograms and features of two lists are the same, and which points belong to each.
struct PointPairing {
  /// Those of the truth.
  let tomograms: [PointSet.Tomogram]
  /// Those of the truth, and those that were found besides.
  let features: [String]
  let notes: [String]
  private let found: [[Int]]
  private let truth: [[Int]]

  init(found: PointSet, truth: PointSet, rule: MatchingRule) throws(AisError) {
    var notes = truth.notes + found.notes
    let keptTruth = truth.points.indices.filter { !rule.excludes(truth.features[truth.points[$0].feature]) }
    guard !keptTruth.isEmpty else {
      throw AisError(
        .needsDecision,
        truth.points.isEmpty
          ? "the list of true particles is empty: there is nothing to compare with. Give the list that holds them as second"
          : "all true particles are of classes that are left out: there is nothing to compare with")
    }
    tomograms = truth.tomograms
    let tomogramOfFound = try Self.tomograms(of: found, in: truth, &notes)
    let names = try Self.features(of: found, in: truth, rule, &notes)
    features = names.all

    var foundMembers = [[Int]](repeating: [], count: tomograms.count * features.count)
    var truthMembers = foundMembers
    for index in keptTruth {
      let point = truth.points[index]
      truthMembers[point.tomogram * names.all.count + names.ofTruth[point.feature]].append(index)
    }
    for (index, point) in found.points.enumerated() {
      guard let tomogram = tomogramOfFound[point.tomogram], let feature = names.ofFound[point.feature] else { continue }
      foundMembers[tomogram * names.all.count + feature].append(index)
    }
    let lost = found.points.count { !$0.position.isFinite }
    if lost > 0 {
      notes.append("\(lost) of the found particles have coordinates that are not numbers: they count as wrong")
    }
    let lostTruth = truth.points.count { !$0.position.isFinite }
    if lostTruth > 0 {
      notes.append("\(lostTruth) of the true particles have coordinates that are not numbers: they count as missed")
    }
    self.found = foundMembers
    self.truth = truthMembers
    self.notes = notes
  }

  func members(tomogram: Int, feature: Int) -> (found: [Int], truth: [Int]) {
    let group = tomogram * features.count + feature
    return (found[group], truth[group])
  }

  /// For each tomogram of the found particles the same one of the truth, or `nil`.
  private static func tomograms(
    of found: PointSet, in truth: PointSet, _ notes: inout [String]
  ) throws(AisError) -> [Int?] {
    let keys = truth.tomograms.map { PointNames.tomogramKey($0.name) }
    var result = found.tomograms.map { keys.firstIndex(of: PointNames.tomogramKey($0.name)) }
    if result.allSatisfy({ $0 == nil }), !found.tomograms.isEmpty {
      guard found.tomograms.count == 1, truth.tomograms.count == 1 else {
        throw AisError(
          .needsDecision,
          "the found and the true particles are of different tomograms: \(list(found.tomograms.map(\.name))) against "
            + "\(list(truth.tomograms.map(\.name))). Names are compared without folder and ending")
      }
      notes.append(
        "the tomogram is called '\(found.tomograms[0].name)' in one list and '\(truth.tomograms[0].name)' in the other: "
          + "taken as the same")
      result = [0]
    }
    let strange = found.tomograms.indices.filter { result[$0] == nil }
    if !strange.isEmpty {
      notes.append(
        "the truth knows nothing of \(list(strange.map { found.tomograms[$0].name })): what was found there does not count"
      )
    }
    let seen = Set(result.compactMap { $0 })
    let missing = truth.tomograms.indices.filter { !seen.contains($0) }
    if !missing.isEmpty {
      notes.append(
        "nothing was found in \(list(missing.map { truth.tomograms[$0].name })): all particles there count as missed")
    }
    return result
  }

  private struct Features {
    var all: [String]
    var ofTruth: [Int]
    /// `nil`: does not count.
    var ofFound: [Int?]
  }

  private static func features(
    of found: PointSet, in truth: PointSet, _ rule: MatchingRule, _ notes: inout [String]
  ) throws(AisError) -> Features {
    if rule.ignoresFeatures {
      return Features(
        all: ["all"], ofTruth: truth.features.map { _ in 0 },
        ofFound: found.features.map { rule.excludes($0) && rule.preset == nil ? nil : 0 })
    }
    if truth.features.count == 1, found.features.count <= 1, !truth.features.contains(where: rule.excludes) {
      return Features(all: truth.features, ofTruth: [0], ofFound: found.features.map { _ in 0 })
    }
    let keys = truth.features.map { PointNames.featureKey($0) }
    var result = found.features.map { rule.excludes($0) ? nil : keys.firstIndex(of: PointNames.featureKey($0)) }
    if result.allSatisfy({ $0 == nil }), !found.features.isEmpty {
      throw AisError(
        .needsDecision,
        "the classes of the found particles, \(list(found.features)), and of the true ones, \(list(truth.features)), have no "
          + "name in common. Compare positions alone with '--ignore-classes', or name the column with '--class-column'")
    }
    var all = truth.features
    let strange = found.features.indices.filter { result[$0] == nil && !rule.excludes(found.features[$0]) }
    if !strange.isEmpty {
      let names = list(strange.map { found.features[$0] })
      if rule.preset == .czii {
        notes.append("the truth has no \(names): what was found of it does not count, as in the challenge")
      } else {
        notes.append("the truth has no \(names): all that was found of it counts as wrong")
        for index in strange {
          result[index] = all.count
          all.append(found.features[index])
        }
      }
    }
    return Features(all: all, ofTruth: Array(truth.features.indices), ofFound: result)
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
    return names.isEmpty ? "none" : names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
  }
}

extension MatchingRule {
  func excludes(_ feature: String) -> Bool { excluded.contains(PointNames.featureKey(feature)) }
}
