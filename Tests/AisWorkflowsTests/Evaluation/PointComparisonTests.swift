import AisCore
import AisFormats
import AisImaging
import AisTestSupport
import AisWorkflows
import Testing

@Suite("Comparison of found with true particles")
struct PointComparisonTests {
  /// Points of one tomogram in voxels of 10 Å along x, with classes and scores.
  static func points(
    _ xs: [(x: Double, name: String, score: Double?)], tomogram: String = "T", voxel: Double = 10
  ) -> PointSet {
    var set = PointSet()
    let index = set.tomogram(tomogram, voxelSize: VoxelSize(.angstroms(voxel)))
    for point in xs {
      set.add(
        VoxelPoint(z: 5, y: 5, x: point.x), tomogram: index, feature: set.feature(point.name), score: point.score)
    }
    if xs.isEmpty { _ = set.feature("A") }
    return set
  }

  static func rule(_ distance: Double, beta: Double = 1) -> MatchingRule {
    var rule = MatchingRule()
    rule.reach = .length(.angstroms(distance))
    rule.beta = beta
    return rule
  }

  @Test("counts, signed errors and their voxels")
  func counts() throws {
    let truth = Self.points([(10, "A", nil), (50, "A", nil), (90, "A", nil)])
    let found = Self.points([(11, "A", nil), (50.5, "A", nil), (200, "A", nil), (300, "A", nil)])
    let result = try PointComparison.compare(found: found, truth: truth, rule: Self.rule(25))
    #expect(result.total.counts == DetectionCounts(truePositives: 2, falsePositives: 2, falseNegatives: 1))
    let errors = try #require(result.total.errors.angstrom)
    #expect(abs(errors.meanSigned.x - 7.5) < 1e-9 && errors.meanSigned.y == 0)
    #expect(abs(errors.medianDistance - 7.5) < 1e-9)
    #expect(abs(try #require(result.total.errors.voxels).meanSigned.x - 0.75) < 1e-9)
    #expect(result.curve == nil && result.notes.contains { $0.contains("no scores") })
  }

  @Test("two found particles never share a true one")
  func oneToOne() throws {
    let truth = Self.points([(10, "A", nil)])
    let found = Self.points([(10, "A", nil), (10.2, "A", nil), (9.9, "A", nil)])
    let result = try PointComparison.compare(found: found, truth: truth, rule: Self.rule(25))
    #expect(result.total.counts == DetectionCounts(truePositives: 1, falsePositives: 2, falseNegatives: 0))
  }

  @Test("different binnings of one tomogram are compared edge to edge")
  func binnings() throws {
    // Voxel 1 of a volume binned by 4 covers voxels 4 to 7 of the other, whose middle is 5.5.
    let truth = Self.points([(5.5, "A", nil)], voxel: 10)
    var found = PointSet()
    let index = found.tomogram("T", voxelSize: VoxelSize(.angstroms(40)))
    found.add(VoxelPoint(z: 0.875, y: 0.875, x: 1), tomogram: index, feature: found.feature("A"))
    let result = try PointComparison.compare(found: found, truth: truth, rule: Self.rule(1))
    #expect(result.total.counts.truePositives == 1)
    #expect(try #require(result.total.errors.angstrom).medianDistance < 1e-9)
  }

  @Test("classes are compared one by one, summed and averaged")
  func classes() throws {
    let truth = Self.points([(10, "Ribosome", nil), (50, "Ribosome", nil), (90, "FAS", nil)])
    let found = Self.points([(10, "ribosome", nil), (90, "ribosome", nil), (90, "Fas", nil)])
    let result = try PointComparison.compare(found: found, truth: truth, rule: Self.rule(25))
    #expect(result.features == ["Ribosome", "FAS"])
    #expect(result.featureRows[0].counts == DetectionCounts(truePositives: 1, falsePositives: 1, falseNegatives: 1))
    #expect(result.featureRows[1].counts == DetectionCounts(truePositives: 1, falsePositives: 0, falseNegatives: 0))
    #expect(result.total.counts == DetectionCounts(truePositives: 2, falsePositives: 1, falseNegatives: 1))
    let macro = result.macro(result.featureRows)
    #expect(macro.fBeta == 0.75 && macro.precision == 0.75 && macro.recall == 0.75)
    var rule = Self.rule(25)
    rule.ignoresFeatures = true
    let plain = try PointComparison.compare(found: found, truth: truth, rule: rule)
    #expect(plain.total.counts == DetectionCounts(truePositives: 2, falsePositives: 1, falseNegatives: 1))
  }

