import AisCore
import CKernels

/// Owns the threads that the kernels share.
///
/// `@unchecked Sendable`: the team serves one caller at a time behind its own lock, and the handle never changes.
final class ThreadTeam: @unchecked Sendable {
  let handle: OpaquePointer

  init(threads: Int) throws(AisError) {
    guard let handle = ckernels_team_create(Int32(clamping: max(1, threads))) else {
      throw AisError(.outOfMemory, "there is no memory left to start \(threads) threads")
    }
    self.handle = handle
  }

  deinit { ckernels_team_destroy(handle) }

  /// Threads that were started, the caller included: fewer than asked for when the system refused.
  var size: Int { Int(ckernels_team_size(handle)) }
}
