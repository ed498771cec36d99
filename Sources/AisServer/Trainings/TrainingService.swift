import AisCore
import AisFormats
import AisNetworks
import AisProject
import AisTraining
import AisWorkflows
import Foundation
import Synchronization

/// The trainings of a project: one runs at a time, in a process of its own that outlives this one; the others wait. What there is to
/// know about them lies in their folders, so that a server that starts finds them as they are.
final class TrainingService: Sendable {
  private struct State {
    /// The latest first.
    var trainings: [Training] = []
    var runner: Task<Void, Never>?
    /// Those that watch what other machines train.
    var followers: [Task<Void, Never>] = []
    var isClosed = false
  }

  let project: Project
  let forecast: TrainingForecast
  private let board: NoticeBoard
  private let threads: Int
  private let memoryBytes: Int
  private let state = Mutex(State())

  /// How often what a training tells is read.
  private static let interval = Duration.milliseconds(300)
  /// A training gives way to the page.
  private static let niceness: Int32 = 5

  init(_ project: Project, board: NoticeBoard, settings: AppSettings) {
    self.project = project
    self.board = board
    threads = settings.threads
    forecast = TrainingForecast(threads: settings.threads)
    memoryBytes = max(1 << 30, settings.memoryBytes / 2)
    let root = TrainingFolder.all(project.folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let found = names.filter { !$0.hasPrefix(".") }.compactMap { Self.found(TrainingFolder(root + "/" + $0)) }
    state.withLock { $0.trainings = found.sorted { $0.now.order.started > $1.now.order.started } }
  }

  /// A training of an earlier start, as it is now.
  private static func found(_ folder: TrainingFolder) -> Training? {
    guard let order = try? folder.order() else { return nil }
    let training = Training(folder, order, state: .interrupted)
    let process = folder.process
    training.change { status in
      status.log.read(folder.progressPath)
      status.keeps = !order.givesUp
      if let end = folder.end {
        status.state = Training.State(rawValue: end.state.rawValue) ?? .failed
        status.reason = end.reason
        status.ended = end.ended
      } else if process == nil {
        // It had its place in the line when the program ended; boxes that were not all cut are cut anew.
        status.state = .waiting
      } else if process?.runsHere == true || status.log.ending != nil {
        // What ended while nobody looked is brought home by the runner.
        status.state = order.givesUp ? .stopping : .running
      } else {
        status.reason = "it was interrupted: the program or the machine went down. It goes on from its last epoch."
        // Or another machine trains it, which the follower finds out.
        if let process, !process.isOfThisMachine {
          status.host = process.host
          if FileLock.isHeld(folder.progressPath) { (status.state, status.reason) = (.running, "") }
        }
      }
    }
    return training
  }

  // MARK: Asked for

  var all: [Training] { state.withLock { $0.trainings } }

  func training(_ id: String) throws(AisError) -> Training {
    guard let found = all.first(where: { $0.id == id }) else {
      throw AisError(.notFound, "the project has no training '\(id)'")
    }
    return found
  }

  /// Puts a new training at the end of the line.
  func start(_ order: TrainingOrder) throws(AisError) -> Training {
    let folder = TrainingFolder(TrainingFolder.all(project.folder) + "/" + order.id)
    do { try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true) } catch {
      throw AisError(.fileSystem, "the folder '\(folder.path)' cannot be made: \(error.localizedDescription)")
    }
    try folder.write(order)
    let training = Training(folder, order, state: .waiting)
    state.withLock { $0.trainings.insert(training, at: 0) }
    post(training)
    wake()
    return training
  }

  /// Goes on with a training that is over, up to so many epochs.
  func resume(_ training: Training, epochs: Int?) throws(AisError) {
    var order = training.now.order
    guard training.now.state.isOver else { throw AisError(.usage, "'\(order.title)' is being trained already") }
    if let epochs {
      guard (1...100_000).contains(epochs) else { throw AisError(.usage, "epochs: expected 1 to 100000") }
      order.epochs = epochs
    }
    order.givesUp = false
    try training.folder.write(order)
    training.folder.forgetProcess()
    try training.folder.write(nil as TrainingEnd?)
    training.change { status in
      status.order = order
      status.state = .waiting
      status.reason = ""
      status.ended = nil
      status.keeps = true
      status.host = nil
      status.cancellation = Cancellation()
      status.log.beginAgain()
    }
    post(training)
    wake()
  }

