import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// Exports that the page asks for. Files go into a fresh folder of the project's `exports`, and are fetched from there.
struct ExportJobs: Sendable {
  let project: OpenProject
  let author: Author

  private static let products: [String: ProjectExport.Product] = [
    "boxes": .boxes, "slice": .slices, "volume": .volumes, "scns": .scns,
  ]

  /// Plans the files, so that what cannot be is refused at once, and starts the job.
  func start(_ json: JSONValue) async throws -> Job {
    let kind = try json.required("kind")
    guard let product = Self.products[kind] else {
      throw AisError(.usage, "'\(kind)' is no kind of export: expected boxes, slice, volume or scns")
    }
    let dataset = try await project.dataset(try json.requiredInteger("dataset"))
    let feature = json["feature"]?.integer
    let slice = json["slice"]?.integer
    var format = CoordinateFormat.text
    if let name = json["format"]?.string {
      guard let found = CoordinateFormat(rawValue: name) else {
        throw AisError(.usage, "'\(name)' is no format of coordinates. 'ais coordinates --help' lists them")
      }
      format = found
    }
    let folder = Self.folder(in: project.project.folder, for: kind)
    let store = project.project
    let wanted = format
    let includesTomogram = json["includesTomogram"]?.bool ?? false
    let (export, tasks) = try await onDisk { () throws -> (ProjectExport, [ProjectExport.Task]) in
      var export = ProjectExport(store, product, output: folder)
      export.format = wanted
      export.includesTomogram = includesTomogram
      // By number and not by name: two datasets, or two features, may have the same one.
      let tasks = try export.plan(slice: slice).filter { task in
        task.dataset.id == dataset.id && (feature == nil || task.feature == nil || task.feature?.id == Int64(feature!))
      }
      guard !tasks.isEmpty else {
        throw AisError(.notFound, "nothing to export: nothing of this is annotated in '\(dataset.name)'")
      }
      return (export, tasks)
    }
    return try project.jobs.start(kind, title: "Export \(kind) of \(dataset.name)") { job in
      var warnings: [String] = []
      try await onDisk { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
      for (index, task) in tasks.enumerated() {
        try job.cancellation.check()
        job.report(Double(index) / Double(tasks.count))
        warnings += try await onDisk { try export.write(task, cancellation: job.cancellation) }
      }
      let message = (["\(tasks.count) \(tasks.count == 1 ? "file" : "files") written."] + warnings).joined(
        separator: " ")
      return Job.Result(message: message, files: tasks.map(\.path))
    }
  }

  /// A folder that is not there yet, named by date and what is in it; an export never replaces an earlier one.
  static func folder(in project: ProjectFolder, for kind: String) -> String {
    let date = Date().ISO8601Format(
      .iso8601.year().month().day().dateTimeSeparator(.standard).time(includingFractionalSeconds: false)
    )
    .replacing(":", with: "")
    let name = "\(project.path)/exports/\(date)-\(kind)"
    if !FileManager.default.fileExists(atPath: name) { return name }
    var number = 2
    while FileManager.default.fileExists(atPath: "\(name)-\(number)") { number += 1 }
    return "\(name)-\(number)"
  }
}
