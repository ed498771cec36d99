import AisCore
import AisFormats
import AisImaging
import Foundation
import Logging

/// Measures segmentations and lists of particles, one after the other, and sums up what was found.
package struct MeasureRun: Sendable {
  /// One input and what becomes of it.
  struct Task: Sendable {
    var input: String
    var isList: Bool
    var outputs: [String]
    var targets: [String]
    var record: WorkRecord
    var isDone: Bool
  }

  let request: MeasureRequest
  private let logger: Logger
  private let cancellation: Cancellation
  let tasks: [Task]
  /// What is known before work starts: outputs that are there, refusals.
  let before: [BatchOutcome]

  static let schema = "ais.measures/1"
  static let summarySchema = "ais.measures-summary/1"

  package var inputs: [String] { tasks.map(\.input) }

  /// What stands in the way, known before work starts.
  package var refusals: [AisError] { before.flatMap(\.failures) }

  /// What would be done, a line for each input.
  package var forecast: [String] {
    zip(tasks, before).compactMap { task, outcome in
      if !outcome.failures.isEmpty { return nil }
      return "\(task.input) \(task.isDone ? "has given" : "would give") \(task.outputs.joined(separator: ", "))"
    }
  }

  /// Looks at inputs and outputs; nothing is measured yet.
  ///
  /// - Throws: `.notFound` for what is not there, `.needsDecision` for outputs that would replace each other or an input.
  package init(_ request: MeasureRequest, logger: Logger, cancellation: Cancellation) throws(AisError) {
    self.request = request
    self.logger = logger
    self.cancellation = cancellation
    let kind = InputKind(
      noun: "segmentation or list of particles", endings: InputKind.volumeEndings.union(PointReading.endings),
      readsLists: false, rule: .segmentationsAnd(endings: PointReading.endings))
    let inputs = try InputCollection(request.inputs, of: kind).paths.filter { !PointReading.isAccount($0) }
    let targets = try InputCollection(request.targets, of: kind).paths.filter { !PointReading.isAccount($0) }
    guard !inputs.isEmpty else {
      throw AisError(.notFound, "there is nothing to measure: no segmentation and no list of particles was found")
    }
    var claims = OutputClaims(inputs: inputs + targets)
    let folder = OutputFolder.prefix(request.outputFolder)
    var tasks: [Task] = []
    var before: [BatchOutcome] = []
    for input in inputs {
      let isList = PointReading.holdsPoints(input)
      let outputs = Self.outputs(of: input, request)
      for output in outputs { claims.claim(output, for: input) }
      let own = isList ? targets : Self.targets(targets, of: input)
      var outcome = BatchOutcome(input: input)
      let record = try WorkRecord(
        schema: Self.schema, settings: Settings(request, targets: own),
        inputs: [input] + own + (isList ? request.reading.context.files : []))
      let existing: ExistingOutput =
        request.replacesOutputs ? .absent : ExistingOutput.look(at: outputs, record: record)
      switch existing {
      case .same: outcome.skipped = outputs
      case .other(let reason): outcome.failures = [AisError(.needsDecision, reason)]
      case .absent: break
      }
      tasks.append(
        Task(input: input, isList: isList, outputs: outputs, targets: own, record: record, isDone: existing == .same))
      before.append(outcome)
    }
    for path in Self.summaries(request) { claims.claim(path, for: "the summary of all inputs") }
    try claims.check()
    self.tasks = tasks
    self.before = before
    if request.writesSummary { try Self.checkSummary(folder, isReplaced: request.replacesOutputs) }
  }

  /// What changes the measures besides the input.
  struct Settings: Sendable, Encodable {
    var measure: MeasureRequest.Settings
    var targets: [String]
    var classColumn: String?
    var classes: [String]
    var format: String?
    /// Of lists.
    var frame: CoordinateContext.Account

    init(_ request: MeasureRequest, targets: [String]) {
      measure = request.settings
      self.targets = targets.map { ($0 as NSString).lastPathComponent }
      classColumn = request.reading.classColumn
      classes = request.reading.classes.sorted()
      format = request.reading.format?.rawValue
      frame = request.reading.context.account
    }
  }

  /// Measures every input, whatever becomes of the others, and writes the summary of those that went well.
  package func run(
    _ watch: @escaping (BatchEvent) -> Void
  ) throws(AisError) -> (outcomes: [BatchOutcome], summary: [MeasureSummary]) {
    try OutputFolder.prepare(request.outputFolder, logger: logger)
    var summaries: [MeasureSummary] = []
    let outcomes = try Batch.run(before, cancellation: cancellation, watch: watch) {
      (index, outcome, progress) throws(AisError) in
      guard outcome.failures.isEmpty else { return }
      let task = tasks[index]
      let found: [MeasureSummary]
      if task.isDone, let kept = Self.keptSummaries(task.outputs[0]) {
        found = kept
      } else {
        found = try task.isList ? measureList(task, &outcome, progress) : measureVolume(task, &outcome, progress)
        outcome.skipped = []
      }
      outcome.results = found
      outcome.lines = found.map(Self.line)
      summaries += found
    }
    if !summaries.isEmpty, request.writesSummary { try writeSummary(summaries) }
    return (outcomes, summaries)
  }

  private func measureVolume(
    _ task: Task, _ outcome: inout BatchOutcome, _ progress: (Double) -> Void
  ) throws(AisError) -> [MeasureSummary] {
    let feature = try open(task.input, progress: { progress(0.7 * $0) })
    var targets: [MeasureTarget] = []
    var held = feature.byteCount
    for path in task.targets {
      targets += try target(path, for: SegmentationName.stem(of: task.input), besides: &held)
    }
    let measures = try ComponentMeasures.make(
      of: feature, targets: Self.withUniqueNames(targets), threads: request.threads, cancellation: cancellation)
    progress(0.95)
    let tomogram = Self.tomogramName(task.input)
    let name = request.settings.label.map { "label \($0)" } ?? SegmentationName.feature(of: task.input)
    let summary = measures.summary(tomogram: tomogram, name: name)
    if measures.components.isEmpty {
      let why = try feature.reading.emptiness(threads: request.threads, cancellation: cancellation)
      outcome.warnings.append("the table is empty: \(why)")
    }
    let picture = measures.picture(title: "\(tomogram), \(name): \(measures.components.count) components")
    try write(task, measures.table(), picture, [summary], &outcome)
    return [summary]
  }

  private func measureList(
    _ task: Task, _ outcome: inout BatchOutcome, _ progress: (Double) -> Void
  ) throws(AisError) -> [MeasureSummary] {
    var reading = request.reading
    reading.context.hints.voxelSize = reading.context.hints.voxelSize ?? request.settings.voxelSize
    let set = try reading.read(task.input, cancellation: cancellation)
    outcome.warnings += set.notes
    if set.points.isEmpty { outcome.warnings.append("the list holds no particle") }
    var names: [String] = []
    for path in task.targets {
      let name = Self.targetName(path)
      if !names.contains(name) { names.append(name) }
    }
    let measures = try ParticleMeasures.make(
      of: set, targetNames: names,
      targets: { (tomogram) throws(AisError) in
        var found: [MeasureTarget] = []
        var held = 0
        for path in Self.targets(task.targets, of: set.tomograms[tomogram].name, isOnly: set.tomograms.count == 1) {
          found += try target(path, for: set.tomograms[tomogram].name, besides: &held)
        }
        return found
      }, threads: request.threads, cancellation: cancellation, progress: progress)
    for name in names where !measures.rows.isEmpty {
      let column = names.firstIndex(of: name)!
      if measures.rows.allSatisfy({ $0.distances[column] == nil }) {
        outcome.warnings.append(
          "no distance to \(name) could be measured: it is empty, or none of its files is of the list's tomograms")
      }
    }
    let summaries = measures.summaries()
    let title = "\((task.input as NSString).lastPathComponent): \(measures.rows.count) particles"
    try write(task, measures.table(), measures.picture(title: title), summaries, &outcome)
    return summaries
  }

  /// - Parameter held: memory in bytes that something else takes meanwhile.
  private func open(
    _ path: String, besides held: Int = 0, progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> FeatureVolume {
    try FeatureVolume.open(
      path, settings: request.settings, threads: request.threads, memory: ByteCount(max(1, request.memoryLimit - held)),
      cancellation: cancellation, progress: progress)
  }

  /// A target's surface, or its particles in the given tomogram.
  ///
  /// - Parameter held: memory in bytes that what was opened before takes; the target is added.
  private func target(
    _ path: String, for tomogram: String, besides held: inout Int
  ) throws(AisError) -> [MeasureTarget] {
    let name = Self.targetName(path)
    guard PointReading.holdsPoints(path) else {
      let volume = try open(path, besides: held)
      held += volume.byteCount
      return [MeasureTarget(name: name, volume: volume)]
    }
    var reading = request.reading
    reading.context.hints.voxelSize = reading.context.hints.voxelSize ?? request.settings.voxelSize
    let set = try reading.read(path, cancellation: cancellation)
    let key = PointNames.tomogramKey(tomogram)
    let members = set.points.filter {
      set.tomograms.count == 1 || PointNames.tomogramKey(set.tomograms[$0.tomogram].name) == key
    }
    return [MeasureTarget(name: name, points: members.map(\.position))]
  }

  private func write(
    _ task: Task, _ table: CSVTable, _ picture: Picture, _ summaries: [MeasureSummary], _ outcome: inout BatchOutcome
  ) throws(AisError) {
    try cancellation.check()
    let png = try Self.png(picture, title: "Measures of \((task.input as NSString).lastPathComponent)")
    try task.record.write(
      [(task.outputs[0], table.bytes), (task.outputs[1], png)], results: summaries, warnings: outcome.warnings)
    outcome.written = task.outputs
  }

  static func png(_ picture: Picture, title: String) throws(AisError) -> [UInt8] {
    try PNGEncoder.encode(
      rgb: picture.rgb, width: picture.width, height: picture.height,
      texts: [.init("Software", "ais \(AisVersion.current)"), .init("Title", title)])
  }
}
