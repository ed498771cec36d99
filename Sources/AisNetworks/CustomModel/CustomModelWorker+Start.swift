import AisCore
import CTorch
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension CustomModelWorker {
  struct Started {
    var identifier: pid_t
    var channel: CustomModelChannel
    var messages: LastWords
  }

  /// The interpreter with our script: the line is its descriptor 3, and what it prints ends in `messages`.
  static func spawn(_ python: String, threads: Int) throws(AisError) -> Started {
    let (near, far) = try EngineChannel.pair()
    defer { far.close() }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      near.close()
      throw AisError(.engineFailed, "no pipe could be made: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { Glibc.close(ends[1]) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    // Copies first to numbers that nothing here has: an end of the line could itself be number 1, 2 or 3.
    posix_spawn_file_actions_adddup2(&actions, far.descriptor, 900)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 901)
    posix_spawn_file_actions_adddup2(&actions, 901, 1)
    posix_spawn_file_actions_adddup2(&actions, 901, 2)
    posix_spawn_file_actions_adddup2(&actions, 900, 3)
    _ = ctorch_spawn_close_from(&actions, 4)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own: Ctrl-C in a terminal is ours to answer, and whatever it starts ends with it.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)

    var environment = ProcessInfo.processInfo.environment
    for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"] { environment[name] = String(threads) }
    var arguments: [UnsafeMutablePointer<CChar>?] = [
      strdup(python), strdup("-u"), strdup("-c"), strdup(CustomModelScript.text), nil,
    ]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var identifier: pid_t = 0
    let status = posix_spawnp(&identifier, python, &actions, &attributes, &arguments, &variables)
    guard status == 0 else {
      near.close()
      Glibc.close(ends[0])
      throw AisError(
        .engineUnavailable,
        "'\(python)' cannot be run: \(String(cString: strerror(status))). Add the program again with another '--python'"
      )
    }
    return Started(
      identifier: identifier, channel: CustomModelChannel(descriptor: near.descriptor), messages: LastWords(ends[0]))
  }
}

/// The last that a process printed; the rest is dropped as it comes.
///
/// - Invariant: `lock` guards what changes.
final class LastWords: @unchecked Sendable {
  private let lock = NSLock()
  private let ended = DispatchSemaphore(value: 0)
  private var last: [UInt8] = []

  /// Reads until the last writer is gone. Takes over the descriptor.
  init(_ descriptor: Int32) {
    let thread = Thread { [self] in
      var buffer = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { break }
        lock.withLock {
          last.append(contentsOf: buffer[..<count])
          if last.count > 8192 { last.removeFirst(last.count - 4096) }
        }
      }
      close(descriptor)
      ended.signal()
    }
    thread.name = "ais-last-words"
    thread.start()
  }

  /// Until everything was read, or a second has passed: a stranger may hold the other end.
  func wait() { _ = ended.wait(timeout: .now() + 1) }

  /// The last lines.
  var text: String {
    lock.withLock {
      String(decoding: last, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(8).joined(separator: "\n")
    }
  }
}