  @Test("classes without a common name, tomograms without one, and no truth at all are asked about")
  func decisions() throws {
    let truth = Self.points([(10, "A", nil), (20, "B", nil)])
    let strangers = #expect(throws: AisError.self) {
      try PointComparison.compare(
        found: Self.points([(10, "C", nil)]), truth: truth, rule: Self.rule(25))
    }
    #expect(strangers?.code == .needsDecision && strangers?.message.contains("--ignore-classes") == true)
    var several = Self.points([(10, "A", nil)], tomogram: "T1")
    _ = several.tomogram("T2", voxelSize: VoxelSize(.angstroms(10)))
    let elsewhere = #expect(throws: AisError.self) {
      try PointComparison.compare(found: several, truth: truth, rule: Self.rule(25))
    }
    #expect(elsewhere?.message.contains("'T1', 'T2'") == true)
    let nothing = #expect(throws: AisError.self) {
      try PointComparison.compare(found: truth, truth: Self.points([]), rule: Self.rule(25))
    }
    #expect(nothing?.code == .needsDecision && nothing?.message.contains("empty") == true)
    let radius = #expect(throws: AisError.self) {
      try PointComparison.compare(found: truth, truth: truth, rule: MatchingRule())
    }
    #expect(radius?.message.contains("--radius") == true)
  }

  @Test("nothing found is an answer: recall 0, no precision")
  func nothingFound() throws {
    let result = try PointComparison.compare(
      found: Self.points([]), truth: Self.points([(10, "A", nil)]), rule: Self.rule(25), threshold: 3)
    #expect(result.total.counts == DetectionCounts(falseNegatives: 1))
    #expect(result.total.counts.precision == nil && result.total.errors.angstrom == nil)
  }

  @Test("one tomogram under two names is taken as the same, and said so")
  func names() throws {
    let truth = Self.points([(10, "A", nil)], tomogram: "truth")
    let result = try PointComparison.compare(
      found: Self.points([(10, "A", nil)], tomogram: "picks"), truth: truth, rule: Self.rule(25))
    #expect(result.total.counts.truePositives == 1 && result.notes.contains { $0.contains("taken as the same") })
    #expect(PointNames.tomogramKey("raw/TS_03.rec.gz") == PointNames.tomogramKey("TS_03__Ribosome_coords"))
  }

  @Test("places that are no numbers count as wrong or missed, and are named")
  func notNumbers() throws {
    let truth = Self.points([(10, "A", nil), (.nan, "A", nil)])
    let found = Self.points([(.nan, "A", nil), (10, "A", nil), (.infinity, "A", nil)])
    let result = try PointComparison.compare(found: found, truth: truth, rule: Self.rule(25))
    #expect(result.total.counts == DetectionCounts(truePositives: 1, falsePositives: 2, falseNegatives: 1))
    #expect(result.notes.count { $0.contains("not numbers") } == 2)
  }

  @Test("the sweep has the counts of every threshold, and the best one")
  func sweep() throws {
    let truth = Self.points([(10, "A", nil), (50, "A", nil), (90, "A", nil)])
    let found = Self.points([(10, "A", 0.9), (50, "A", 0.8), (150, "A", 0.5), (90, "A", 0.4), (10.5, "A", 0.1)])
    let rule = Self.rule(25)
    let all = try PointComparison.compare(found: found, truth: truth, rule: rule)
    for threshold in [0.9, 0.8, 0.5, 0.4, 0.1] {
      let part = try PointComparison.compare(found: found, truth: truth, rule: rule, threshold: threshold)
      #expect(part.total.counts == all.curve?.counts(atLeast: threshold, truthCount: 3))
    }
    let best = try #require(all.bestThreshold(isWeighted: false))
    #expect(best.threshold == 0.4 && abs(best.fBeta - 6.0 / 7) < 1e-12)
    let noScores = #expect(throws: AisError.self) {
      try PointComparison.compare(found: truth, truth: truth, rule: rule, threshold: 0.5)
    }
    #expect(noScores?.message.contains("--score-column") == true)
    #expect(all.sweepPicture(isWeighted: false) != nil && all.sweepTable()?.rowCount == 5)
  }

  @Test("the CZII preset counts a true particle as found by any point, and weighs the classes")
  func czii() throws {
    let truth = Self.points([(10, "ribosome", nil), (100, "thyroglobulin", nil), (200, "beta-amylase", nil)])
    // Within 75 Å, 65 Å and 32.5 Å; the second ribosome is a false positive, the virus is not in the truth.
    let found = Self.points([
      (17.4, "ribosome", nil), (3, "ribosome", nil), (106.6, "thyroglobulin", nil), (0, "virus-like-particle", nil),
    ])
    let result = try PointComparison.compare(found: found, truth: truth, rule: MatchingRule(.czii))
    let rows = Dictionary(uniqueKeysWithValues: zip(result.features, result.featureRows.map(\.counts)))
    #expect(rows["ribosome"] == DetectionCounts(truePositives: 1, falsePositives: 1, falseNegatives: 0))
    #expect(rows["thyroglobulin"] == DetectionCounts(truePositives: 0, falsePositives: 1, falseNegatives: 1))
    #expect(rows["virus-like-particle"] == nil)
    // 17 / (17 + 1) with weight 1, 0 with weight 2, and β-amylase with none.
    #expect(abs(try #require(result.weightedFBeta) - 17.0 / 18 / 3) < 1e-12)
    #expect(result.notes.contains { $0.contains("virus-like-particle") })
  }
}
