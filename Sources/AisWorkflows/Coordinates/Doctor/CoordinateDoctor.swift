import AisCore
import AisImaging

/// Judges whether the points of a list lie where they should, and names what went wrong with them.
///
/// Without anything to compare with, only points outside the volume can be noticed. Given another list, a segmentation or
/// the tomogram itself, every fault that moves points by a voxel or more shows, for the points agree with it only after
/// the fault is undone.
package struct CoordinateDoctor {
  /// Fewer points agree with anything by chance.
  static let fewestPoints = 8
  /// Standard deviations above chance from which agreement is believed.
  private static let believable = 6.0

  package var shape: Shape?
  package var voxelSize: VoxelSize?
  var evidence: [any PlacementEvidence] = []

  package init(shape: Shape?, voxelSize: VoxelSize?) {
    self.shape = shape
    self.voxelSize = voxelSize
  }

  /// Compares with another list of the same particles, or of some of them.
  package mutating func compare(with points: [VoxelPoint], named name: String) {
    evidence.append(PointEvidence(name, points: points, shape: shape, sharpness: 5, smallestShift: 0.3))
  }

  /// Compares with the tomogram itself, in which the particles must be brighter or darker than what is around them.
  package mutating func compare(
    with tomogram: any SliceSource, named name: String, cancellation: Cancellation? = nil
  ) {
    evidence.append(
      VolumeEvidence(
        name, source: tomogram, smallestShift: 0.7, isConclusive: false, cancellation: cancellation))
  }

  /// Compares with a segmentation of the particles, or of what they lie on.
  package mutating func compare(
    withSegmentation path: String, threshold: Float? = nil, threads: Int = 1, cancellation: Cancellation? = nil
  ) throws(AisError) {
    evidence.append(
      try SegmentationEvidence.make(path, threshold: threshold, threads: threads, cancellation: cancellation))
  }

  /// The points of one tomogram.
  package func diagnose(_ points: [VoxelPoint], tomogram: String) throws(AisError) -> CoordinateDiagnosis {
    var diagnosis = CoordinateDiagnosis(tomogram: tomogram, points: points.count, findings: [])
    if let shape, !points.isEmpty {
      diagnosis.findings = RangeCheck(points: points, shape: shape, voxelSize: voxelSize).findings
    }
    guard points.count >= Self.fewestPoints else {
      if !evidence.isEmpty {
        diagnosis.findings.append(
          CoordinateFinding(.tooFew, nil, "\(points.count) points are too few to compare with anything."))
      }
      return diagnosis
    }
    for witness in evidence { try hear(witness, points, &diagnosis) }
    if evidence.isEmpty, diagnosis.faults.isEmpty {
      let words =
        shape == nil
        ? "the size of the tomogram is not known, so that not even points outside can be seen."
        : "all points lie in the volume. Exchanged or mirrored axes and small shifts show only in a comparison: '--tomogram FILE', '--segmentation FILE' or '--against LIST'."
      diagnosis.findings.append(CoordinateFinding(.unseen, nil, words))
    }
    return diagnosis
  }

  private func hear(
    _ witness: any PlacementEvidence, _ points: [VoxelPoint], _ diagnosis: inout CoordinateDiagnosis
  ) throws(AisError) {
    var hypotheses = [PlacementHypothesis.identity]
    if shape != nil {
      hypotheses += PlacementHypothesis.arrangements
    } else {
      hypotheses += PlacementHypothesis.arrangements.filter { !$0.transform.needsShape }
    }
    hypotheses += PlacementHypothesis.scales(voxelSize)
    hypotheses += PlacementHypothesis.shifts(shape).filter { $0.code == .centred }
    hypotheses += try witness.suggestions(points, shape: shape, voxelSize: voxelSize)
    let fits = try witness.fits(points, hypotheses.map(\.transform), shape: shape)
    if witness.countsPoints { diagnosis.agreement = fits[0].score }
    let chosen = choose(fits)
    guard fits[chosen].significance >= Self.believable else {
      diagnosis.findings.append(disagreement(witness, hypotheses.count))
      return
    }
    var repair = hypotheses[chosen].transform
    let moved = points.map { repair.applied(to: $0, shape: shape) }
    var small: CoordinateFinding?
    if let offset = try witness.offset(of: moved), let shift = significant(offset, least: witness.smallestShift) {
      repair.shift = repair.shift + shift
      if repair.scale == 1, hypotheses[chosen].code != .centred, hypotheses[chosen].code != .shifted {
        small = finding(ofShift: shift, witness)
      }
    }
    let after = try witness.fits(points, [repair], shape: shape)[0]
    if witness.countsPoints { diagnosis.agreementAfterRepair = after.score }
    if chosen != 0 {
      var finding = finding(of: hypotheses[chosen], repair, before: fits[0], after: after, witness)
      finding.remedy = Remedy(option: repair.optionWords.joined(separator: " "))
      // What the range alone had guessed is now known.
      diagnosis.findings.removeAll {
        [.outside, .factor, .swappedAxes, .centred, .angstrom, .scaled].contains($0.code) && $0.severity != .warning
      }
      diagnosis.findings.append(finding)
    }
    if var small {
      small.remedy = Remedy(option: repair.optionWords.joined(separator: " "))
      diagnosis.findings.append(small)
    }
    if chosen == 0, small == nil {
      diagnosis.findings.append(
        CoordinateFinding(.fine, nil, "the points agree with \(witness.name)\(agreement(fits[0], witness))."))
    } else {
      diagnosis.repairOptions = repair.optionWords
    }
  }

  /// Nothing makes the points agree.
  private func disagreement(_ witness: any PlacementEvidence, _ ways: Int) -> CoordinateFinding {
    let words =
      "the points agree with \(witness.name) no better than chance, and under none of \(ways) ways of exchanging, mirroring, scaling and shifting them"
    if witness.isConclusive {
      return CoordinateFinding(
        .wrongTomogram, .error, words + ".", remedy: Remedy(advice: "Is it the list of this tomogram?"))
    }
    // Another witness has better eyes.
    if evidence.count > 1 {
      return CoordinateFinding(.unseen, nil, words + ": the particles cannot be told from what is around them.")
    }
    return CoordinateFinding(
      .wrongTomogram, .warning, words + ".",
      remedy: Remedy(
        advice:
          "Is it the list of this tomogram? Where particles are too faint to be seen, compare with a segmentation ('-s') or another list ('--against')."
      ))
  }

  /// The list as it is, unless a change makes it agree clearly better; of changes that do equally well, the first.
  private func choose(_ fits: [PlacementFit]) -> Int {
    let best = fits.indices.max { fits[$0].score < fits[$1].score } ?? 0
    let isBetter =
      fits[best].significance >= Self.believable && fits[best].score > 1.25 * fits[0].score
      && fits[best].significance > fits[0].significance + 4
    guard isBetter else { return 0 }
    return fits.indices.first { fits[$0].score >= 0.93 * fits[best].score } ?? best
  }

  /// The shift, when it is large enough and certain on some axis; axes along which it is not are left alone.
  private func significant(_ offset: PlacementOffset, least: Double) -> VoxelPoint? {
    func axis(_ key: KeyPath<VoxelPoint, Double>) -> Double {
      let (mean, error) = (offset.mean[keyPath: key], offset.error[keyPath: key])
      return abs(mean) >= least && abs(mean) > 4 * error ? mean : 0
    }
    let shift = VoxelPoint(z: axis(\.z), y: axis(\.y), x: axis(\.x))
    return shift == VoxelPoint(z: 0, y: 0, x: 0) ? nil : shift
  }

  private func finding(ofShift shift: VoxelPoint, _ witness: any PlacementEvidence) -> CoordinateFinding {
    func near(_ value: Double, _ wanted: Double) -> Bool { abs(value - wanted) <= 0.25 }
    let parts = [shift.x, shift.y, shift.z]
    let text = parts.map { PointTransform.text(-($0 * 100).rounded() / 100) }.joined(separator: ", ")
    let base = "the points lie off \(witness.name) by \(text) voxels in x, y, z"
    if parts.allSatisfy({ near($0, -1) }) {
      return CoordinateFinding(.countedFromOne, .error, "\(base): they count voxels from 1 and not from 0.")
    }
    if parts.allSatisfy({ near($0, 1) }) {
      return CoordinateFinding(
        .countedFromOne, .error, "\(base): 1 was taken off once too often, as if they had counted from 1.")
    }
    if parts.allSatisfy({ near(abs($0), 0.5) || $0 == 0 }) {
      return CoordinateFinding(
        .halfVoxel, .warning,
        "\(base), half a voxel: they count from the edge of the first voxel and not from its centre, or were rounded down."
      )
    }
    let (x, y, z) = (parts[0], parts[1], parts[2])
    if abs(x) > 3, near(x, y), near(z, x) || near(z, 0) {
      let edge = PointTransform.text((2 * abs(x)).rounded())
      return CoordinateFinding(
        .shifted, .error,
        "\(base): \(x > 0 ? "they are corners and not centres" : "half a box was added once too often, as if they were corners") of boxes of \(edge) voxels."
      )
    }
    let isLarge = parts.contains { abs($0) >= 0.75 }
    return CoordinateFinding(.shifted, isLarge ? .error : .warning, "\(base).")
  }

  private func finding(
    of hypothesis: PlacementHypothesis, _ repair: PointTransform, before: PlacementFit, after: PlacementFit,
    _ witness: any PlacementEvidence
  ) -> CoordinateFinding {
    if hypothesis.code == .shifted, repair.scale == 1, !repair.exchangesAxes, repair.mirrored.isEmpty {
      return finding(ofShift: repair.shift, witness)
    }
    return CoordinateFinding(
      hypothesis.code == .shifted ? .scaled : hypothesis.code, .error,
      "the list looks as if \(hypothesis.words). So changed, the points agree with \(witness.name)\(agreement(after, witness)); as they are, \(agreement(before, witness, short: true))."
    )
  }

  private func agreement(_ fit: PlacementFit, _ witness: any PlacementEvidence, short: Bool = false) -> String {
    let text =
      witness.countsPoints
      ? "\(Int((100 * fit.score).rounded())) %"
      : "\(PointTransform.text((fit.score * 10).rounded() / 10)) standard errors"
    return short ? text : " (\(text))"
  }
}
