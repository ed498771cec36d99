import AisCore
import AisFormats
import AisJobs
import AisProject
import AisWorkflows
import Foundation
import Synchronization

/// The runs of a project: starts their processes and tells how far they are. It keeps nothing that would have to be true: after a
/// restart the folders and journals of the runs say all.
final class RunService: Sendable {
  /// What is remembered of a run so that not everything is read at each look.
  private struct Known {
    var recipe: RunRecipe?
    var observer: BatchObserver?
    /// The process, as long as it may not have taken its lock yet.
    var process: AisProject.ProcessIdentity?
    var slurm: (asked: ContinuousClock.Instant, picture: SlurmPicture)?
    /// Of a run that is over, which is not read again while nobody writes into its journal.
    var last: (time: ContinuousClock.Instant, stamp: Double?, view: RunView)?
  }

  private let project: ProjectFolder
  private let modelFolder: String
  private let board: NoticeBoard
  /// Held by the one run of this machine that works.
  private let turnPath: String
  private let known = Mutex<[Int: Known]>([:])
  private let posted = Mutex<[Int: String]>([:])
  private struct Watch {
    var task: Task<Void, Never>?
    /// Whether something was begun since the last look.
    var isNeeded = false
    /// The runs that were alive at the last look; `nil`: all are looked at.
    var numbers: Set<Int>?
  }

  private let watcher = Mutex(Watch())
  private let clock = ContinuousClock.now

  private static let lookInterval = Duration.milliseconds(500)
  private static let slurmInterval = Duration.seconds(10)
  /// Whether somebody wrote into the folder of a run that is over is looked at this often.
  private static let settledInterval = Duration.seconds(5)
  /// Pages are to stay quick while a run uses the whole machine.
  private static let niceness: Int32 = 10

  init(_ project: Project, board: NoticeBoard, settings: AppSettings) {
    self.project = project.folder
    self.board = board
    modelFolder = ModelStore(project.folder).folder
    turnPath = "\(settings.stateFolder)/run-turn-\(HostName.current)"
    try? FileManager.default.createDirectory(atPath: settings.stateFolder, withIntermediateDirectories: true)
  }

  // MARK: What there is

  /// All runs, the latest first. Blocks.
  func all() -> [RunView] { RunFolder.all(in: project).filter { !$0.isAside }.compactMap { try? view(of: $0) } }

  /// Throws `not-found`. Blocks.
  func view(_ number: Int) throws(AisError) -> RunView { try view(of: RunFolder.run(number, in: project)) }

  func folder(_ number: Int) throws(AisError) -> RunFolder { try RunFolder.run(number, in: project) }

  private func view(of run: RunFolder) throws(AisError) -> RunView {
    try known.withLock { (known) throws(AisError) -> RunView in
      var own = known[run.number] ?? Known()
      defer { known[run.number] = own }
      let isLive = isLive(run, &own)
      if !isLive, let last = own.last {
        let isFresh = ContinuousClock.now - last.time < Self.settledInterval
        if isFresh || last.view.recipe.place.kind == .here && last.stamp == Self.stamp(last.view.recipe) {
          return last.view
        }
      }
      let stamp = own.recipe.flatMap(Self.stamp)
      let view = try look(at: run, isLive: isLive, &own)
      own.last = view.state.isLive ? nil : (.now, stamp ?? Self.stamp(view.recipe), view)
      // Journals of what is over need not be held.
      if own.last != nil, view.recipe.place.kind == .here { own.observer = nil }
      return view
    }
  }

  /// Changes with every entry of the journal.
  private static func stamp(_ recipe: RunRecipe) -> Double? {
    BatchFolder.time(BatchFolder(planned: recipe.output).journalPath)
  }

  private func isLive(_ run: RunFolder, _ own: inout Known) -> Bool {
    if let process = own.process {
      DetachedProcess.bury(process)
      if process.runsHere { return true }
      own.process = nil
      own.last = nil
    }
    return run.isCarriedOut
  }

  private func look(at run: RunFolder, isLive: Bool, _ own: inout Known) throws(AisError) -> RunView {
    let recipe: RunRecipe
    if let known = own.recipe { recipe = known } else { recipe = try run.recipe() }
    own.recipe = recipe
    var trouble: AisError?
    if own.observer == nil, let folder = try? BatchFolder(opening: recipe.output) {
      own.observer = BatchObserver(folder)
    }
    if own.observer != nil {
      do throws(AisError) {
        // What was written last may not be listed yet; afterwards nothing more comes.
        let isThorough = !isLive && own.last == nil && recipe.place.kind == .here
        try own.observer!.refresh(now: ContinuousClock.now - clock, isThorough: isThorough)
      } catch {
        trouble = error
        own.observer = nil
      }
    }
    let rows = RunView.rows(recipe, own.observer)
    var view = RunView(number: run.number, recipe: recipe, state: .interrupted, rows: rows)
    if recipe.place.kind == .slurm { askSlurm(&own, &view, isLive: isLive) }
    settle(&view, run, isLive: isLive, mayLiveInSlurm: own.slurm?.picture.mayLive ?? false)
    if let trouble { view.reason = trouble.description }
    if !view.state.isLive { view.ended = RunView.end(of: rows, own.observer) ?? run.ending?.time }
    return view
  }

