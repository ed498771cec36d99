import AisCore
import AisFormats
import AisImaging
import AisWorkflows
import ArgumentParser
import Foundation
import Logging

/// `ais evaluate`: a segmentation, or a list of particles, against the truth.
package struct EvaluateCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Compare a segmentation, or picked particles, with the truth.",
    discussion: """
      Two volumes are compared voxel by voxel: Dice, intersection over union, precision, recall, and the share of both \
      surfaces that lie within a voxel of each other (surface Dice). A voxel belongs to the segmentation when its value is \
      greater than the threshold, on the scale 0 to 255 (values of 8-bit signed files are multiplied by 255/127, those of \
      floating-point files from 0 to 1 by 255).

        ais evaluate cell_c__Membrane.mrc cell_c_labels.mrc.gz --label 1
        ais evaluate cell_c__Membrane.mrc cell_c_labels.mrc.gz --label 1 -o scores    (the sweep as table and plot)

      Lists of particles (STAR, text, copick, …, or folders of them) are compared point by point: precision, recall, \
      F-beta and errors of position, for each class, each tomogram and all. The truth may also be a volume of labels, \
      whose connected parts are then the particles.

        ais evaluate picks.star truth.star --radius 12nm
        ais evaluate 'picks/*.json' 'truth/*.json' --preset czii --voxel-size 10A -o scores
      """)

  @Argument(help: "The segmentation, or the list of found particles.")
  package var segmentation: String

  @Argument(help: "The truth: a volume of labels of the same size, or a list of true particles.")
  package var groundTruth: String

  @Option(help: "The number that marks the feature in a volume of labels. Without it, everything above 0.")
  package var label: Int?

  @Option(
    name: [.short, .customLong("threshold")], parsing: .singleValue,
    help:
      "Volumes: threshold, 0 to 254; may be given several times. Without it, 64, 96, 128, 160, 192 and the best one. Particles: the least score."
  )
  package var thresholds: [Double] = []

  @Option(
    help: ArgumentHelp(
      "Volumes: how far surfaces may be apart for the surface Dice, such as 20A. Without it, the longest edge of a voxel.",
      valueName: "length"),
    transform: Quantity.positiveLength)
  package var tolerance: Length?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "A folder for tables (CSV), the sweep over thresholds or scores (PNG) and the account (JSON).",
      valueName: "folder"))
  package var output: String?

  @Flag(help: "Replace outputs that are there.")
  package var force = false

  @Flag(help: "Print JSON, schema ais.evaluation/1 or ais.point-evaluation/1.")
  package var json = false

  @OptionGroup(title: "Lists of particles")
  package var points: PointEvaluationArguments

  @OptionGroup(title: "Where particles of lists lie")
  package var frame: ListFrameArguments

  @Option(
    name: .customLong("tomogram"), parsing: .singleValue,
    help: ArgumentHelp(
      "The tomogram of the lists, or files, folders and patterns of several; size and voxel size are taken from it. May be given several times.",
      valueName: "path"))
  package var tomograms: [String] = []

  package init() {}

  package func validate() throws {
    do { try PredictionScale.check(label: label) } catch { throw ValidationError(error.message) }
  }

  package func run() throws {
    if PointReading.holdsPoints(segmentation) {
      try comparePoints()
    } else {
      try compareVolumes()
    }
  }

  private func compareVolumes() throws {
    if PointReading.holdsPoints(groundTruth) {
      throw ValidationError(
        "'\(segmentation)' is a volume and '\(groundTruth)' a list of particles: pick particles from the segmentation first, "
          + "with 'ais pick'")
    }
    if points.isUsed || frame.isUsed || !tomograms.isEmpty {
      throw ValidationError(
        "'\(segmentation)' is a volume: of the options, only --label, --threshold, --tolerance, --output, --force and --json have a "
          + "meaning for volumes"
      )
    }
    for threshold in thresholds where !(0...254).contains(threshold) || threshold != threshold.rounded() {
      throw ValidationError(
        "--threshold \(angstromText(threshold)): a threshold of volumes is a whole number between 0 and 254.")
    }
    let evaluation = try Evaluation.compare(
      segmentation: segmentation, groundTruth: groundTruth, truth: label.map { .label($0) } ?? .anyLabel)
    let best = evaluation.histogram.bestThreshold
    let wanted = thresholds.isEmpty ? Array(Set([64, 96, 128, 160, 192, best])).sorted() : thresholds.map { Int($0) }
    let logger = Logger(label: "evaluate") { _ in StandardErrorLog(isDetailed: false) }
    let cancellation = Cancellation()
    let signals = StopSignals(cancellation: cancellation) {}
    defer { withExtendedLifetime(signals) {} }
    let machine = MachineResources.current()
    let shown = wanted + [best]
    let surfaces: SurfaceSweep?
    do {
      surfaces = try SurfaceSweep.measure(
        evaluation, thresholds: output == nil ? shown : shown + SurfaceSweep.thresholds, tolerance: tolerance,
        memory: machine.memoryBytes, threads: machine.threads, cancellation: cancellation)
    } catch {
      if error.code == .cancelled { throw ExitCode(StopSignals.exitCode) }
      throw error
    }
    func row(_ threshold: Int) -> EvaluationReport.Row {
      EvaluationReport.Row(
        threshold, evaluation.histogram.overlap(threshold: threshold), surfaceDice: surfaces?.dice[threshold])
    }
    let report = EvaluationReport(evaluation, rows: wanted.map(row), best: row(best), surfaces: surfaces)
    if json {
      Terminal.standardOutput.print(text: try report.json())
    } else {
      Terminal.standardOutput.print(lines: report.table())
    }
    if surfaces == nil {
      Terminal.standardError.print(
        "ais: note: the volumes are too large for the memory to compare their surfaces; the surface Dice is left out")
    }
    guard let output else { return }
    let (paths, wereThere) = try evaluation.write(to: output, surfaces: surfaces, replaces: force, logger: logger)
    if !json {
      let note = wereThere ? " (there already, made of the same files with the same settings)" : ""
      Terminal.standardOutput.print(lines: paths.map { $0 + note })
    }
  }

  private func comparePoints() throws {
    if tolerance != nil {
      throw ValidationError("--tolerance is for volumes; of particles, '--distance' says what is near")
    }
    if thresholds.count > 1 {
      throw ValidationError("--threshold was given \(thresholds.count) times: of particles it is one least score")
    }
    var request = PointEvaluationRequest(found: segmentation, truth: groundTruth)
    request.rule = points.rule
    request.threshold = thresholds.first
    request.output = output
    request.replacesOutputs = force
    // A volume of labels says as well as a tomogram where its particles lie.
    let stands = tomograms.isEmpty && !PointReading.holdsPoints(groundTruth) ? [groundTruth] : tomograms
    request.reading.context = try frame.context(tomograms: stands)
    request.reading.format = frame.from
    request.reading.classColumn = points.classColumn
    request.reading.scoreColumn = points.scoreColumn
    request.reading.classes = Set(points.classes.map { PointNames.featureKey($0) })
    request.reading.label = label
    if let volume = points.minVolume { request.reading.minimumVolume = volume }
    request.reading.threads = MachineResources.current().threads
    let cancellation = Cancellation()
    let signals = StopSignals(cancellation: cancellation) {}
    defer { withExtendedLifetime(signals) {} }
    let result = try run(request, cancellation)
    let report = PointEvaluationReport(request: request, result: result)
    if json {
      Terminal.standardOutput.print(text: try report.json())
    } else {
      Terminal.standardOutput.print(lines: report.lines())
    }
    for note in result.evaluation.notes { Terminal.standardError.print("ais: note: \(note)") }
  }

  private func run(_ request: PointEvaluationRequest, _ cancellation: Cancellation) throws -> PointEvaluationRun.Result
  {
    let logger = Logger(label: "evaluate") { _ in StandardErrorLog(isDetailed: false) }
    do {
      return try PointEvaluationRun.run(request, logger: logger, cancellation: cancellation)
    } catch {
      if error.code == .cancelled { throw ExitCode(StopSignals.exitCode) }
      throw error
    }
  }
}

