import AisCore
import AisFormats
import AisNetworks
import AisProject
import AisWorkflows
import Foundation
import Logging

/// The projects that this process has open, by key.
package actor ProjectRegistry {
  private var projects: [String: OpenProject] = [:]
  /// Projects that are being opened: of several that ask at once one opens, the others wait for it.
  private var opening: [String: Task<OpenProject, any Error>] = [:]
  private var isClosed = false
  private let settings: AppSettings
  private let recent: RecentProjects
  private let logger: Logger
  /// One for all projects: networks run one after the other.
  private let segmenter: LiveSegmenter
  /// Where this process is reached; other programs that want the project are told.
  private var address: String?

  init(settings: AppSettings, recent: RecentProjects, logger: Logger) {
    self.settings = settings
    self.recent = recent
    self.logger = logger
    let folder = settings.architectureFolder
    segmenter = LiveSegmenter(threads: settings.threads, memoryLimit: settings.networkBytes) {
      (threads) throws(AisError) in CustomModelEngine(try CPUEngine(threads: threads), folder: folder, threads: threads)
    }
  }

  /// The name of a project in addresses: readable, and the same at every start, so that a page finds its project again.
  static func key(_ folder: ProjectFolder) -> String {
    let letters = folder.name.lowercased().unicodeScalars.map { scalar in
      ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
    }
    let name = String(letters).split(separator: "-").joined(separator: "-").prefix(40)
    return "\(name.isEmpty ? "project" : name)-\(SHA256.hex(of: Array(folder.path.utf8)).prefix(6))"
  }

  var all: [OpenProject] { projects.values.sorted { $0.key < $1.key } }

  /// The project of a key; one that was open at an earlier start is opened again. Throws `not-found`.
  func project(_ key: String) async throws(AisError) -> OpenProject {
    if let project = projects[key] { return project }
    guard let path = recent.all.map(\.path).first(where: { Self.key(ProjectFolder($0)) == key }) else {
      throw AisError(.notFound, "no project '\(key)' is open. Open it from the list of recent ones")
    }
    return try await open(path, creates: false)
  }

  /// Opens a project, or makes it where there is none.
  ///
  /// Throws `in-use`, with the other program's address, when another program has it.
  func open(_ path: String, creates: Bool) async throws(AisError) -> OpenProject {
    let folder = ProjectFolder(path)
    let key = Self.key(folder)
    if let project = projects[key] { return project }
    guard !isClosed else { throw AisError(.stopping, "the program is stopping") }
    let task = opening[key] ?? begin(folder, key, creates)
    opening[key] = task
    let result = await task.result
    opening[key] = nil
    switch result {
    case .success(let project):
      if projects[key] == nil {
        projects[key] = project
        project.watch()
        recent.note(project.project)
        logger.info("opened", metadata: ["project": "\(folder.path)"])
      }
      return project
    case .failure(let error):
      throw error as? AisError ?? AisError(.fileSystem, "'\(path)' cannot be opened", cause: error)
    }
  }

  private func begin(_ folder: ProjectFolder, _ key: String, _ creates: Bool) -> Task<OpenProject, any Error> {
    let settings = settings
    let address = address
    let segmenter = segmenter
    return Task {
      try await onDisk {
        let project =
          creates && !folder.exists
          ? try Project.create(folder.path, address: address) : try Project.open(folder.path, address: address)
        do { return try OpenProject(project, key: key, settings: settings, segmenter: segmenter) } catch {
          try? project.close()
          throw error
        }
      }
    }
  }

  /// Closes a project that was just made and removes its folder, unless something was done in it already.
  func discard(_ project: OpenProject) async {
    guard (try? project.project.lastSequence()) == 0 else { return }
    projects[project.key] = nil
    recent.forget(project.project.folder.path)
    await project.close()
    try? FileManager.default.removeItem(atPath: project.project.folder.path)
  }

  /// Makes known where this process is reached.
  func setAddress(_ address: String) {
    self.address = address
    for project in projects.values { project.project.setAddress(address) }
  }

  /// Ends the streams and jobs of all projects.
  func endStreams() {
    isClosed = true
    for project in projects.values { project.endStreams() }
  }

  /// Closes all projects, and tells what goes on by itself.
  @discardableResult
  func closeAll() async -> WorkLeft {
    var left = WorkLeft()
    isClosed = true
    for task in opening.values { if case .success(let project) = await task.result { projects[project.key] = project } }
    for project in projects.values { left += await project.close() }
    projects = [:]
    return left
  }
}
