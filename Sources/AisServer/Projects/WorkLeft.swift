/// Work on this machine that goes on when the program stops: it has processes of its own.
package struct WorkLeft: Sendable, Hashable {
  package var trainings = 0
  package var runs = 0

  static func += (left: inout WorkLeft, other: WorkLeft) {
    left.trainings += other.trainings
    left.runs += other.runs
  }

  /// For people; `nil` when nothing goes on.
  package var sentence: String? {
    let parts = [(trainings, "training"), (runs, "run")].filter { $0.0 > 0 }.map { count, name in
      "\(count) \(name)\(count == 1 ? "" : "s")"
    }
    guard !parts.isEmpty else { return nil }
    return "\(parts.joined(separator: " and ")) \(trainings + runs == 1 ? "goes" : "go") on without this program; "
      + "the page shows how far the next time, and can stop \(trainings + runs == 1 ? "it" : "them")"
  }
}