  private func settle(_ view: inout RunView, _ run: RunFolder, isLive: Bool, mayLiveInSlurm: Bool) {
    let wish = run.wish
    let failed = view.count(.failed)
    let isOver = !view.rows.isEmpty && view.rows.allSatisfy { $0.state == .done || $0.state == .failed }
    if isLive {
      view.state =
        wish != .run
        ? .stopping : run.phase == .waiting ? .waiting : view.rows.contains { $0.task != nil } ? .running : .planning
    } else if isOver {
      view.state = failed > 0 ? .failed : .done
      if failed > 0 { view.reason = "\(failed) of \(view.rows.count) tomograms failed" }
    } else if view.count(.running) > 0 {
      // Somebody helps from a terminal, or Slurm does.
      view.state = .running
    } else if wish == .cancel {
      view.state = .cancelled
    } else if wish == .pause {
      view.state = .paused
    } else if mayLiveInSlurm {
      view.state = .waiting
    } else if let ending = run.ending, ending.code != 0 {
      view.state = .failed
      view.reason = ending.message.isEmpty ? lastWords(run) : ending.message
    } else {
      view.state = .interrupted
      view.reason =
        view.recipe.place.kind == .slurm
        ? "Slurm has ended its jobs, and \(view.count(.waiting)) tomograms are left"
        : "its process was ended, or the machine was restarted; what is done is kept"
    }
  }

  /// What the process said last.
  private func lastWords(_ run: RunFolder) -> String {
    let text = (try? String(contentsOfFile: run.logPath, encoding: .utf8)) ?? ""
    let line = text.split(whereSeparator: \.isNewline).last { $0.hasPrefix("ais: ") || $0.hasPrefix("Error: ") }
    return line.map { String($0.drop { $0 != " " }.dropFirst()) }
      ?? "it ended without a reason; its log is '\(run.logPath)'"
  }

  private func askSlurm(_ own: inout Known, _ view: inout RunView, isLive: Bool) {
    guard !isLive, let folder = own.observer?.folder, let history = try? folder.slurmHistory(), !history.isEmpty else {
      return
    }
    if own.slurm == nil || ContinuousClock.now - own.slurm!.asked > Self.slurmInterval {
      own.slurm = (.now, SlurmPicture(of: history.jobs, ProcessSlurmShell(patience: 5)))
    }
    guard let picture = own.slurm?.picture else { return }
    let living = picture.jobs.filter(\.mayLive).map { "job \($0.job.number)" }
    view.slurm = picture.doubt ?? (living.isEmpty ? nil : living.joined(separator: ", "))
  }

  // MARK: What a person wants

  /// Begins a run.
  func start(_ recipe: RunRecipe) throws(AisError) -> RunView {
    var recipe = recipe
    let missing = recipe.tomograms.filter { !FileManager.default.fileExists(atPath: $0.path) }
    recipe.tomograms.removeAll { tomogram in missing.contains { $0.path == tomogram.path } }
    if recipe.tomograms.isEmpty, let first = missing.first {
      throw AisError(
        .notFound, "no tomogram of the run is there: '\(first.path)' was looked for. Link the files where they are now")
    }
    let run = try RunFolder.make(recipe, in: project, modelFolder: modelFolder)
    return try begin(run)
  }

  /// Goes on with a run that was paused, cancelled, interrupted or has failed.
  func resume(_ number: Int) throws(AisError) -> RunView {
    let run = try folder(number)
    if try view(of: run).state == .stopping { try waitForEnd(of: run) }
    try run.note(.run)
    return try view(of: run).state.isLive ? view(of: run) : begin(run)
  }

