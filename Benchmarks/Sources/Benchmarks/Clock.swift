#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Seconds of processor time of all threads, or of the clock on the wall.
enum Clock {
  case processor, wall

  var now: Double {
    var time = timespec()
    clock_gettime(self == .processor ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }

  /// The shortest of several runs.
  static func best(of runs: Int, _ body: () throws -> Void) rethrows -> (processor: Double, wall: Double) {
    var best = (processor: Double.infinity, wall: Double.infinity)
    for _ in 0..<runs {
      let (processor, wall) = (Clock.processor.now, Clock.wall.now)
      try body()
      best = (min(best.processor, Clock.processor.now - processor), min(best.wall, Clock.wall.now - wall))
    }
    return best
  }
}

extension String {
  /// Filled up with spaces: on the right, or on the left for numbers.
  func padded(to width: Int, isNumber: Bool = true) -> String {
    let space = String(repeating: " ", count: Swift.max(0, width - count))
    return isNumber ? space + self : self + space
  }
}

extension Double {
  /// With so many digits behind the point.
  func rounded(toDigits digits: Int) -> String {
    let factor = [1, 10, 100, 1000][digits]
    let whole = Int((self * Double(factor)).rounded())
    if digits == 0 { return String(whole) }
    let rest = String(whole % factor)
    return "\(whole / factor)." + String(repeating: "0", count: digits - rest.count) + rest
  }
}
