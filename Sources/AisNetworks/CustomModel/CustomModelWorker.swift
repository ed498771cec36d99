import AisCore
import CTorch
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A process of a user's Python that runs one model of theirs, and its supervision.
///
/// What the program prints, how long it thinks and how it dies stay over there: every request ends with an answer or an error.
/// After an error the process is gone, and this with it. Requests take turns.
///
/// - Invariant: `lock` is held while the line is used, which makes it safe to share.
package final class CustomModelWorker: @unchecked Sendable {
  private let program: CustomProgram
  private let python: String
  private let identifier: pid_t
  private let channel: CustomModelChannel
  private let messages: LastWords
  private let lock = NSLock()
  private var hasEnded = false
  /// As the class counts them.
  package private(set) var parameterCount = 0

  /// Starts the process and has the program create its model.
  ///
  /// - Parameters:
  ///   - python: an interpreter with numpy; a path, or a name that is looked for as a shell would.
  ///   - threads: how many the libraries under the program are told to use.
  package init(
    _ model: CustomModel, python: String, threads: Int, seed: UInt64 = 1, cancellation: Cancellation? = nil
  ) throws(AisError) {
    program = model.program
    self.python = python
    let started = try Self.spawn(python, threads: threads)
    (identifier, channel, messages) = (started.identifier, started.channel, started.messages)
    var request = CustomModelChannel.Header()
    request.do = "start"
    request.name = program.fileName
    request.seed = UInt32(truncatingIfNeeded: seed)
    request.slabs = program.takesSlabs
    request.shape = [model.boxSize, model.boxSize, model.depth]
    parameterCount = try ask(request, Array(program.source.utf8), cancellation: cancellation).0.parameters ?? 0
    if !model.saved.isEmpty { try load(model.saved, cancellation: cancellation) }
  }

  deinit { end() }

  /// The process's number.
  package var processIdentifier: Int32 { identifier }

  /// Bytes that the process holds, as far as the system tells.
  package var residentBytes: Int {
    let status = (try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }

  // MARK: - Requests

  /// Probabilities of images (count, z, y, x): as many planes for slabs, one for each image otherwise. Cut off at 0 and 1.
  package func predict(
    _ images: [Float], count: Int, depth: Int, height: Int, width: Int, cancellation: Cancellation? = nil
  ) throws(AisError) -> [Float] {
    var request = CustomModelChannel.Header()
    request.do = "predict"
    request.images = [count, depth, height, width]
    let (answer, payload) = try ask(request, Self.bytes(images), cancellation: cancellation)
    let expected = [count, program.takesSlabs ? depth : 1, height, width]
    guard answer.shape == expected, payload.count == 4 * expected.reduce(1, *) else {
      throw lost("answered images of \(request.images ?? []) with an array of \(answer.shape ?? [])")
    }
    let values = Self.floats(payload)
    guard values.allSatisfy(\.isFinite) else {
      throw AisError(.engineFailed, "\(title): 'predict' answered with values that are no numbers (NaN or infinity)")
    }
    return values.map { min(max($0, 0), 1) }
  }

  /// Has the model learn from an epoch's boxes, once; `note` hears how many batches it is through, where the class tells.
  package func fit(
    _ epoch: TrainingArrays, batch: Int, cancellation: Cancellation, note: (Int) throws(AisError) -> Void
  ) throws(AisError) {
    var request = CustomModelChannel.Header()
    request.do = "fit"
    request.images = epoch.imageShape
    request.labels = epoch.labelShape
    request.batch = batch
    _ = try ask(
      request, Self.bytes(epoch.images) + Self.bytes(epoch.labels), patience: nil, cancellation: cancellation,
      note: note)
  }

  /// Boxes (count, depth, y, x) and labels (count, label depth, y, x).
  package struct TrainingArrays: Sendable {
    package var images: [Float]
    package var labels: [Float]
    package var imageShape: [Int]
    package var labelShape: [Int]

    package init(images: [Float], labels: [Float], imageShape: [Int], labelShape: [Int]) {
      self.images = images
      self.labels = labels
      self.imageShape = imageShape
      self.labelShape = labelShape
    }
  }

  /// What the model's `save` writes.
  package func save() throws(AisError) -> [CustomModel.SavedFile] {
    var request = CustomModelChannel.Header()
    request.do = "save"
    let (answer, payload) = try ask(request, [])
    var files: [CustomModel.SavedFile] = []
    var place = 0
    for file in answer.files ?? [] {
      guard file.bytes >= 0, file.bytes <= payload.count - place else { throw lost("sent files that end too early") }
      files.append(.init(name: file.name, bytes: Array(payload[place..<place + file.bytes])))
      place += file.bytes
    }
    return files
  }

  private func load(_ files: [CustomModel.SavedFile], cancellation: Cancellation?) throws(AisError) {
    var request = CustomModelChannel.Header()
    request.do = "load"
    request.files = files.map { .init(name: $0.name, bytes: $0.bytes.count) }
    _ = try ask(request, files.flatMap(\.bytes), cancellation: cancellation)
  }

  private func ask(
    _ request: CustomModelChannel.Header, _ payload: [UInt8], cancellation: Cancellation? = nil
  ) throws(AisError) -> (CustomModelChannel.Header, [UInt8]) {
    try ask(request, payload, patience: program.patience, cancellation: cancellation) { (_) throws(AisError) in }
  }

  /// - Parameter patience: seconds for the answer; `nil`: as long as it takes.
  private func ask(
    _ request: CustomModelChannel.Header, _ payload: [UInt8], patience: Double?, cancellation: Cancellation?,
    note: (Int) throws(AisError) -> Void
  ) throws(AisError) -> (CustomModelChannel.Header, [UInt8]) {
    lock.lock()
    defer { lock.unlock() }
    guard !hasEnded else { throw AisError(.engineLost, "\(title) has ended before. Run the command again") }
    let deadline = patience.map { ContinuousClock.now + .seconds($0) }
    var answer: Result<(CustomModelChannel.Header, [UInt8]), CustomModelChannel.Silence>
    func isOver() -> Bool {
      cancellation?.isCancelled == true || deadline.map { ContinuousClock.now > $0 } == true || isDead
    }
    do throws(CustomModelChannel.Silence) {
      try channel.send(request, payload, isOver: isOver)
      answer = .success(try channel.receive(isOver: isOver))
    } catch { answer = .failure(error) }
    while case .success(let (header, _)) = answer, header.note != nil {
      try note(header.done ?? 0)
      do throws(CustomModelChannel.Silence) { answer = .success(try channel.receive(isOver: isOver)) } catch {
        answer = .failure(error)
      }
    }
    let step = request.do ?? ""
    switch answer {
    case .success(let (header, payload)):
      guard let reason = header.failed else { return (header, payload) }
      throw AisError(.engineFailed, "\(title): '\(step)' failed: \(reason)")
    case .failure(.nonsense):
      throw lost("sent something that is no answer to '\(step)'")
    case .failure(.gone):
      throw buried(during: step)
    case .failure(.givenUp):
      if cancellation?.isCancelled == true {
        finish()
        throw AisError(.cancelled, "stopped before the end, as asked")
      }
      if isDead { throw buried(during: step) }
      finish()
      throw AisError(
        .engineLost,
        "\(title) gave no answer to '\(step)' within \(patience ?? 0) seconds and was ended. A program that needs longer says so with "
          + "'patience = SECONDS'")
    }
  }

  private var title: String { "the program '\(program.fileName)'" }

  // MARK: - Its end

  /// Whether the process has ended, although somebody may still hold its end of the line.
  private var isDead: Bool {
    var facts = siginfo_t()
    // WNOWAIT: its status is read when it is buried.
    return waitid(P_PID, id_t(identifier), &facts, WEXITED | WNOHANG | WNOWAIT) == 0 && facts.si_signo != 0
  }

  private func lost(_ what: String) -> AisError {
    finish()
    return AisError(.engineLost, "\(title) \(what)")
  }

  private func buried(during step: String) -> AisError {
    let status = finish()
    let signal = status & 0x7f
    let cause =
      switch signal {
      case 0: "ended by itself with status \((status >> 8) & 0xff)"
      case SIGKILL: "was killed, perhaps because the machine's memory was used up"
      default: "was ended by '\(String(cString: strsignal(signal)))'"
      }
    let words = messages.text
    return AisError(
      .engineLost,
      "\(title), run with '\(python)', \(cause) during '\(step)'" + (words.isEmpty ? "" : ". Its last words:\n\(words)")
    )
  }

  /// Ends the process and whatever it started.
  @discardableResult
  private func finish() -> Int32 {
    guard !hasEnded else { return 0 }
    hasEnded = true
    channel.close()
    var status: Int32 = 0
    // It may have been about to end by itself: then its own status tells more than our signal.
    if !isDead { kill(-identifier, SIGKILL) }
    while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
    kill(-identifier, SIGKILL)
    messages.wait()
    return status
  }

  /// Ends the process; later requests are refused.
  package func end() { lock.withLock { _ = finish() } }

  // MARK: - Values as bytes

  private static func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  private static func floats(_ bytes: [UInt8]) -> [Float] {
    [Float](unsafeUninitializedCapacity: bytes.count / 4) { buffer, count in
      bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      count = bytes.count / 4
    }
  }
}
