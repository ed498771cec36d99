import CCodecs

/// How the C library treats memory that was given back.
package enum FreedMemory {
  /// From now on large buffers go back to the system as soon as they are freed. Left to itself the library keeps up to
  /// 64 MB of them, and a forecast of memory would be that much wrong.
  package static func goesBackAtOnce() { _ = ccodecs_return_freed_memory() }
}
