import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// Imports that the page asks for. Each is one line of the journal, undone in one step.
struct ImportJobs: Sendable {
  let project: OpenProject
  let roots: FolderRoots
  let author: Author

  /// Looks at what is asked, so that what cannot be is refused at once, and starts the job.
  func start(_ json: JSONValue) async throws -> Job {
    let kind = try json.required("kind")
    switch kind {
    case "scns": return try await annotatedDatasets(try json.requiredTexts("paths"))
    case "feature-library": return try await library(json["path"]?.string)
    case "annotation-volume", "boxes": return try await annotation(kind, json)
    default:
      throw AisError(
        .usage, "'\(kind)' is no kind of import: expected scns, annotation-volume, boxes or feature-library")
    }
  }

  private func annotatedDatasets(_ paths: [String]) async throws -> Job {
    let files = try await resolved(paths)
    let title = files.count == 1 ? "Import \((files[0] as NSString).lastPathComponent)" : "Import \(files.count) files"
    let work = ProjectImport(project.project, author: author)
    return try project.jobs.start("scns", title: title) { job in
      var sentences: [String] = []
      for (index, file) in files.enumerated() {
        try job.cancellation.check()
        job.report(Double(index) / Double(files.count), (file as NSString).lastPathComponent)
        let result = try await onDisk { try work.annotatedDataset(file) }
        sentences.append(Self.sentence(result))
      }
      return Job.Result(message: sentences.joined(separator: " "))
    }
  }

  private func annotation(_ kind: String, _ json: JSONValue) async throws -> Job {
    let file = try await resolved([try json.required("path")])[0]
    let dataset = try await project.dataset(try json.requiredInteger("dataset"))
    var work = ProjectImport(project.project, author: author)
    work.dataset = dataset.name
    work.feature = try await title(of: try json.requiredInteger("feature"))
    if let threshold = json["threshold"]?.number {
      guard threshold.isFinite else { throw AisError(.usage, "a threshold must be a number") }
      work.threshold = Float(threshold)
    }
    work.slice = json["slice"]?.integer
    let ready = work
    return try project.jobs.start(kind, title: "Import \((file as NSString).lastPathComponent)") { _ in
      let result = try await onDisk { kind == "boxes" ? try ready.boxes(file) : try ready.volume(file) }
      return Job.Result(message: Self.sentence(result))
    }
  }

  private func library(_ path: String?) async throws -> Job {
    // The earlier program's own file; it is named by no request, so no root has to be given for it.
    let file =
      if let path { try await resolved([path])[0] } else { NSHomeDirectory() + "/.Ais/feature_library.txt" }
    guard FileManager.default.fileExists(atPath: file) else {
      throw AisError(.notFound, "the earlier program's feature library is not at '\(file)'. Choose the file itself")
    }
    let work = ProjectImport(project.project, author: author)
    return try project.jobs.start("feature-library", title: "Import the feature library") { _ in
      let result = try await onDisk { try work.library(file) }
      return Job.Result(message: "\(result.cards) features in \(result.features.joined(separator: ", ")).")
    }
  }

  private func resolved(_ paths: [String]) async throws -> [String] {
    let roots = roots
    return try await onDisk { try paths.map { try roots.resolve($0) } }
  }

  private func title(of feature: Int) async throws(AisError) -> String {
    let features = try await project.session.run { (store) throws(AisError) in try store.features() }
    guard let found = features.first(where: { $0.id == feature }) else {
      throw AisError(.notFound, "the project has no feature \(feature)")
    }
    return found.title
  }

  private static func sentence(_ result: ProjectImport.Result) -> String {
    let names = result.features.joined(separator: ", ")
    return
      ([
        "\(result.dataset): \(names): \(result.slices) \(result.slices == 1 ? "slice" : "slices"), "
          + "\(result.boxes) \(result.boxes == 1 ? "box" : "boxes")."
      ] + result.warnings).joined(separator: " ")
  }
}
