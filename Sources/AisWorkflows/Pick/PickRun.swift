import AisCore
import AisFormats
import AisImaging
import AisPicking
import Logging

/// Carries out a plan of picking, one segmentation after the other.
package struct PickRun: Sendable {
  package static let schema = "ais.particles/1"

  private let plan: PickPlan
  private let cancellation: Cancellation
  private let logger: Logger

  package init(_ plan: PickPlan, cancellation: Cancellation, logger: Logger) {
    self.plan = plan
    self.cancellation = cancellation
    self.logger = logger
  }

  /// Does every task, whatever becomes of the others, and tells how each ended. Throws `cancelled` when asked to stop, and
  /// when the output folder cannot be made.
  package func run(_ watch: @escaping (BatchEvent) -> Void) throws(AisError) -> [BatchOutcome] {
    if plan.count > 0 { try OutputFolder.prepare(plan.request.outputFolder, logger: logger) }
    let known = plan.tasks.map { BatchOutcome(input: $0.input, skipped: $0.finished, failures: $0.refusals) }
    return try Batch.run(known, cancellation: cancellation, watch: watch) {
      (index, outcome: inout BatchOutcome, progress) throws(AisError) in
      let task = plan.tasks[index]
      guard let record = task.record else { return }
      try run(task, record, &outcome, progress)
    }
  }

  private func run(
    _ task: PickTask, _ record: WorkRecord, _ outcome: inout BatchOutcome, _ progress: (Double) -> Void
  ) throws(AisError) {
    let request = plan.request
    let share = task.sheet == nil ? 1.0 : 0.9
    let finding = try PickFinding.make(task.input, request, cancellation: cancellation) { progress($0 * share) }
    logger.debug("'\(task.input)': \(finding.reading.reason)")
    var options = request.formatOptions
    options.pickedFrom = Self.uncompressedName(of: task.input)
    options.objectName = SegmentationName.feature(of: task.input)
    let encoding = try CoordinateFile.encode(
      finding.list, path: task.points, format: request.format, options: options, provenance: try record.lines("pick"))
    var outputs = [(path: task.points, bytes: encoding.bytes)]
    let stem = String(task.points.dropLast(request.format.fileExtension.count + 1))
    for companion in encoding.companions { outputs.append(("\(stem).\(companion.fileExtension)", companion.bytes)) }
    if let sheet = task.sheet {
      let picture = try ContactSheet(finding, request).draw(cancellation: cancellation)
      outputs.append((sheet, picture))
    }
    if let script = task.script { outputs.append((script, Array(ChimeraXScript(finding, request).text.utf8))) }
    try cancellation.check()
    let warnings = finding.warnings + encoding.warnings
    var results = PickResults(finding, frame: encoding.frame)
    try record.write(outputs, results: results, warnings: warnings)
    if request.readsBack { results.readBack = try PickReadBack(task.points, of: finding.list, request) }
    outcome.written = outputs.map(\.path)
    outcome.warnings = warnings
    outcome.lines = finding.lines
    outcome.results = results
  }
}

extension PickRun {
  /// A file's name, without the ending of a compression: what particle ids are made from.
  static func uncompressedName(of path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    for ending in [".gz", ".bz2"] where name.lowercased().hasSuffix(ending) && name.count > ending.count {
      return String(name.dropLast(ending.count))
    }
    return name
  }
}

/// What was found in one segmentation, for programs and for the account beside the points.
package struct PickResults: Sendable, Encodable {
  package var particles: Int
  package var tally: PickTally
  /// On the scale on which 255 is certain.
  package var threshold: Double
  package var thresholdReason: String
  /// In the unit said beside them.
  package var sizes: [Double]
  package var sizeUnit: String
  package var frame: String
  /// How the list was when it was read again.
  package var readBack: PickReadBack?

  init(_ finding: PickFinding, frame: String) {
    particles = finding.list.particles.count
    tally = finding.tally
    threshold = finding.reading.level
    thresholdReason = finding.reading.reason
    sizes = finding.sizes.map { ($0 * 1000).rounded() / 1000 }
    sizeUnit = finding.sizeUnit
    self.frame = frame
  }
}
