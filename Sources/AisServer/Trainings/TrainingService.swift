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
  struct State {
    /// The latest first.
    var trainings: [Training] = []
    var runner: Task<Void, Never>?
    /// Those that watch what other machines train.
    var followers: [Task<Void, Never>] = []
    var isClosed = false
  }

  let project: Project
  let forecast: TrainingForecast
  let board: NoticeBoard
  private let threads: Int
  private let memoryBytes: Int
  let state = Mutex(State())

  /// How often what a training tells is read.
  static let interval = Duration.milliseconds(300)
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

  func run(_ training: Training) async {
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

  /// Cuts the boxes as they are now, or takes those of the file that was brought, and returns the order with what there is.
  private func cutBoxes(_ training: Training) async throws(AisError) -> TrainingOrder {
    training.change { $0.state = .extracting }
    post(training)
    let (now, project, threads) = (training.now, project, threads)
    let result = await onDisk { () -> Result<TrainingOrder, AisError> in
      Result { () throws(AisError) in
        var order = now.order
        if let file = order.setFile {
          order.boxes = try training.folder.keep(file)
          return order
        }
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

  func post(_ training: Training) {
    board.post("training \(training.id)", event: "training", training.json(history: false).text)
  }

  /// Says that the model's live result is another one: its half-trained network was refreshed, or is gone.
  func postModel(_ training: Training) {
    let now = training.now
    board.post(
      "model \(now.order.model)", event: "models",
      JSONValue.object(["model": .number(now.order.model), "version": .string(now.live ?? "")]).text)
  }
}
