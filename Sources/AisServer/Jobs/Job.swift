import AisCore
import AisFormats
import Synchronization

/// Work that takes longer than an answer may: an import, an export, a copy of a tomogram.
final class Job: Sendable {
  enum State: String, Sendable { case waiting, running, done, failed, cancelled }

  /// What a job brings about.
  struct Result: Sendable {
    /// A sentence for people.
    var message: String?
    /// Files that it wrote, to be fetched.
    var files: [String] = []
    /// What only this kind of job has to tell.
    var details: JSONValue?
  }

  struct Status: Sendable {
    var state = State.waiting
    /// 0…1; `nil` while it cannot be told.
    var fraction: Double?
    var secondsLeft: Double?
    var message: String?
    var files: [String] = []
    var details: JSONValue?
  }

  let id: String
  let kind: String
  let title: String
  let cancellation = Cancellation()
  let body: @Sendable (Job) async throws -> Result
  private let status = Mutex(Status())
  private let began = Mutex<ContinuousClock.Instant?>(nil)
  private let lastPost = Mutex<ContinuousClock.Instant?>(nil)
  private let board: NoticeBoard

  init(
    id: String, kind: String, title: String, board: NoticeBoard,
    _ body: @escaping @Sendable (Job) async throws -> Result
  ) {
    self.id = id
    self.kind = kind
    self.title = title
    self.board = board
    self.body = body
  }

  var state: State { status.withLock { $0.state } }
  var isOver: Bool { ![.waiting, .running].contains(state) }

  /// Does the work, and says how it went.
  func run() async {
    let mayBegin = status.withLock { status in
      guard status.state == .waiting else { return false }
      status.state = .running
      return true
    }
    guard mayBegin else { return }
    began.withLock { $0 = .now }
    post()
    do {
      let result = try await body(self)
      status.withLock { $0.details = result.details }
      end(.done, result.message, result.files)
    } catch let error as AisError where error.code == .cancelled {
      end(.cancelled, nil, [])
    } catch let refusal as Refusal {
      end(.failed, refusal.error.description, [])
    } catch {
      end(.failed, String(describing: error), [])
    }
  }

  /// Says how far the work is; pages hear of it at most five times a second. Called from any thread.
  func report(_ fraction: Double, _ message: String? = nil) {
    let elapsed = began.withLock { $0.map { (ContinuousClock.now - $0) / .seconds(1) } } ?? 0
    status.withLock { status in
      status.fraction = min(max(fraction, 0), 1)
      status.message = message ?? status.message
      // What is left is told by what is done, as soon as that says something.
      if fraction > 0.02, elapsed > 1 { status.secondsLeft = (elapsed / fraction * (1 - fraction)).rounded() }
    }
    let isDue = lastPost.withLock { last in
      if let last, ContinuousClock.now - last < .milliseconds(200) { return false }
      last = .now
      return true
    }
    if isDue { post() }
  }

  /// Asks the work to stop; one that waits is over at once.
  func cancel() {
    cancellation.cancel()
    let wasWaiting = status.withLock { status in
      guard status.state == .waiting else { return false }
      status.state = .cancelled
      return true
    }
    if wasWaiting { post() }
  }

  private func end(_ state: State, _ message: String?, _ files: [String]) {
    status.withLock { status in
      status.state = state
      if state == .done { status.fraction = 1 }
      status.secondsLeft = nil
      status.message = message
      status.files = files
    }
    post()
  }

  func post() { board.post("job \(id)", event: "job", json.text) }

  var json: JSONValue {
    let status = status.withLock { $0 }
    return .object([
      "id": .string(id), "kind": .string(kind), "title": .string(title), "state": .string(status.state.rawValue),
      "fraction": .optional(status.fraction), "secondsLeft": .optional(status.secondsLeft),
      "message": .optional(status.message), "files": .array(status.files.map { .string($0) }),
      "details": status.details ?? .null,
    ])
  }
}
