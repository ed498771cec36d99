import AisCore
import AisFormats
import Foundation
import Synchronization

/// How often the owner of a project says that it lives, in seconds.
package struct ProjectTiming: Sendable {
  /// Between two beats.
  package var interval: Double
  /// Without a beat for so long, an owner on another host is dead.
  package var silence: Double

  package init(interval: Double = 5, silence: Double = 20) {
    self.interval = interval
    self.silence = silence
  }
}

/// The right to open a project's database: a file `lease.json` in its folder that one process holds and keeps alive.
///
/// Project folders lie on network file systems, where locks of files may be missing or lie. Making the file is atomic
/// everywhere (link(2)). The owner counts up a number in it every few seconds. Another process of the same host looks
/// whether the owner runs; one of another host watches whether the number still rises, by its own clock, so that clocks
/// need not agree.
final class ProjectLease: Sendable {
  /// What the file says.
  struct Record: Codable, Hashable, Sendable {
    var schema = "ais.lease/1"
    /// Chosen anew for every opening.
    var token: String
    var owner: ProcessIdentity
    var user: String
    /// Where the owner can be reached, when it serves the project.
    var address: String?
    /// Seconds since 1970 of the opening, for people.
    var opened: Double
    /// Rises while the owner lives.
    var beat: Int
  }

  let path: String
  private let state: Mutex<Record>
  private let isLost = Atomic<Bool>(false)
  private let isReleased = Atomic<Bool>(false)
  private let lastSeen = Mutex(ContinuousClock.now)
  private let timing: ProjectTiming
  // Dispatch's objects may be used from any thread; their Swift type does not say so on Linux.
  private nonisolated(unsafe) let timer: any DispatchSourceTimer

  /// Takes the lease, from a dead owner if need be.
  ///
  /// - Throws: `in-use` with the owner's name and address when it lives; a sentence of its own where the folder cannot be
  ///   written or its disk is full.
  static func take(folder: String, address: String?, timing: ProjectTiming) throws(AisError) -> ProjectLease {
    if access(folder, W_OK) != 0, [EROFS, EACCES, EPERM].contains(errno) { throw readOnly(folder, errno) }
    do throws(AisError) { return try takeThere(folder, address, timing) } catch {
      guard error.code == .diskFull else { throw error }
      throw AisError(
        .diskFull,
        "the project '\(folder)' cannot be opened: the disk that it lies on is full. Free some space there, and open it again; "
          + "nothing in it is lost", cause: error)
    }
  }

  private static func readOnly(_ folder: String, _ number: Int32) -> AisError {
    AisError(
      .fileSystem,
      "the project '\(folder)' cannot be opened: its folder cannot be written "
        + "(\(AisError.systemMessage(number))). Every look at a project is kept in it. Ask for permission to write there, or copy the folder to where you may write and open the copy"
    )
  }

  private static func takeThere(
    _ folder: String, _ address: String?, _ timing: ProjectTiming
  ) throws(AisError) -> ProjectLease {
    let path = folder + "/lease.json"
    let record = Record(
      token: UUID().uuidString, owner: .current(), user: NSUserName(), address: address,
      opened: Date().timeIntervalSince1970, beat: 0)
    for _ in 0..<20 {
      if try create(path, record) { return ProjectLease(path, record, timing) }
      guard let other = try read(path) else { continue }
      guard isDead(other, path, timing) else { throw inUse(folder, other) }
      try remove(path, other)
    }
    throw AisError(.inUse, "'\(folder)' is being opened by several programs at once. Try again")
  }

  private init(_ path: String, _ record: Record, _ timing: ProjectTiming) {
    self.path = path
    self.timing = timing
    state = Mutex(record)
    let timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
    self.timer = timer
    timer.schedule(deadline: .now() + timing.interval, repeating: timing.interval)
    timer.setEventHandler { [weak self] in self?.beat() }
    timer.resume()
  }

  deinit {
    timer.cancel()
    release()
  }

  /// Throws `in-use` when another process took the lease, for example while this machine slept.
  ///
  /// Looks at the file when the last beat is older than it should be: before anything is written, not after.
  func check() throws(AisError) {
    if lastSeen.withLock({ ContinuousClock.now - $0 > .seconds(timing.interval * 2) }) { beat() }
    if isLost.load(ordering: .acquiring) {
      let owner =
        (try? Self.read(path))?.flatMap { "'\($0.owner.host)' (process \($0.owner.process))" } ?? "another program"
      throw AisError(
        .inUse,
        "the project was taken over by \(owner) while this program did not answer. Nothing was written since; open it again"
      )
    }
  }

