import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// What is to be shown in a page: a tomogram that a project has, a file, or a project.
struct ShowRequest: Sendable {
  let app: AppCentre
  let author: Author
  /// A file, a folder or a project.
  var path: String?
  /// The key of the project that has it, or is to take it.
  var project: String?
  var dataset: Int64?
  /// Counted from 0.
  var slice: Int?
  /// Whether only projects that are open are looked into.
  var isKnownOnly = false

  init(_ json: JSONValue, app: AppCentre, author: Author) throws(AisError) {
    self.app = app
    self.author = author
    path = json["path"]?.string
    project = json["project"]?.string
    dataset = json["dataset"]?.integer.map { Int64($0) }
    slice = json["slice"]?.integer
    isKnownOnly = json["known"]?.bool ?? false
    guard (path == nil) != (dataset == nil) || (path == nil && project != nil) else {
      throw AisError(.usage, "the request names either a 'path', or a 'project' and perhaps its 'dataset'")
    }
    guard dataset == nil || project != nil else {
      throw AisError(.usage, "the request has a 'dataset' and no 'project' that it is in")
    }
  }

  /// Finds it, opening what is not open.
  ///
  /// - Throws: `not-found`; `usage` for a slice that the tomogram does not have; what `POST /api/open` throws.
  func wish() async throws -> Showing.Wish {
    if let path { return try await wish(for: path) }
    let project = try await app.projects.project(project ?? "")
    guard let dataset else { return try wish(project, nil) }
    return try wish(project, try await project.dataset(Int(dataset)))
  }

  private func wish(for path: String) async throws -> Showing.Wish {
    let real = await onDisk { FolderRoots.realPath(path) }
    if let real, let (project, dataset) = try await known(real) { return try wish(project, dataset) }
    guard !isKnownOnly else { throw AisError(.notFound, "no project that is open has '\(path)'") }
    let project: OpenProject
    if let key = self.project {
      project = try await app.projects.project(key)
      try await add(path, to: project)
    } else {
      project = try await ProjectOpening(app: app).open([path], creates: true, author: author, checksRoots: true)
    }
    guard let real, let dataset = try await Self.dataset(real, in: project) else { return try wish(project, nil) }
    return try wish(project, dataset)
  }

  /// The open project that has a file; of several the one that is asked for or looked at.
  private func known(_ real: String) async throws -> (OpenProject, Dataset?)? {
    let all = await app.projects.all
    let first = project ?? app.showing.project
    for open in all.filter({ $0.key == first }) + all.filter({ $0.key != first && project == nil }) {
      if open.project.folder.path == real { return (open, nil) }
      if let dataset = try await Self.dataset(real, in: open) { return (open, dataset) }
    }
    return nil
  }

  private static func dataset(_ real: String, in project: OpenProject) async throws -> Dataset? {
    try await onDisk {
      let version = try project.project.versions().first { version in
        let path = project.versions.state(of: version)?.path ?? version.reference.path
        return path == real || FolderRoots.realPath(path) == real
      }
      return try version.flatMap { try project.project.dataset($0.dataset) }
    }
  }

  private func add(_ path: String, to project: OpenProject) async throws {
    let (roots, store, author) = (app.roots, project.project, author)
    _ = try await onDisk {
      let real = try roots.resolve(path)
      let inputs = try ProjectInputs([real], isAnnotation: false)
      return try TomogramAddition(inputs: inputs, project: store, author: author).run(Cancellation())
    }
  }

  private func wish(_ project: OpenProject, _ dataset: Dataset?) throws(AisError) -> Showing.Wish {
    if let slice {
      guard let dataset else {
        throw AisError(.usage, "a slice is of one tomogram, and '\(project.project.folder.name)' is a project")
      }
      guard (0..<dataset.shape.z).contains(slice) else {
        throw AisError(
          .usage, "'\(dataset.name)' has no slice \(slice): expected 0 to \(dataset.shape.z - 1), counted from 0")
      }
    }
    return Showing.Wish(
      project: project.key, name: dataset?.name ?? project.project.folder.name, dataset: dataset?.id, slice: slice,
      author: author.name)
  }
}
