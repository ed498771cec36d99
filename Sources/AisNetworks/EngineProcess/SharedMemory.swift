import AisCore
import CTorch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Memory that two processes see: a file without a name, which a child inherits as an open descriptor.
///
/// It grows when more is asked for; the other process maps it anew when it meets a size that it does not know yet.
final class SharedMemory {
  let descriptor: Int32
  private(set) var bytes = 0
  /// Places that are in use, in order.
  private var taken: [Range<Int>] = []
  private var start: UnsafeMutableRawPointer?

  /// New and empty.
  init() throws(AisError) {
    let descriptor = ctorch_memory_file("ais-engine")
    guard descriptor >= 0 else { throw Self.failure("made") }
    self.descriptor = descriptor
  }

  /// One that another process made. Takes over the descriptor.
  init(inherited descriptor: Int32) { self.descriptor = descriptor }

  deinit {
    if let start { munmap(start, bytes) }
    close(descriptor)
  }

  /// Sees to it that `wanted` bytes are there: makes the file longer.
  func grow(to wanted: Int) throws(AisError) {
    guard wanted > bytes else { return }
    guard ftruncate(descriptor, off_t(wanted)) == 0 else { throw Self.failure("made \(wanted >> 20) MiB long") }
    try map(wanted)
  }

  /// Sees to it that `wanted` bytes can be reached, of a file that the other process made longer.
  func follow(to wanted: Int) throws(AisError) {
    guard wanted > bytes else { return }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, Int(facts.st_size) >= wanted else {
      throw AisError(.engineFailed, "the shared memory ends before byte \(wanted)")
    }
    try map(Int(facts.st_size))
  }

  /// A place of `count` bytes that nothing else uses, until `release`: the first gap that is long enough, or behind everything.
  func reserve(_ count: Int) throws(AisError) -> Range<Int> {
    let length = max(1, count).roundedUp(to: 4096)
    var place = 0..<length
    var index = 0
    while index < taken.count, taken[index].lowerBound < place.upperBound {
      place = taken[index].upperBound..<taken[index].upperBound + length
      index += 1
    }
    try grow(to: place.upperBound)
    taken.insert(place, at: index)
    return place
  }

  func release(_ place: Range<Int>) { taken.removeAll { $0 == place } }

  /// `count` floats from byte `offset`. They stay where they are until the memory grows.
  func floats(at offset: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
    precondition(
      offset >= 0 && count >= 0 && offset + count * MemoryLayout<Float>.size <= bytes, "outside of shared memory")
    guard let start else { return UnsafeMutableBufferPointer(start: nil, count: 0) }
    return UnsafeMutableBufferPointer(
      start: (start + offset).assumingMemoryBound(to: Float.self), count: count)
  }

  private func map(_ size: Int) throws(AisError) {
    if let start { munmap(start, bytes) }
    start = nil
    bytes = 0
    let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let memory, memory != MAP_FAILED else { throw Self.failure("seen") }
    start = memory
    bytes = size
  }

  private static func failure(_ what: String) -> AisError {
    let reason = String(cString: strerror(errno))
    return AisError(.outOfMemory, "memory to share with the engine process could not be \(what): \(reason)")
  }
}
