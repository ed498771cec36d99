import AisCore
import AisFormats
import Foundation

extension AisProgram {
  /// Lets a test end the program, as a power cut would, at the point that `AIS_CRASH_POINT` names (`mid-slab`,
  /// `before-rename`, …). Without the variable nothing is armed.
  static func armCrashPoint() {
    guard let name = ProcessInfo.processInfo.environment["AIS_CRASH_POINT"] else { return }
    guard let wanted = CrashPoint(rawValue: name) else {
      let known = CrashPoint.allCases.map(\.rawValue).joined(separator: ", ")
      Terminal.standardError.print("AIS_CRASH_POINT='\(name)' is none of: \(known)")
      exit(2)
    }
    CrashPoint.install { reached in
      if reached == wanted { kill(getpid(), SIGKILL) }
    }
  }
}