/// What `ais evaluate` prints.
struct EvaluationReport: Encodable {
  struct Row: Encodable {
    var threshold: Int
    var dice: Double
    var intersectionOverUnion: Double
    var precision: Double
    var recall: Double
    var surfaceDice: Double?
    /// Voxels of the segmentation above the threshold.
    var segmentedVoxels: Int

    init(_ threshold: Int, _ overlap: MaskOverlap, surfaceDice: Double?) {
      self.surfaceDice = surfaceDice
      self.threshold = threshold
      dice = overlap.dice
      intersectionOverUnion = overlap.intersectionOverUnion
      precision = overlap.precision
      recall = overlap.recall
      segmentedVoxels = overlap.shared + overlap.onlyTested
    }
  }

  var schema = "ais.evaluation/1"
  var segmentation: String
  var groundTruth: String
  var label: Int?
  var truthVoxels: Int
  /// How far surfaces may be apart, in Å, or in voxels where nothing says how large they are.
  var surfaceTolerance: Double?
  var surfaceToleranceUnit: String?
  var thresholds: [Row]
  var best: Row

  init(_ evaluation: Evaluation, rows: [Row], best: Row, surfaces: SurfaceSweep?) {
    surfaceTolerance = surfaces?.tolerance
    surfaceToleranceUnit = surfaces?.unit
    segmentation = evaluation.segmentation
    groundTruth = evaluation.groundTruth
    if case .label(let label) = evaluation.truth { self.label = label }
    truthVoxels = evaluation.histogram.truthCount
    thresholds = rows
    self.best = best
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  func table() -> [String] {
    let truth = label.map { "label \($0)" } ?? "everything above 0"
    var lines = [
      "\(segmentation)", "against \(truth) of \(groundTruth), \(truthVoxels) voxels", "",
      "threshold    Dice     IoU  precision  recall" + (surfaceTolerance == nil ? "" : "  surface Dice"),
    ]
    for row in thresholds {
      let mark = row.threshold == best.threshold ? "  best" : ""
      let precision = row.segmentedVoxels == 0 ? Self.padded("–", 11) : Self.padded(row.precision, 11)
      lines.append(
        Self.padded("\(row.threshold)", 9) + Self.padded(row.dice, 8) + Self.padded(row.intersectionOverUnion, 8)
          + precision + Self.padded(row.recall, 8) + (row.surfaceDice.map { Self.padded($0, 14) } ?? "") + mark)
    }
    return lines
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
  private static func padded(_ value: Double, _ width: Int) -> String {
    padded(String(format: "%.3f", value), width)
  }
}
