import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation
import Logging

/// Picking in many segmentations, as `ais pick` does it: lists, contact sheets, scripts, and the account beside each list.
struct PickJobs: Sendable {
  let project: OpenProject
  let logger: Logger
  let threads: Int
  let memoryBytes: Int

  /// Plans the files, so that what cannot be is refused at once, and starts the job.
  ///
  /// - Parameters:
  ///   - paths: segmentations, found to be allowed.
  ///   - table: RELION's `tomograms.star`, found to be allowed.
  ///   - folder: where lists go; `nil` makes a new folder in the project's exports.
  ///   - tomograms: files of the project's tomograms by name.
  func start(
    _ json: JSONValue, paths: [String], table: String?, folder: String?, tomograms: [String: String]
  ) async throws -> Job {
    let folder = folder ?? ExportJobs.folder(in: project.project.folder, for: "picks")
    var request = PickRequest(inputs: paths, outputFolder: folder, memoryLimit: memoryBytes, threads: threads)
    try request.take(json)
    request.tiltSeriesTable = table
    request.tomogramPaths = tomograms
    request.drawsContactSheet = json["contactSheet"]?.bool ?? true
    request.writesChimeraXScript = json["chimeraX"]?.bool ?? true
    request.replacesOutputs = json["replaces"]?.bool ?? false
    request.readsBack = true
    let asked = request
    let plan = try await onDisk { () throws -> PickPlan in try PickPlan.make(asked, cancellation: Cancellation()) }
    if plan.count == 0, let first = plan.tasks.lazy.flatMap(\.refusals).first {
      throw Refusal(
        first, remedy: first.code == .needsDecision ? .object(["kind": .string("pick-settings")]) : nil)
    }
    let count = plan.tasks.count
    let title = count == 1 ? "Pick in \(SegmentationName.stem(of: paths[0]))" : "Pick in \(count) segmentations"
    let logger = logger
    return try project.jobs.start("pick", title: title) { job in
      let outcomes = try await onDisk { () throws -> [BatchOutcome] in
        try PickRun(plan, cancellation: job.cancellation, logger: logger).run { event in
          Self.report(event, of: plan, to: job)
        }
      }
      return try await onDisk { try Self.result(outcomes, plan) }
    }
  }

  private static func report(_ event: BatchEvent, of plan: PickPlan, to job: Job) {
    let count = Double(plan.tasks.count)
    switch event {
    case .started(let index):
      let name = SegmentationName.stem(of: plan.tasks[index].input)
      job.report(Double(index) / count, "\(name), \(index + 1) of \(plan.tasks.count)")
    case .progress(let index, let fraction): job.report((Double(index) + fraction) / count)
    case .finished(let index, _): job.report(Double(index + 1) / count)
    }
  }

  /// What the page tells: a sentence, the files, and of each segmentation its list.
  private static func result(_ outcomes: [BatchOutcome], _ plan: PickPlan) throws -> Job.Result {
    var lists: [JSONValue] = []
    var files: [String] = []
    var (points, picked, deviation) = (0, 0, 0.0)
    var frame: String?
    for (task, outcome) in zip(plan.tasks, outcomes) {
      let results = outcome.results as? PickResults
      if let results {
        points += results.particles
        picked += 1
        deviation = max(deviation, results.readBack?.deviationVoxels ?? 0)
        frame = frame ?? results.frame
      }
      files += outcome.failures.isEmpty ? outcome.written + outcome.skipped : []
      lists.append(
        .object([
          "segmentation": .string(task.input), "tomogram": .string(SegmentationName.tomogram(of: task.input)),
          "path": .string(task.points), "sheet": .optional(task.sheet), "script": .optional(task.script),
          "particles": .optional(results?.particles), "wasThere": .bool(!outcome.skipped.isEmpty),
          "failure": .optional(outcome.failures.first?.message),
          "warnings": .array(outcome.warnings.map { .string($0) }),
        ]))
    }
    let failures = outcomes.flatMap(\.failures)
    if picked == 0, let first = failures.first { throw first }
    var members: [String: JSONValue] = [
      "folder": .string(URL(filePath: plan.request.outputFolder).standardizedFileURL.path),
      "particles": .number(points),
      "noun": .string(plan.request.noun), "format": .string(plan.request.format.rawValue),
      "frame": .optional(frame), "deviationVoxels": .number(deviation), "lists": .array(lists), "relion": .null,
    ]
    let sound = zip(plan.tasks, outcomes).filter { $0.1.failures.isEmpty }.map(\.0.points)
    if plan.request.format == .relion5,
      let importing = try RELIONImport(lists: sound, folder: plan.request.outputFolder)
    {
      files.append(importing.path)
      members["relion"] = .object(["path": .string(importing.path), "command": .string(importing.command)])
    }
    return Job.Result(
      message: message(points, plan.request.noun, picked, failures.count, frame, deviation), files: files,
      details: .object(members))
  }

  /// "36 particles in 2 segmentations, read back. x, y, z are …"
  private static func message(
    _ points: Int, _ noun: String, _ picked: Int, _ failed: Int, _ frame: String?, _ deviation: Double
  ) -> String {
    if picked == 0 { return "Nothing had to be done: the lists were there already, made with the same settings." }
    var text =
      "\(points) \(noun)\(points == 1 ? "" : "s") in \(picked) segmentation\(picked == 1 ? "" : "s"), read back"
    // More than text formats round away.
    text += deviation > 1e-3 ? " and rounded by \(String(format: "%.2f", deviation)) voxels at most." : " and the same."
    if let frame { text += " \(frame.prefix(1).uppercased())\(frame.dropFirst())" }
    if failed > 0 { text += " \(failed) could not be searched: see the list." }
    return text
  }
}
