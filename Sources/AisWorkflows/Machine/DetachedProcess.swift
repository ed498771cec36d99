import AisCore
import AisProject
import CTorch
import Foundation
import Glibc

/// Starts this program as a process of its own that outlives the one that starts it: in its own session, its words into files.
package enum DetachedProcess {
  /// Throws `inUse` when it would be the second of those that keep one file.
  ///
  /// - Parameters:
  ///   - output, messages: files that standard output and standard error are added to.
  ///   - keepsOutput: it keeps `output` locked as long as it lives, so that of several that would write to it only the first is started.
  ///   - niceness: how much it gives way to other processes, 0…19.
  package static func start(
    _ arguments: [String], output: String, messages: String, keepsOutput: Bool = false, niceness: Int32
  ) throws(AisError) -> ProcessIdentity {
    let program = ProgramPath.current
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    let file = try opened(output, keeps: keepsOutput)
    defer { close(file) }
    posix_spawn_file_actions_adddup2(&actions, file, 1)
    posix_spawn_file_actions_addopen(&actions, 2, messages, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    // Nothing of the server's goes along: a socket that stayed open would keep its port.
    _ = ctorch_spawn_close_from(&actions, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Signals of the terminal are not for it, and what the server ignores it must hear.
    posix_spawnattr_setflags(&attributes, Int16(0x80 | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)

    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] =
      ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var identifier: pid_t = 0
    let status = posix_spawn(&identifier, program, &actions, &attributes, &words, &variables)
    guard status == 0 else {
      throw AisError(
        .fileSystem,
        "the process '\(program) \(arguments.first ?? "")' could not be started: \(String(cString: strerror(status)))")
    }
    giveWay(identifier, niceness)
    return ProcessIdentity(process: identifier)
  }

  /// Niceness ranks processes of one session only where the kernel groups them by session (sched(7), autogroup), as desktops do:
  /// there the group gives way as well.
  private static func giveWay(_ process: pid_t, _ niceness: Int32) {
    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(process), niceness)
    let group = open("/proc/\(process)/autogroup", O_WRONLY | O_CLOEXEC)
    guard group >= 0 else { return }
    let text = String(niceness)
    _ = write(group, text, text.utf8.count)
    close(group)
  }

  /// The lock belongs to the open file, which the process inherits.
  private static func opened(_ path: String, keeps: Bool) throws(AisError) -> Int32 {
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else {
      throw AisError(.fileSystem, "'\(path)' cannot be written: \(String(cString: strerror(errno)))")
    }
    // File systems without locks refuse with another reason: there one goes on without.
    guard !keeps || flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
      close(file)
      throw AisError(.inUse, "a process that writes '\(path)' runs already: wait until it has ended")
    }
    return file
  }

  /// Takes note of the end of a process that this one started, so that it does not stay in the list of processes.
  package static func bury(_ identity: ProcessIdentity) {
    var status: Int32 = 0
    _ = waitpid(identity.process, &status, WNOHANG)
  }
}
