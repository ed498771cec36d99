/// Which workers show signs of life, judged by the observer's own clock and by what it has seen itself.
///
/// Times of other machines are never compared with it: clocks of a cluster differ by minutes. A worker's sign of life is a
/// count that changes; silence is the time that *this observer was watching* while it did not. An observer that was itself
/// stopped for an hour has therefore not seen an hour of silence.
package struct Presence: Sendable {
  private struct Watched: Sendable {
    var sign: Int?
    var silence: Duration = .zero
    var lastLook: Duration
    var hasShownLife = false
  }

  private var workers: [String: Watched] = [:]
  /// The most that one look may add to a silence: more time than this between two looks was not spent watching.
  private let longestStep: Duration

  package init(longestStep: Duration = .seconds(10)) { self.longestStep = longestStep }

  /// Notes what is seen of a worker at a time of the observer's clock; `nil` when its sign cannot be read.
  package mutating func look(at worker: String, sign: Int?, now: Duration) {
    guard var known = workers[worker] else {
      workers[worker] = Watched(sign: sign, lastLook: now)
      return
    }
    if let sign, sign != known.sign {
      known.sign = sign
      known.silence = .zero
      known.hasShownLife = true
    } else {
      known.silence += min(max(now - known.lastLook, .zero), longestStep)
    }
    known.lastLook = now
    workers[worker] = known
  }

  /// How long the observer has watched the worker without seeing its sign change.
  package func silence(of worker: String) -> Duration { workers[worker]?.silence ?? .zero }

  /// Whether the observer has seen the worker's sign change.
  package func hasShownLife(_ worker: String) -> Bool { workers[worker]?.hasShownLife ?? false }
}