  /// Asks a training to stop; the batch in work is finished.
  ///
  /// Throws `in-use` for one that another machine trains.
  func stop(_ training: Training, keeps: Bool) throws(AisError) {
    let status = training.now
    if let host = status.host, !status.state.isOver {
      let number = training.folder.process.map { ": kill -INT \($0.process)" } ?? ""
      throw AisError(
        .inUse,
        "'\(status.order.title)' is being trained on '\(host)', and only there can it be stopped\(number). What it learnt is brought here when it has ended"
      )
    }
    let before = training.change { status in
      let before = status.state
      if before.isOver { return before }
      status.keeps = keeps
      status.state = before == .waiting ? .stopped : .stopping
      return before
    }
    if before.isOver { return }
    if !keeps {
      // A server that starts before the process has ended must know.
      let order = training.change { status in
        status.order.givesUp = true
        return status.order
      }
      try? training.folder.write(order)
    }
    training.now.cancellation.cancel()
    if before == .waiting { endBeforeWork(training) }
    if before == .running { interrupt(training) }
    post(training)
  }

  /// Ctrl-C for the process that trains: the batch in work is finished, and what was learnt is written.
  private func interrupt(_ training: Training) {
    if let process = training.folder.process, process.runsHere { kill(process.process, SIGINT) }
  }

  /// Removes a training that is over, with its folder.
  func remove(_ training: Training) throws(AisError) {
    guard training.now.state.isOver else {
      throw AisError(.usage, "'\(training.now.order.title)' is being trained. Stop it first")
    }
    do { try FileManager.default.removeItem(atPath: training.folder.path) } catch {
      throw AisError(.fileSystem, "'\(training.folder.path)' cannot be removed: \(error.localizedDescription)")
    }
    state.withLock { $0.trainings.removeAll { $0 === training } }
    board.forget("training \(training.id)")
  }

  /// The half-trained network of a training that runs: its file, and what tells it from the one before.
  func live(_ id: String) -> (path: String, content: String)? {
    guard let training = all.first(where: { $0.id == id }) else { return nil }
    let now = training.now
    guard !now.state.isOver, let live = now.live else { return nil }
    return (training.folder.livePath, live)
  }

  /// Looks which sets are others than those that were trained with.
  func note(digest: String, of set: Int64) {
    for training in all where training.now.order.set == set {
      let changed = training.change { status in
        let changed = status.order.setDigest != digest
        defer { status.setChanged = changed }
        return changed != status.setChanged
      }
      if changed { post(training) }
    }
  }

  // MARK: The line

  /// Begins to work off the line, and to watch what runs already.
  func wake() {
    state.withLock { state in
      guard state.runner == nil, !state.isClosed else { return }
      state.runner = Task { await self.runAll() }
    }
  }

  /// Begins to watch what other machines train, or seem to.
  func follow() {
    for training in all where training.now.host != nil {
      let task = Task { await self.follow(training) }
      state.withLock { $0.followers.append(task) }
    }
  }

  private func follow(_ training: Training) async {
    let folder = training.folder
    var sign = DistantSign(position: training.now.log.position)
    // One that seemed dead: it may be that locks do not reach from there to here.
    while training.now.state == .interrupted, training.now.host != nil {
      let position = training.change { status in
        status.log.read(folder.progressPath)
        return status.log.position
      }
      let isLocked = FileLock.isHeld(folder.progressPath)
      let isMoving = sign.isMoved(to: position)
      let wasRevived = training.change { status in
        guard isLocked || isMoving, status.state == .interrupted, status.host != nil else { return false }
        status.state = .running
        status.reason = ""
        return true
      }
      if wasRevived {
        post(training)
      } else if !sign.isAlive(isLocked: isLocked, position: position) {
        training.change { $0.host = nil }
        return
      } else {
        do { try await Task.sleep(for: Self.interval) } catch { return }
      }
    }
    guard training.now.host != nil, !training.now.state.isOver else { return }
    await run(training)
    training.change { $0.host = nil }
    // What waited for it may begin; the page hears that it is nobody else's any more.
    if !Task.isCancelled { post(training) }
  }

