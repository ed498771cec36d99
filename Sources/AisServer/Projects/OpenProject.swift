import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Dispatch
import Synchronization

/// A project that the server has open, and everything around it that lives only as long.
final class OpenProject: Sendable {
  let key: String
  let project: Project
  let session: ProjectSession
  let board: NoticeBoard
  let presence: Presence
  let versions: VersionStates
  let slices: SliceService
  let predictions: PredictionService
  let picks: PickService
  let jobs: JobRegistry
  let runs: RunService
  let trainings: TrainingService
  private let watchers = Mutex<[Task<Void, Never>]>([])

  /// How often files are looked at whether they are still the same.
  private static let lookInterval = Duration.seconds(10)

  /// Blocks while the files of all versions are looked at.
  init(
    _ project: Project, key: String, settings: AppSettings, segmenter: LiveSegmenter
  ) throws(AisError) {
    self.key = key
    self.project = project
    session = ProjectSession(project)
    board = NoticeBoard()
    presence = Presence(board: board)
    versions = VersionStates(folder: project.folder)
    slices = SliceService(
      cacheBytes: settings.cacheBytes, cacheFolder: project.folder.cachePath, threads: settings.threads)
    predictions = PredictionService(segmenter: segmenter, files: slices.files, memoryBytes: settings.memoryBytes)
    picks = PickService(board: board, settings: settings)
    jobs = JobRegistry(board: board)
    runs = RunService(project, board: board, settings: settings)
    trainings = TrainingService(project, board: board, settings: settings)
    let known = try project.versions()
    _ = versions.refresh(known)
    slices.keepOnly(Set(known.map { SliceFile.key($0.reference.sampleHash) } + versions.keys))
  }

  /// Begins to pass on what happens in the journal and to the files.
  func watch() {
    let last: Int64
    do throws(AisError) { last = try project.lastSequence() } catch { return }
    let journal = Task { await self.followJournal(from: last) }
    let files = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: Self.lookInterval)
        if !Task.isCancelled { await self.lookAtFiles() }
      }
    }
    watchers.withLock { $0 += [journal, files] }
    runs.wake()
    trainings.wake()
    trainings.follow()
  }

  private func followJournal(from last: Int64) async {
    var last = last
    while !Task.isCancelled {
      let entries: [JournalEntry]
      do throws(AisError) { entries = try await session.entries(after: last) } catch {
        // The disk does not answer: the streams say so when they read the journal themselves.
        try? await Task.sleep(for: .seconds(1))
        continue
      }
      guard let latest = entries.last else { continue }
      last = latest.sequence
      board.ring()
      if entries.contains(where: { $0.values.contains { $0.record.kind == .version } }) { await lookAtFiles() }
    }
  }

  /// Looks at all files again and tells the pages when something changed.
  func lookAtFiles() async {
    let hasChanged = await onDisk {
      guard let versions = try? self.project.versions() else { return false }
      return self.versions.refresh(versions)
    }
    if hasChanged { board.post("versions", event: "versions", "{}") }
  }

  /// Looks at a version's file after it could not be read.
  func lookAgain(at version: DatasetVersion) async {
    let hasChanged = await onDisk { self.versions.refresh(version) }
    if hasChanged { board.post("versions", event: "versions", "{}") }
  }

  /// Ends the streams and the jobs; the project stays open.
  func endStreams() {
    board.close()
    jobs.cancelAll()
    slices.cancelBricks()
  }

  /// Lets go of the project, when nothing more is asked of it, and tells what goes on by itself.
  @discardableResult
  func close() async -> WorkLeft {
    endStreams()
    for watcher in watchers.withLock({ $0 }) { watcher.cancel() }
    for watcher in watchers.withLock({ $0 }) { await watcher.value }
    await jobs.finish()
    await runs.close()
    await trainings.close()
    let left = WorkLeft(
      trainings: trainings.all.count { [.starting, .running, .stopping].contains($0.now.state) && $0.now.host == nil },
      runs: await onDisk { self.runs.all().count { $0.state.isLive && $0.recipe.place.kind == .here } })
    _ = try? await session.run { (project) throws(AisError) in try project.close() }
    return left
  }

  // MARK: What is asked for often

  var models: LiveModels { LiveModels(project, trainings: trainings) }
  var modelDocument: ModelDocument { ModelDocument(live: models) }

  func dataset(_ id: Int) async throws(AisError) -> Dataset {
    let found = try await session.run { (project) throws(AisError) in try project.dataset(Int64(id)) }
    guard let found else { throw AisError(.notFound, "the project has no dataset \(id)") }
    return found
  }

  func version(_ id: Int, of dataset: Int) async throws(AisError) -> DatasetVersion {
    let found = try await session.run { (project) throws(AisError) in
      try project.versions(of: Int64(dataset)).first { $0.id == id }
    }
    guard let found else { throw AisError(.notFound, "the dataset \(dataset) has no version \(id)") }
    return found
  }
}

/// Runs what blocks on a thread that is made for it: Swift's own threads are few, and must not wait for disks.
func onDisk<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    DispatchQueue.global(qos: .userInitiated).async { continuation.resume(returning: body()) }
  }
}

/// The same for what may fail.
func onDisk<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global(qos: .userInitiated).async { continuation.resume(with: Result(catching: body)) }
  }
}
