import AisCore

/// A time limit, in whole minutes as Slurm keeps it.
package struct SlurmTime: Sendable, Hashable, Codable, CustomStringConvertible {
  package var minutes: Int

  package init(minutes: Int) { self.minutes = minutes }

  /// As Slurm writes it (`90`, `4:00:00`, `2-12`, `1-00:30:00`), or with a unit (`90min`, `4h`, `2d`). Seconds are rounded up.
  package init(_ text: String) throws(AisError) {
    guard let seconds = Self.seconds(text), seconds > 0, seconds <= 366 * 86400 else {
      throw AisError(
        .usage,
        "'\(text)' is no time limit: write it with a unit (90min, 4h, 2d) or as Slurm does (4:00:00, 1-12:00:00)")
    }
    minutes = (seconds + 59) / 60
  }

  /// `1-04:30:00`, the form that Slurm prints.
  package var description: String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let days = minutes / 1440
    return "\(days > 0 ? "\(days)-" : "")\(two(minutes / 60 % 24)):\(two(minutes % 60)):00"
  }

  private static func seconds(_ text: String) -> Int? {
    for (unit, factor) in [("min", 60), ("h", 3600), ("d", 86400)] where text.hasSuffix(unit) {
      return number(text.dropLast(unit.count)).map { $0 * factor }
    }
    let halves = text.split(separator: "-", omittingEmptySubsequences: false)
    let parts = (halves.last ?? "").split(separator: ":", omittingEmptySubsequences: false).map { number($0) }
    guard halves.count <= 2, parts.count <= 3, !parts.contains(nil) else { return nil }
    let numbers = parts.compactMap(\.self)
    if halves.count == 2 {
      // days-hours[:minutes[:seconds]]
      guard let days = number(halves[0]) else { return nil }
      return zip(numbers, [3600, 60, 1]).reduce(days * 86400) { $0 + $1.0 * $1.1 }
    }
    // minutes, minutes:seconds or hours:minutes:seconds
    let factors = numbers.count == 3 ? [3600, 60, 1] : [60, 1]
    return zip(numbers, factors).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.count <= 6, text.allSatisfy({ ("0"..."9").contains($0) }) else { return nil }
    return Int(text)
  }
}