  /// Looks away: processes that train go on.
  func close() async {
    let (runner, followers) = state.withLock { state in
      state.isClosed = true
      return (state.runner, state.followers)
    }
    // Cancelled first: who ends then knows that it is the server which stops, not the training.
    runner?.cancel()
    for follower in followers { follower.cancel() }
    for follower in followers { await follower.value }
    for training in all where training.now.state == .extracting { training.now.cancellation.cancel() }
    await runner?.value
  }

  private func runAll() async {
    while let training = next() {
      await run(training)
      if Task.isCancelled { return }
    }
  }

  /// What runs already comes first, then the oldest that waits.
  private func next() -> Training? {
    state.withLock { state in
      let found =
        state.trainings.first { [.running, .stopping].contains($0.now.state) && $0.now.host == nil }
        ?? state.trainings.last { $0.now.state == .waiting }
      if found == nil || state.isClosed { state.runner = nil }
      return state.isClosed ? nil : found
    }
  }

  private func run(_ training: Training) async {
    do throws(AisError) {
      if training.now.state == .waiting { try await begin(training) }
      try await watch(training)
    } catch {
      // A server that stops leaves the training as it is.
      if Task.isCancelled { return }
      if error.code == .cancelled {
        endBeforeWork(training)
      } else {
        finish(training, .failed, error.description)
      }
    }
  }

  /// Cuts the boxes and starts the process.
  private func begin(_ training: Training) async throws(AisError) {
    var order = training.now.order
    if order.boxes == nil { order = try await cutBoxes(training) }
    // A training that goes on computes as it did before, whatever this start of the program may use.
    order.threads = order.threads ?? threads
    let isStopped = training.change { status in
      order.givesUp = status.order.givesUp
      status.order = order
      if status.state == .stopping { return true }
      status.state = .starting
      return false
    }
    if isStopped || Task.isCancelled { throw AisError(.cancelled, "stopped") }
    let folder = training.folder
    try folder.write(order)
    let process = try DetachedProcess.start(
      folder.command(order, threads: order.threads ?? threads, memoryBytes: memoryBytes), output: folder.progressPath,
      messages: folder.messagesPath, keepsOutput: true, niceness: Self.niceness)
    try folder.write(process)
    let isStopping = training.change { status in
      if status.state == .starting { status.state = .running }
      return status.state == .stopping
    }
    if isStopping { interrupt(training) }
    post(training)
  }

  /// Cuts the boxes as they are now, and returns the order with what was cut.
  private func cutBoxes(_ training: Training) async throws(AisError) -> TrainingOrder {
    training.change { $0.state = .extracting }
    post(training)
    let (now, project, threads) = (training.now, project, threads)
    let result = await onDisk { () -> Result<TrainingOrder, AisError> in
      Result { () throws(AisError) in
        var order = now.order
        let boxes = try ProjectSet(try project.trainingSet(order.set), in: project)
        let made = try boxes.extract(
          into: training.folder.path, threads: threads, cancellation: now.cancellation
        ) { fraction in
          training.change { $0.extracted = fraction }
          self.post(training)
        }
        order.boxes = (made.path as NSString).lastPathComponent
        order.setDigest = boxes.digest
        order.positives = made.results.positives
        order.negatives = made.results.boxes - made.results.positives
        order.preview = boxes.preview
        return order
      }
    }
    return try result.get()
  }