  /// Makes known where the owner can be reached.
  func setAddress(_ address: String?) {
    state.withLock { $0.address = address }
    beat()
  }

  /// Says that the owner lives, and looks whether the lease is still its own.
  func beat() {
    if isReleased.load(ordering: .relaxed) { return }
    let record = state.withLock { record in
      record.beat += 1
      return record
    }
    switch Result(catching: { try Self.read(path) }) {
    case .success(let found?) where found.token == record.token:
      // A beat that cannot be written (a full disk) is no loss as long as the file is ours.
      try? AtomicFile.write(Self.bytes(record), to: path)
      lastSeen.withLock { $0 = .now }
    case .success: isLost.store(true, ordering: .releasing)
    // The file system does not answer: the next beat or the database will tell.
    case .failure: break
    }
  }

  /// Gives the project free, once.
  func release() {
    guard !isReleased.exchange(true, ordering: .relaxed) else { return }
    timer.cancel()
    let token = state.withLock { $0.token }
    if let found = try? Self.read(path), found.token == token { unlink(path) }
  }

  private static func bytes(_ record: Record) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array((try? encoder.encode(record)) ?? Data()) + [0x0A]
  }

  /// `nil` when there is none.
  static func read(_ path: String) throws(AisError) -> Record? {
    let bytes: [UInt8]
    do throws(AisError) { bytes = try RandomAccessFile(path).contents(limit: 1 << 16) } catch {
      if error.code == .notFound { return nil }
      throw error
    }
    guard let record = try? JSONDecoder().decode(Record.self, from: Data(bytes)) else {
      throw AisError(
        .malformed,
        "'\(path)' is damaged, so that nobody can tell whether the project is open elsewhere. If it is not, delete the file"
      )
    }
    return record
  }

  /// Puts the file in place unless there is one; whether it did.
  private static func create(_ path: String, _ record: Record) throws(AisError) -> Bool {
    let draft = path + ".\(record.token)"
    try AtomicFile.write(bytes(record), to: draft)
    defer { unlink(draft) }
    if link(draft, path) == 0 { return true }
    let number = errno
    if number == EEXIST { return false }
    // File systems without hard links (some FUSE and Windows shares): exclusive creation.
    guard [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(number) else { throw .fileSystem("write", path, number) }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor < 0 {
      if errno == EEXIST { return false }
      throw .fileSystem("write", path, errno)
    }
    close(descriptor)
    try AtomicFile.write(bytes(record), to: path)
    return true
  }

  private static func isDead(_ record: Record, _ path: String, _ timing: ProjectTiming) -> Bool {
    if record.owner.sharesMachine(with: .current()) { return !record.owner.isRunning }
    let end = ContinuousClock.now + .seconds(timing.silence)
    while ContinuousClock.now < end {
      Thread.sleep(forTimeInterval: min(0.5, timing.silence / 4))
      switch Result(catching: { try read(path) }) {
      case .success(nil): return true
      case .success(let now?): if now != record { return false }
      // Being replaced at this moment, or not to be read: no sign of death.
      case .failure: return false
      }
    }
    return true
  }

  /// Removes the lease of a dead owner. Of several that try only one moves the file away.
  private static func remove(_ path: String, _ dead: Record) throws(AisError) {
    let aside = path + ".dead.\(UUID().uuidString)"
    guard rename(path, aside) == 0 else {
      if errno == ENOENT { return }
      throw .fileSystem("replace", path, errno)
    }
    defer { unlink(aside) }
    // Somebody was quicker, and the file is already the new owner's: it goes back.
    if let moved = try read(aside), moved.token != dead.token { link(aside, path) }
  }

  private static func inUse(_ folder: String, _ record: Record) -> AisError {
    let place = record.address.map { " at \($0)" } ?? ""
    let opened = Date(timeIntervalSince1970: record.opened).ISO8601Format()
    return AisError(
      .inUse,
      "'\(folder)' is open: by '\(record.user)' on '\(record.owner.host)' (process \(record.owner.process))\(place), since "
        + "\(opened). Close it there, or join it" + (record.address == nil ? "" : " at that address"))
  }
}
