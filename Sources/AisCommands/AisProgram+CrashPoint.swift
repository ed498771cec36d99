import AisCore
import AisFormats
import Foundation

extension AisProgram {
  /// Lets a test end the program, as a power cut would, at the point that `AIS_CRASH_POINT` names (`mid-slab`,
  /// `before-rename`, …), or make it slow: with `AIS_PAUSE_POINT="mid-slab 2"` it rests there for two seconds each time.
  /// Without the variables nothing is armed.
  static func armCrashPoint() {
    let environment = ProcessInfo.processInfo.environment
    let crash = environment["AIS_CRASH_POINT"].map { point($0, of: "AIS_CRASH_POINT") }
    let words = environment["AIS_PAUSE_POINT"]?.split(separator: " ") ?? []
    let pause = words.first.map { point(String($0), of: "AIS_PAUSE_POINT") }
    let seconds = words.count == 2 ? Double(words[1]) ?? 0 : 0
    if crash == nil, pause == nil { return }
    CrashPoint.install { reached in
      if reached == crash { kill(getpid(), SIGKILL) }
      if reached == pause { Thread.sleep(forTimeInterval: seconds) }
    }
  }

  private static func point(_ name: String, of variable: String) -> CrashPoint {
    if let point = CrashPoint(rawValue: name) { return point }
    let known = CrashPoint.allCases.map(\.rawValue).joined(separator: ", ")
    Terminal.standardError.print("\(variable)='\(name)' is none of: \(known)")
    exit(2)
  }
}