  /// Tries what failed once more, with the voxel sizes that the project knows by now.
  ///
  /// - Parameter voxelSize: of a dataset's version.
  func retry(
    _ number: Int, voxelSize: (RunRecipe.Tomogram) -> VoxelSize?
  ) throws(AisError) -> RunView {
    let run = try folder(number)
    var recipe = try run.recipe()
    let before = recipe
    for index in recipe.tomograms.indices {
      if let size = voxelSize(recipe.tomograms[index]) { recipe.tomograms[index].voxelSizeAngstrom = .init(size) }
    }
    if recipe != before {
      try run.write(try recipe.limits())
      try run.write(recipe)
    }
    let failed = try view(of: run).rows.filter { $0.state == .failed }.compactMap(\.task)
    if let batch = try? BatchFolder(opening: recipe.output) {
      var observer = BatchObserver(batch)
      try observer.refresh(now: .zero, isThorough: true)
      for task in failed { _ = try observer.reopen(task, reason: "asked for again") }
    }
    known.withLock { $0[number]?.recipe = nil }
    return try resume(number)
  }

  /// Pauses or cancels: unfinished tomograms are given back, what is done is kept.
  func stop(_ number: Int, _ wish: RunFolder.Wish) throws(AisError) -> RunView {
    let run = try folder(number)
    try run.note(wish)
    let recipe = try run.recipe()
    if recipe.place.kind == .slurm, BatchFolder.isThere(at: recipe.output) {
      let process = try DetachedProcess.start(
        ["batch", "cancel", recipe.output], output: run.logPath, messages: run.logPath, niceness: 0)
      known.withLock { $0[number, default: Known()].process = process }
    }
    forget(number)
    wake()
    return try view(of: run)
  }

  /// Takes a run out of the list, or puts it back. What it wrote stays, and so does its folder.
  ///
  /// Throws `in-use` for a run that is alive.
  func setAside(_ number: Int, _ isAside: Bool) throws(AisError) {
    let run = try folder(number)
    if isAside, try view(of: run).state.isLive {
      throw AisError(.inUse, "the run \(number) is being worked on: pause or cancel it first")
    }
    try run.note(isAside: isAside)
    if isAside {
      posted.withLock { $0[number] = nil }
      board.post(
        "run \(number)", event: "run",
        JSONValue.object(["id": .number(number), "isAside": .bool(true)]).text)
    } else {
      post(try view(of: run))
    }
  }

  private func begin(_ run: RunFolder) throws(AisError) -> RunView {
    try run.note(isAside: false)
    try run.note(.run)
    run.note(nil as RunFolder.Ending?)
    let process = try DetachedProcess.start(
      ["batch", "recipe", run.path, "--turn", turnPath], output: run.logPath, messages: run.logPath,
      niceness: Self.niceness)
    known.withLock {
      $0[run.number, default: Known()].process = process
      $0[run.number]?.slurm = nil
    }
    forget(run.number)
    wake()
    return try view(of: run)
  }

  private func waitForEnd(of run: RunFolder) throws(AisError) {
    for _ in 0..<150 {
      guard try view(of: run).state == .stopping else { return }
      Thread.sleep(forTimeInterval: 0.1)
    }
    throw AisError(.inUse, "the run is still stopping. Try again in a moment")
  }

  private func forget(_ number: Int) { known.withLock { $0[number]?.last = nil } }

  // MARK: News

  /// Looks after runs that are alive, and tells pages of them, until none is.
  func wake() {
    watcher.withLock { watcher in
      watcher.isNeeded = true
      watcher.numbers = nil
      guard watcher.task == nil else { return }
      watcher.task = Task { [weak self] in await self?.watch() }
    }
  }

  private func watch() async {
    while !Task.isCancelled {
      let numbers = watcher.withLock { watcher in
        watcher.isNeeded = false
        return watcher.numbers
      }
      let living = await onDisk { [self] () -> Set<Int> in
        let views = numbers.map { $0.compactMap { try? view($0) } } ?? all()
        for view in views { post(view) }
        return Set(views.filter(\.state.isLive).map(\.number))
      }
      let isOver = watcher.withLock { watcher -> Bool in
        if !watcher.isNeeded { watcher.numbers = living }
        guard living.isEmpty, !watcher.isNeeded else { return false }
        watcher.task = nil
        return true
      }
      if isOver { return }
      try? await Task.sleep(for: Self.lookInterval)
    }
  }

  private func post(_ view: RunView) {
    // Looked at before it was taken out of the list.
    if let run = try? folder(view.number), run.isAside { return }
    let text = JSONValue.object(RunDocument.summary(view)).text
    let isNews = posted.withLock { posted -> Bool in
      defer { posted[view.number] = text }
      return posted[view.number] != text
    }
    if isNews { board.post("run \(view.number)", event: "run", text) }
  }

  /// Stops looking; the runs go on.
  func close() async {
    let task = watcher.withLock { $0.task }
    task?.cancel()
    await task?.value
  }
}
