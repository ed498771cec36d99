import AisCore

/// Something that the doctor has found out about a list of coordinates.
package struct CoordinateFinding: Sendable, Hashable, Encodable {
  package enum Code: String, Sendable, Encodable {
    case fine
    case swappedAxes = "swapped-axes"
    case mirrored
    case turned
    case scaled
    case angstrom = "angstrom-as-voxels"
    case countedFromOne = "counted-from-one"
    case halfVoxel = "half-voxel"
    case centred
    case shifted
    case outside
    case wrongTomogram = "wrong-tomogram"
    case factor = "looks-scaled"
    case duplicates
    case tooFew = "too-few"
    case unseen
  }

  package var code: Code
  /// `nil`: in order, or nothing to be said.
  package var severity: Judgement.Severity?
  /// A sentence with the numbers it rests on.
  package var evidence: String
  package var remedy: Remedy?

  package init(_ code: Code, _ severity: Judgement.Severity?, _ evidence: String, remedy: Remedy? = nil) {
    self.code = code
    self.severity = severity
    self.evidence = evidence
    self.remedy = remedy
  }
}

/// What the doctor says of the points of one tomogram.
package struct CoordinateDiagnosis: Sendable, Encodable {
  package var tomogram: String
  package var points: Int
  package var findings: [CoordinateFinding]
  /// What brings the points where they belong; `nil` when nothing does or nothing has to.
  package var repairOptions: [String]?
  /// Of the points, the part that agrees with what the list was compared with, before and after the repair.
  package var agreement: Double?
  package var agreementAfterRepair: Double?

  package var faults: [CoordinateFinding] { findings.filter { $0.severity == .warning || $0.severity == .error } }
}