  /// Reads what the process tells until it is gone, and brings home what it made.
  private func watch(_ training: Training) async throws(AisError) {
    let folder = training.folder
    var sign = DistantSign(position: training.now.log.position)
    var isAlive = true
    while isAlive {
      if training.now.host != nil {
        isAlive = sign.isAlive(isLocked: FileLock.isHeld(folder.progressPath), position: training.now.log.position)
      } else if let process = folder.process {
        DetachedProcess.bury(process)
        isAlive = process.runsHere
      } else {
        isAlive = false
      }
      // Read after looking: what it told last is there by then.
      let (isToldMore, isOtherNetwork) = training.change { status in
        let (position, live) = (status.log.position, status.live)
        status.log.read(folder.progressPath)
        status.live = Self.mark(folder.livePath).map { "\(status.order.id).\($0)" }
        return (status.log.position != position, status.live != live)
      }
      if isToldMore || isOtherNetwork { post(training) }
      if isOtherNetwork { postModel(training) }
      guard isAlive else { break }
      do { try await Task.sleep(for: Self.interval) } catch { throw AisError(.cancelled, "the program is stopping") }
    }
    let now = training.now
    guard let ending = now.log.ending else {
      let said = (try? String(contentsOfFile: folder.messagesPath, encoding: .utf8)) ?? ""
      if let line = said.split(separator: "\n").last(where: { $0.hasPrefix("ais: ") && !$0.contains("warning") }) {
        throw AisError(.engineLost, String(line.dropFirst("ais: ".count)))
      }
      if !now.keeps {
        try giveUp(training)
        return
      }
      if now.state == .stopping {
        endBeforeWork(training)
        return
      }
      let hadNetwork = training.change { status in
        status.state = .interrupted
        let place = status.host.map { " on '\($0)'" } ?? ""
        status.reason = "its process\(place) was ended from outside. It goes on from its last epoch."
        defer { status.live = nil }
        return status.live != nil
      }
      post(training)
      if hadNetwork { postModel(training) }
      return
    }
    if !now.keeps {
      try giveUp(training)
      return
    }
    try bringHome(training)
    switch ending {
    case "stopped": finish(training, .stopped, "stopped; the best network so far was kept")
    case "diverged":
      finish(
        training, .done,
        "the loss rose far above its best, or was no number any more: the best network was kept. A lower learning rate may go further"
      )
    case "settled": finish(training, .done, "nothing better came of the last epochs")
    default: finish(training, .done, "")
    }
  }

  /// Puts the network that was learnt into the project.
  private func bringHome(_ training: Training) throws(AisError) {
    let order = training.now.order
    let file = try ModelFile.read(training.folder.modelPath)
    var fields = ModelFields()
    fields.file = try ModelStore(project.folder).keep(
      try RandomAccessFile(training.folder.modelPath).contents(limit: 4 << 30))
    fields.network = ModelStore.facts(file).text
    fields.training = order.id
    fields.source =
      JSONValue.object([
        "kind": .string("training"), "name": .string(order.title), "path": .null,
        "time": .number((Date().timeIntervalSince1970 * 1000).rounded()), "by": .string(order.author),
      ]).text
    let known = try project.model(order.model)
    // The same end may be brought home twice, when a server died in between.
    if known?.file == fields.file { return }
    // A model that was deleted meanwhile stays so; the network is in the training's folder.
    guard known != nil else { return }
    _ = try project.apply(
      [.changeModel(order.model, fields)], by: Author(order.author, client: "training"), label: "train \(order.title)")
  }

  /// A stop before anything was learnt.
  private func endBeforeWork(_ training: Training) {
    if !training.now.keeps, (try? giveUp(training)) != nil { return }
    let isNew = training.now.log.history.isEmpty
    finish(
      training, .stopped,
      isNew ? "it was stopped before it began to learn" : "it was stopped; it can go on from its last epoch")
  }

  /// What was learnt is not wanted: the model's row goes, if it has no network from before.
  private func giveUp(_ training: Training) throws(AisError) {
    let order = training.now.order
    if let model = try project.model(order.model), model.file == nil {
      _ = try project.apply(
        [.deleteModel(order.model)], by: Author(order.author, client: "training"), label: "give up \(order.title)")
    }
    let isKept = (try? project.model(order.model))?.file != nil
    finish(
      training, .stopped,
      isKept ? "given up; the network of before is kept" : "given up; it had no network yet, so its row is gone")
  }

  private func finish(_ training: Training, _ state: TrainingEnd.State, _ reason: String) {
    let end = TrainingEnd(state, reason)
    try? training.folder.write(end)
    let hadNetwork = training.change { status in
      status.state = Training.State(rawValue: state.rawValue) ?? .failed
      status.reason = reason
      status.ended = end.ended
      defer { status.live = nil }
      return status.live != nil
    }
    post(training)
    if hadNetwork { postModel(training) }
  }

  private func post(_ training: Training) {
    board.post("training \(training.id)", event: "training", training.json(history: false).text)
  }

  /// Says that the model's live result is another one: its half-trained network was refreshed, or is gone.
  private func postModel(_ training: Training) {
    let now = training.now
    board.post(
      "model \(now.order.model)", event: "models",
      JSONValue.object(["model": .number(now.order.model), "version": .string(now.live ?? "")]).text)
  }

  /// What tells a file's content from what was there before.
  private static func mark(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return "\(status.st_ino)-\(status.st_mtim.tv_sec)-\(status.st_mtim.tv_nsec)"
  }
}
