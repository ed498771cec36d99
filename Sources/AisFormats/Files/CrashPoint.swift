import AisCore
import Synchronization

/// Named places where a crash hurts most. Tests install a handler that kills the process there, or makes the step
/// fail, and then look at what is left on disk; in normal running a point costs one load of a flag.
package enum CrashPoint: String, Sendable, CaseIterable {
  case midSlab = "mid-slab"
  case afterLastByte = "after-last-byte"
  case beforeFsync = "before-fsync"
  case beforeRename = "before-rename"
  case afterRename = "after-rename"
  case inProvenance = "in-provenance"

  private static let isArmed = Atomic<Bool>(false)
  private static let handler = Mutex<(@Sendable (CrashPoint) -> Void)?>(nil)

  /// Marks that execution has come to `point`.
  @inline(__always)
  package static func reached(_ point: CrashPoint) {
    if isArmed.load(ordering: .relaxed) { call(point) }
  }

  /// Installs what happens at every point; `nil` disarms.
  package static func install(_ action: (@Sendable (CrashPoint) -> Void)?) {
    handler.withLock { $0 = action }
    isArmed.store(action != nil, ordering: .relaxed)
  }

  @inline(never)
  private static func call(_ point: CrashPoint) {
    let action = handler.withLock { $0 }
    action?(point)
  }
}
