import Foundation

/// Durations as people read them.
package enum DurationText {
  /// `0.4 s`, `48 s`, `3 min 20 s`, `2 h 05 min`.
  package static func text(_ seconds: Double) -> String {
    if seconds < 9.95 { return String(format: "%.1f s", max(0, seconds)) }
    let whole = Int(min(seconds, 1e9).rounded())
    if whole < 90 { return "\(whole) s" }
    if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
    return String(format: "%d h %02d min", whole / 3600, whole % 3600 / 60)
  }
}
