import AisCore
import AisFormats
import AisJobs
import AisProject
import AisWorkflows
import Foundation
import Hummingbird

/// Runs: a project's networks over its tomograms, in processes that need neither page nor server.
enum RunRoutes {
  private static let path = "/api/projects/{project}/runs"

  static let all: [APIRoute] = [
    .get(path) { asked in
      let runs = try await asked.project().runs
      let views = await onDisk { runs.all() }
      return .json(.object(["runs": .array(views.map { .object(RunDocument.summary($0)) })]))
    },
    .post(path) { asked in
      let (project, recipe) = try await recipe(asked)
      return .json(RunDocument.whole(try await onDisk { try project.runs.start(recipe) }))
    },
    .get(path + "/places") { _ in
      let survey = await onDisk { (EngineSurvey.current(), ProcessSlurmShell(patience: 5).run(.version).output) }
      return .json(
        .object([
          "devices": .array(
            survey.0.findings.map { finding in
              .object([
                "device": .string(finding.device), "title": .string(finding.title), "isUsable": .bool(finding.isUsable),
                "details": .string(finding.details), "remedy": .optional(finding.remedy),
              ])
            }),
          "slurm": survey.1.map { .object(["version": .string($0.trimmingCharacters(in: .whitespacesAndNewlines))]) }
            ?? .null,
        ]))
    },
    .post(path + "/forecast") { asked in
      let (project, recipe) = try await recipe(asked)
      let (app, folder) = (asked.app, project.models.store.folder)
      let forecast = try await onDisk {
        try RunForecast(
          recipe, modelFolder: folder, scratch: project.project.folder.cachePath, threads: app.settings.threads,
          memoryBytes: app.settings.memoryBytes, logger: app.logger, cancellation: Cancellation())
      }
      return .json(RunDocument.forecast(forecast, recipe))
    },
    .post(path + "/preview") { asked in
      let (project, recipe) = try await recipe(asked)
      let pictures = RunPictures(project: project)
      return .json(try pictures.preview(recipe, settings: asked.app.settings, logger: asked.app.logger).json)
    },
    .post(path + "/script") { asked in
      let (project, recipe) = try await recipe(asked)
      let script = try await onDisk { () throws -> String in
        let folder = project.models.store.folder
        let base = ExportJobs.folder(in: project.project.folder, for: "run")
        try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: true)
        try AtomicFile.write(try recipe.group(modelFolder: folder).json, to: base + "/group.json")
        try AtomicFile.write(try recipe.limits().json, to: base + "/limits.json")
        return recipe.script(group: base + "/group.json", limits: base + "/limits.json")
      }
      return .json(.object(["script": .string(script)]))
    },
    .get(path + "/{run}") { asked in
      let (runs, number) = (try await asked.project().runs, try asked.number("run"))
      return .json(RunDocument.whole(try await onDisk { try runs.view(number) }))
    },
    .delete(path + "/{run}") { asked in
      let (runs, number) = (try await asked.project().runs, try asked.number("run"))
      try await onDisk { try runs.setAside(number, true) }
      return .json(.object([:]))
    },
    .post(path + "/{run}/restore") { asked in
      let (runs, number) = (try await asked.project().runs, try asked.number("run"))
      return .json(
        RunDocument.whole(
          try await onDisk {
            try runs.setAside(number, false)
            return try runs.view(number)
          }))
    },
    .post(path + "/{run}/pause") { try await stop($0, .pause) },
    .post(path + "/{run}/cancel") { try await stop($0, .cancel) },
    .post(path + "/{run}/resume") { asked in
      let (runs, number) = (try await asked.project().runs, try asked.number("run"))
      return .json(RunDocument.whole(try await onDisk { try runs.resume(number) }))
    },
    .post(path + "/{run}/retry") { asked in
      let (project, number) = (try await asked.project(), try asked.number("run"))
      let (datasets, versions) = try await project.session.run { (store) throws(AisError) in
        (try store.datasets(), try store.versions())
      }
      let view = try await onDisk {
        try project.runs.retry(number) { tomogram in
          guard let dataset = datasets.first(where: { $0.id == tomogram.dataset }),
            let version = versions.first(where: { $0.id == tomogram.version })
          else { return nil }
          return RunRequest.voxelSize(of: version, in: dataset)
        }
      }
      return .json(RunDocument.whole(view))
    },
    .post(path + "/{run}/again") { asked in
      let (project, number) = (try await asked.project(), try asked.number("run"))
      let old = try await onDisk { try project.runs.folder(number).recipe() }
      let recipe = try await RunRequest(project: project, roots: asked.app.roots, author: asked.author).again(old)
      return .json(RunDocument.whole(try await onDisk { try project.runs.start(recipe) }))
    },
    .get(path + "/{run}/recipe") { asked in
      let (runs, number) = (try await asked.project().runs, try asked.number("run"))
      let bytes = try await onDisk { try runs.folder(number).recipe().json }
      return .file(bytes, name: "run-\(number).json")
    },
    .get(path + "/{run}/script") { asked in
      let (runs, number) = (try await asked.project().runs, try asked.number("run"))
      let script = try await onDisk { () throws -> String in
        let run = try runs.folder(number)
        return try run.recipe().script(group: run.groupPath, limits: run.limitsPath)
      }
      return .file(Array(script.utf8), name: "run-\(number).sh")
    },
    .get(path + "/{run}/log") { asked in
      let (runs, number) = (try await asked.project().runs, try asked.number("run"))
      return .text(try await onDisk { try tail(of: runs.folder(number).logPath) }, type: "text/plain; charset=utf-8")
    },
    .get(path + "/{run}/tasks/{task}/log") { asked in
      let (runs, number, task) = (try await asked.project().runs, try asked.number("run"), try asked.text("task"))
      return .text(try await onDisk { try log(of: task, runs.view(number)) }, type: "text/plain; charset=utf-8")
    },
    .get(path + "/{run}/tasks/{task}/picture") { asked in
      let (project, number, task) = (try await asked.project(), try asked.number("run"), try asked.text("task"))
      let size = try asked.queryNumber("size") ?? 256
      let bytes = try await onDisk {
        try RunPictures(project: project).result(try project.runs.view(number), task: task, size: size)
      }
      return .octets(bytes, type: "image/png")
    },
    .get(path + "/{run}/tasks/{task}/results/{model}/{slice}") { asked in
      let (project, number, task) = (try await asked.project(), try asked.number("run"), try asked.text("task"))
      let (model, slice) = (Int64(try asked.number("model")), try asked.number("slice"))
      let (bytes, shape) = try await onDisk {
        try RunPictures(project: project).slice(slice, of: model, try project.runs.view(number), task: task)
      }
      return .octets(bytes, [.aisHeight: String(shape.y), .aisWidth: String(shape.x)])
    },
  ]

  private static func recipe(_ asked: AppRequest) async throws -> (OpenProject, RunRecipe) {
    let project = try await asked.project()
    let json = try await asked.json()
    let recipe = try await RunRequest(project: project, roots: asked.app.roots, author: asked.author).recipe(json)
    return (project, recipe)
  }

  private static func stop(_ asked: AppRequest, _ wish: RunFolder.Wish) async throws -> Response {
    let (runs, number) = (try await asked.project().runs, try asked.number("run"))
    return .json(RunDocument.whole(try await onDisk { try runs.stop(number, wish) }))
  }

  /// The end of a log, at most 256 KiB of it.
  private static func tail(of path: String) throws -> String {
    guard FileManager.default.fileExists(atPath: path) else { return "" }
    let file = try RandomAccessFile(path)
    let bytes = try file.bytes(max(0, file.byteCount - 256 << 10)..<file.byteCount)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The life of a task from its journal, and what its worker said last.
  private static func log(of task: String, _ view: RunView) throws -> String {
    guard let row = view.rows.first(where: { $0.task == task }) else {
      throw AisError(.notFound, "the run \(view.number) has no task '\(task)'")
    }
    let batch = try BatchFolder(opening: view.recipe.output)
    var lines = ["\(row.tomogram.name): \(row.tomogram.path)"]
    var number = 1
    while let entry = try batch.entry(task, number) {
      var line = "\(entry.date)  \(entry.kind.rawValue)"
      if let worker = entry.worker { line += "  by \(worker)" }
      if let seconds = entry.seconds { line += "  after \(DurationText.text(seconds))" }
      if entry.wasThere == true { line += "  (was there)" }
      lines.append(line)
      if let reason = entry.reason { lines.append("  \(reason)") }
      for warning in entry.warnings ?? [] { lines.append("  warning: \(warning)") }
      for output in entry.outputs ?? [] { lines.append("  \(output.path), \(output.bytes) bytes") }
      number += 1
    }
    if number == 1 { lines.append("Nobody has begun with it.") }
    let job = try row.worker.flatMap { worker throws(AisError) in try batch.worker(worker)?.job }
    if let job, job.hasPrefix("slurm "), let said = try? tail(of: "\(batch.slurmPath)/\(job.dropFirst(6)).log"),
      !said.isEmpty
    {
      lines += ["", "What its worker said:", said]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
