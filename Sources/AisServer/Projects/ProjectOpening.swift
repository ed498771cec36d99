import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// Finds or makes the project that goes with what a person opens.
///
/// A project is opened as it is. Tomograms, `.scns` files and folders of them belong to the project of their folder:
/// `FOLDER/FOLDER.ais`, or the only project that lies there; where the user may not write, it is kept among the user's own
/// data.
struct ProjectOpening: Sendable {
  let app: AppCentre

  /// - Parameters:
  ///   - creates: whether a project may be made where there is none; `needs-decision` otherwise.
  ///   - checksRoots: whether the paths must lie in the folders that the page may look into.
  func open(_ paths: [String], creates: Bool, author: Author, checksRoots: Bool = false) async throws -> OpenProject {
    let app = app
    let plan = try await onDisk { () throws -> Plan in
      if checksRoots { for path in paths { _ = try app.roots.resolve(path) } }
      return try Plan(paths, dataFolder: app.settings.dataFolder)
    }
    guard creates || ProjectFolder(plan.project).exists else {
      throw AisError(
        .needsDecision, "there is no project for '\(paths[0])' yet. Open it with 'create' to make '\(plan.project)'")
    }
    let isNew = !ProjectFolder(plan.project).exists
    let project = try await app.projects.open(plan.project, creates: creates)
    guard let inputs = plan.inputs else { return project }
    let store = project.project
    let addition = TomogramAddition(inputs: inputs, project: store, author: author)
    if try await onDisk({ try addition.isLong }) {
      // The page comes at once, and the tomograms one portion after the other.
      _ = try project.jobs.start("add-tomograms", title: "Add \(inputs.files.count) files") { job in
        let sentence = try await onDisk { try addition.run(job.cancellation) { job.report($0) } }
        app.recent.note(store)
        return Job.Result(message: sentence)
      }
      return project
    }
    do {
      try await onDisk {
        _ = try addition.run(Cancellation())
        app.recent.note(store)
      }
    } catch {
      // A project that was made for files which cannot be read is not left behind.
      if isNew { await app.projects.discard(project) }
      throw error
    }
    return project
  }

  /// Which project, and what is to be brought into it.
  struct Plan {
    var project: String
    /// `nil` for a project that is opened as it is.
    var inputs: ProjectInputs?

    init(_ paths: [String], dataFolder: String) throws {
      guard let first = paths.first else { throw AisError(.usage, "nothing was named to open") }
      let absolute = paths.map { URL(filePath: $0).standardizedFileURL.path }
      let home = absolute[0]
      if first.hasSuffix(".ais") || ProjectFolder(home).exists {
        guard paths.count == 1 else {
          throw AisError(.usage, "'\(first)' is a project: it is opened by itself, without other files")
        }
        project = home
        return
      }
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: home, isDirectory: &isFolder) else {
        throw AisError(.notFound, "'\(first)' is not there. Expected a tomogram, a folder, a .scns file or a project")
      }
      let folder = isFolder.boolValue ? home : (home as NSString).deletingLastPathComponent
      project = try Self.project(of: folder, dataFolder: dataFolder)
      inputs = try ProjectInputs(absolute, isAnnotation: false)
    }

    /// The project of a folder, whether it is there or not.
    private static func project(of folder: String, dataFolder: String) throws(AisError) -> String {
      let name = folder == "/" ? "tomograms" : (folder as NSString).lastPathComponent
      let there = ((try? FolderListing.names(in: folder)) ?? []).filter {
        $0.hasSuffix(".ais") && ProjectFolder(folder + "/" + $0).exists
      }.sorted()
      let own = folder + "/" + name + ".ais"
      if there.contains(name + ".ais") { return own }
      if there.count == 1 { return folder + "/" + there[0] }
      if there.count > 1 {
        throw AisError(
          .needsDecision,
          "'\(folder)' has \(there.count) projects: "
            + there.prefix(5).map { "'\($0)'" }.joined(separator: ", ") + ". Open one of them")
      }
      if access(folder, W_OK) == 0 { return own }
      let hash = SHA256.hex(of: Array((FolderRoots.realPath(folder) ?? folder).utf8)).prefix(8)
      let projects = dataFolder + "/projects"
      do {
        try FileManager.default.createDirectory(atPath: projects, withIntermediateDirectories: true)
      } catch {
        throw AisError(
          .fileSystem,
          "neither '\(folder)' nor '\(projects)' can be written: there is no place for a project. Name one: 'ais project new "
            + "NAME.ais'", cause: error)
      }
      return "\(projects)/\(name)-\(hash).ais"
    }
  }
}
