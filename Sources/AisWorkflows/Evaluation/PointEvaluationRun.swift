import AisCore
import AisFormats
import AisImaging
import Foundation
import Logging

/// What a person asks of `ais evaluate` for lists of particles.
package struct PointEvaluationRequest: Sendable {
  /// A list, a folder of lists, or a pattern.
  package var found: String
  /// The same, or a volume of labels.
  package var truth: String
  package var reading = PointReading()
  package var rule = MatchingRule()
  /// The least score of a found particle.
  package var threshold: Double?
  /// The folder for tables and the plot.
  package var output: String?
  package var replacesOutputs = false

  package init(found: String, truth: String) {
    self.found = found
    self.truth = truth
  }
}

/// Reads, compares and writes.
package enum PointEvaluationRun {
  package struct Result: Sendable {
    package var evaluation: PointEvaluation
    package var document: PointEvaluationDocument
    package var written: [String] = []
    package var skipped: [String] = []
  }

  /// What changes the outputs besides the inputs.
  private struct Settings: Encodable, Sendable {
    var rule: String
    var beta: Double
    var preset: String?
    var radii: [String: Double]
    var radius: Double?
    var weights: [String: Double]
    var excluded: [String]
    var ignoresClasses: Bool
    var threshold: Double?
    var classes: [String]
    var classColumn: String?
    var scoreColumn: String?
    var label: Int?
    var minimumVolume: String
    var format: String?
    var frame: CoordinateContext.Account
  }

  package static func run(
    _ request: PointEvaluationRequest, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> Result {
    var foundReading = request.reading
    foundReading.label = nil
    let found = try foundReading.read(request.found, cancellation: cancellation)
    let truth = try request.reading.read(request.truth, cancellation: cancellation)
    let evaluation = try PointComparison.compare(
      found: found, truth: truth, rule: request.rule, threshold: request.threshold, cancellation: cancellation)
    let document = PointEvaluationDocument(
      evaluation, found: [request.found], truth: [request.truth], rule: request.rule, threshold: request.threshold)
    var result = Result(evaluation: evaluation, document: document)
    if let folder = request.output { try write(&result, to: folder, request, logger) }
    return result
  }

  private static func write(
    _ result: inout Result, to folder: String, _ request: PointEvaluationRequest, _ logger: Logger
  ) throws(AisError) {
    let kind = InputKind.files("list of particles", endings: PointReading.endings)
    var inputs: [String] = []
    for path in [request.found, request.truth] { inputs += try InputCollection([path], of: kind).paths }
    if case .occupancy(let path) = request.rule.counting { inputs.append(path) }
    inputs += request.reading.context.files
    let record = try WorkRecord(schema: "ais.point-evaluation/1", settings: settings(request), inputs: inputs)
    let base = OutputFolder.prefix(folder) + "evaluation"
    var outputs: [(path: String, bytes: [UInt8])] = [
      (base + ".csv", result.evaluation.countsTable().bytes),
      (base + "_matches.csv", result.evaluation.matchTable().bytes),
    ]
    if let table = result.evaluation.sweepTable() { outputs.append((base + "_sweep.csv", table.bytes)) }
    if let picture = result.evaluation.sweepPicture(isWeighted: !request.rule.weights.isEmpty) {
      let png = try PNGEncoder.encode(
        rgb: picture.rgb, width: picture.width, height: picture.height,
        texts: [
          .init("Software", "ais \(AisVersion.current)"), .init("Title", "Precision and recall over the score"),
          .init("Description", "'\(request.found)' against '\(request.truth)': \(request.rule.sentence)"),
        ])
      outputs.append((base + "_sweep.png", png))
    }
    var claims = OutputClaims(inputs: inputs)
    for output in outputs { claims.claim(output.path, for: request.found) }
    try claims.check()
    let paths = outputs.map(\.path)
    if !request.replacesOutputs {
      switch ExistingOutput.look(at: paths, record: record) {
      case .absent: break
      case .same:
        result.skipped = paths
        return
      case .other(let reason): throw AisError(.needsDecision, reason)
      }
    }
    try OutputFolder.prepare(folder, logger: logger)
    try record.write(outputs, results: result.document, warnings: result.evaluation.notes)
    result.written = paths
  }

  private static func settings(_ request: PointEvaluationRequest) -> Settings {
    let (rule, reading) = (request.rule, request.reading)
    return Settings(
      rule: rule.sentence, beta: rule.beta, preset: rule.preset?.rawValue, radii: rule.radii.mapValues(\.angstrom),
      radius: rule.radius?.angstrom, weights: rule.weights, excluded: rule.excluded.sorted(),
      ignoresClasses: rule.ignoresFeatures, threshold: request.threshold, classes: reading.classes.sorted(),
      classColumn: reading.classColumn, scoreColumn: reading.scoreColumn, label: reading.label,
      minimumVolume: reading.minimumVolume.text, format: reading.format?.rawValue, frame: reading.context.account)
  }
}
