import AisCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Floats on pages of their own, straight from the operating system and given back to it at once.
///
/// `@unchecked Sendable`: whoever shares one must not write to it any more (packed weights) or must take turns (plans).
final class AlignedMemory: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  /// Bytes taken: the floats rounded up to whole pages.
  let bytes: Int

  /// Zeros. `purpose` completes the sentence "there is not enough memory for …".
  init(floats: Int, for purpose: @autoclosure () -> String) throws(AisError) {
    bytes = Self.bytes(forFloats: floats)
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      throw AisError(
        .outOfMemory,
        "there is not enough memory for \(purpose()): \(bytes >> 20) MiB were refused. Use smaller tiles or close other programs."
      )
    }
    #if os(Linux)
      // Kernels walk through hundreds of megabytes: large pages save most of the address translation.
      if bytes >= 4 << 20 { madvise(memory, bytes, MADV_HUGEPAGE) }
    #endif
    pointer = memory.assumingMemoryBound(to: Float.self)
  }

  deinit { munmap(pointer, bytes) }

  static func bytes(forFloats floats: Int) -> Int {
    let page = 4096
    return max(1, (floats * MemoryLayout<Float>.size + page - 1) / page) * page
  }
}
