import AisCore
import AisFormats
import AisImaging
import AisWorkflows
import Dispatch
import Synchronization

/// What would be picked from a segmentation: it is read once, and then every place of a slider is answered from memory.
final class PickService: Sendable {
  /// A segmentation as it is read: everything that makes its values others.
  private struct Key: Hashable, Sendable {
    var path: String
    var state: FileState
    var reading: String

    init(_ path: String, _ request: PickRequest) throws(AisError) {
      self.path = path
      state = try FileState(path)
      let size = request.view.voxelSize.map { "\($0.x.angstrom)" } ?? "header"
      reading = "\(request.scale?.rawValue ?? "") \(request.label ?? 0) \(request.binning) \(size)"
    }
  }

  private let lane = WorkLane("picking", width: 1, quality: .userInitiated)
  private let analyses: ByteBoundedCache<Key, PickAnalysis>
  private let analysing = SharedWork<Key, PickAnalysis>()
  private let board: NoticeBoard
  private let threads: Int
  private let memoryBytes: Int

  init(board: NoticeBoard, settings: AppSettings) {
    self.board = board
    threads = settings.threads
    memoryBytes = settings.memoryBytes
    analyses = ByteBoundedCache(limit: max(128 << 20, min(1 << 30, settings.memoryBytes / 8)))
  }

  /// A request with nothing but limits: an eighth of the memory, so that pictures and networks keep theirs.
  func request(_ path: String, _ json: JSONValue) throws(AisError) -> PickRequest {
    var request = PickRequest(
      inputs: [path], outputFolder: "", memoryLimit: max(256 << 20, memoryBytes / 8), threads: threads)
    try request.take(json)
    return request
  }

  /// The segmentation's analysis; the first time it is read, and pages hear how far that is. Throws `cancelled` when the
  /// caller's task is.
  func analysis(_ path: String, _ request: PickRequest) async throws -> PickAnalysis {
    let key = try await onDisk { try Key(path, request) }
    if let known = analyses[key] { return known }
    return try await analysing.value(key) { order in
      let ticket = self.lane.submit {
        order.finish(
          Result { () throws(AisError) -> PickAnalysis in try self.analyse(key, request, order.cancellation) })
      }
      return { self.lane.makeUrgent(ticket) }
    }
  }

  private func analyse(
    _ key: Key, _ request: PickRequest, _ cancellation: Cancellation
  ) throws(AisError) -> PickAnalysis {
    try cancellation.check()
    if let known = analyses[key] { return known }
    defer { post(key.path, nil) }
    let progress = Progress(service: self, path: key.path)
    let analysis = try PickAnalysis(key.path, request, cancellation: cancellation) { progress.report($0) }
    analyses.insert(analysis, byteCount: analysis.byteCount, for: key)
    return analysis
  }

  /// What `ais pick` would find, and how long it took to tell. Methods other than particles read the segmentation each time.
  func finding(_ path: String, _ request: PickRequest) async throws -> Answer {
    if case .particles = request.method {
      let analysis = try await analysis(path, request)
      return try await onLane { cancellation throws(AisError) in
        let (finding, dust) = try analysis.finding(request, cancellation: cancellation)
        return Answer(finding: finding, dust: dust)
      }
    }
    return try await onLane { cancellation throws(AisError) in
      defer { self.post(path, nil) }
      let progress = Progress(service: self, path: path)
      return Answer(
        finding: try PickFinding.make(path, request, cancellation: cancellation) { progress.report($0) })
    }
  }

  /// What was found, and how long that took.
  struct Answer: Sendable {
    var finding: PickFinding
    /// Pieces that were passed over because they are so small; unknown of methods that read the segmentation themselves.
    var dust: Int?
    var seconds = 0.0
  }

  /// Work on the lane, given up when the caller's task is cancelled.
  private func onLane(
    _ work: @escaping @Sendable (Cancellation) throws(AisError) -> Answer
  ) async throws -> Answer {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (waiter: CheckedContinuation<Answer, any Error>) in
        lane.submit {
          let begin = ContinuousClock.now
          let result = Result { () throws(AisError) -> Answer in
            try cancellation.check()
            var answer = try work(cancellation)
            answer.seconds = (ContinuousClock.now - begin) / .seconds(1)
            return answer
          }
          waiter.resume(with: result.mapError { $0 as any Error })
        }
      }
    } onCancel: {
      cancellation.cancel()
    }
  }

  /// How far reading is, five times a second at most.
  private final class Progress: Sendable {
    private let service: PickService
    private let path: String
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    init(service: PickService, path: String) {
      self.service = service
      self.path = path
    }

    func report(_ fraction: Double) {
      let isDue = last.withLock { last in
        if let last, ContinuousClock.now - last < .milliseconds(200) { return false }
        last = .now
        return true
      }
      if isDue { service.post(path, fraction) }
    }
  }

  private func post(_ path: String, _ fraction: Double?) {
    board.post(
      "pick \(path)", event: "pick", JSONValue.object(["path": .string(path), "fraction": .optional(fraction)]).text)
  }
}
