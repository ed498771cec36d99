/// One thing the check-up looked at, and what it thinks of it.
package struct Judgement: Sendable, Hashable, Encodable {
  /// What was looked at.
  package enum Subject: String, Sendable, Encodable, CaseIterable {
    case file, header, length, values, statistics, borders
    case byteSign = "byte-sign"
    case voxelSize = "voxel-size"
    case kind, orientation, contrast, mirror
  }

  package enum Verdict: String, Sendable, Encodable {
    /// As it should be.
    case fine
    /// Something is wrong; `code` says what.
    case fault
    /// Looked at, but the evidence is too weak to say.
    case unsure
    /// Cannot be seen in one tomogram, or there is too little to look at.
    case unseen
  }

  /// How much a fault matters.
  package enum Severity: String, Sendable, Encodable, Comparable {
    /// Worth knowing.
    case note
    /// Results are likely to be wrong.
    case warning
    /// The file cannot be used as it is.
    case error

    package static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
    private var rank: Int { self == .note ? 0 : self == .warning ? 1 : 2 }
  }

  package enum Confidence: String, Sendable, Encodable { case certain, likely, unsure }

  package var subject: Subject
  package var verdict: Verdict
  /// For programs; `docs/reference/check-up.md` lists them.
  package var code: String
  package var severity: Severity
  package var confidence: Confidence
  /// A sentence for people, with the numbers it rests on.
  package var evidence: String
  package var remedy: Remedy?

  package static func fine(_ subject: Subject, _ evidence: String, confidence: Confidence = .certain) -> Judgement {
    Judgement(
      subject: subject, verdict: .fine, code: "fine", severity: .note, confidence: confidence, evidence: evidence)
  }

  package static func unsure(
    _ subject: Subject, _ code: String, _ evidence: String, remedy: Remedy? = nil
  ) -> Judgement {
    Judgement(
      subject: subject, verdict: .unsure, code: code, severity: .note, confidence: .unsure, evidence: evidence,
      remedy: remedy)
  }

  package static func unseen(_ subject: Subject, _ code: String, _ evidence: String) -> Judgement {
    Judgement(
      subject: subject, verdict: .unseen, code: code, severity: .note, confidence: .unsure, evidence: evidence)
  }

  package static func fault(
    _ subject: Subject, _ code: String, _ severity: Severity, _ evidence: String, confidence: Confidence = .certain,
    remedy: Remedy? = nil
  ) -> Judgement {
    Judgement(
      subject: subject, verdict: .fault, code: code, severity: severity, confidence: confidence, evidence: evidence,
      remedy: remedy)
  }
}

/// How to mend a fault.
package struct Remedy: Sendable, Hashable, Encodable {
  /// Options of any command that reads the tomogram (`--invert`): nothing is changed in the file.
  package var option: String?
  /// A command line that mends the file itself.
  package var command: String?
  /// What else to do or know, as a sentence.
  package var advice: String?

  package init(option: String? = nil, command: String? = nil, advice: String? = nil) {
    self.option = option
    self.command = command
    self.advice = advice
  }
}

/// Everything that the check-up found in one file.
package struct CheckupReport: Sendable, Encodable {
  package var path: String
  package var judgements: [Judgement]
  /// Slices whose voxels were looked at, and how many there are.
  package var slicesSampled: Int
  package var slices: Int

  package var faults: [Judgement] { judgements.filter { $0.verdict == .fault } }

  /// The worst of the faults; `nil` when there is none.
  package var severity: Judgement.Severity? { faults.map(\.severity).max() }

  /// The options that undo all faults which a view can undo, to be put behind any command that reads the file.
  package var options: [String] { faults.compactMap(\.remedy?.option) }

  package subscript(subject: Judgement.Subject) -> [Judgement] { judgements.filter { $0.subject == subject } }
}
