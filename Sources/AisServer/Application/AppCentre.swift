import AisCore
import AisFormats
import Logging
import Synchronization

/// What all routes share.
final class AppCentre: Sendable {
  let settings: AppSettings
  let roots: FolderRoots
  let web: WebFiles
  let recent: RecentProjects
  let projects: ProjectRegistry
  let people = ClientNames()
  let showing = Showing()
  let logger: Logger
  private let stopping = Atomic<Bool>(false)

  init(_ settings: AppSettings, logger: Logger) throws(AisError) {
    self.settings = settings
    self.logger = logger
    roots = FolderRoots(settings.roots)
    web = try WebFiles(root: settings.webRoot)
    recent = RecentProjects(folder: settings.stateFolder)
    projects = ProjectRegistry(settings: settings, recent: recent, logger: logger)
  }

  var isStopping: Bool { stopping.load(ordering: .acquiring) }

  /// From now on requests are refused, and streams end.
  func beginStop() {
    guard !stopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
    logger.info("stopping")
    Task { await projects.endStreams() }
  }
}
