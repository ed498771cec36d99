import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation
import Synchronization

/// What became of the files of a project's versions: each is looked at when the project is opened, when its link changes, and
/// whenever its size or date does.
final class VersionStates: Sendable {
  struct State: Sendable, Equatable {
    enum Kind: String, Sendable { case ok, missing, changed, unreadable }

    var kind: Kind
    /// For people, when it is not `ok`.
    var reason: String
    /// The file that may be read.
    var path: String?
    /// Of that file: what addresses of its pictures carry, so that they never show another.
    var key: String
    fileprivate var reference: TomogramReference
    fileprivate var stamp: Stamp?
  }

  /// What stat(2) says, to notice changes cheaply.
  struct Stamp: Sendable, Equatable {
    var byteCount: Int
    var seconds: Int
    var nanoseconds: Int
    var inode: UInt64

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      byteCount = Int(status.st_size)
      seconds = Int(status.st_mtim.tv_sec)
      nanoseconds = Int(status.st_mtim.tv_nsec)
      inode = UInt64(status.st_ino)
    }
  }

  private let states = Mutex<[Int64: State]>([:])
  private let folder: ProjectFolder
  private let finder: TomogramFinder

  init(folder: ProjectFolder) {
    self.folder = folder
    finder = TomogramFinder(home: folder.path)
  }

  /// The keys of all files as slices know them.
  var keys: [String] { states.withLock { $0.values.map { String($0.key.prefix { $0 != "." }) } } }

  /// The state of a version, also of one so newly added or linked that its file was not looked at yet.
  func state(of version: DatasetVersion) -> State? {
    let state = states.withLock { $0[version.id] }
    return state?.reference == version.reference ? state : asNoted(version.reference) ?? state
  }

  /// Looks at the files of all versions; those whose size and date are what they were are not read. Blocks.
  ///
  /// - Returns: whether anything is another than before.
  func refresh(_ versions: [DatasetVersion]) -> Bool {
    var fresh: [Int64: State] = [:]
    let known = states.withLock { $0 }
    for version in versions {
      if let state = known[version.id], state.reference == version.reference, Self.isUnchanged(state) {
        fresh[version.id] = state
      } else {
        fresh[version.id] = look(version.reference)
      }
    }
    return states.withLock { states in
      defer { states = fresh }
      return states != fresh
    }
  }

  /// Looks at one file again, as when reading it failed. Whether its state is another now.
  func refresh(_ version: DatasetVersion) -> Bool {
    let fresh = look(version.reference)
    return states.withLock { states in
      defer { states[version.id] = fresh }
      return states[version.id] != fresh
    }
  }

  private static func isUnchanged(_ state: State) -> Bool {
    // A missing file is looked for again each time: it may have come back at any of many places.
    guard state.kind != .missing, let stamp = state.stamp else { return false }
    return Stamp(state.path ?? state.reference.path) == stamp
  }

  /// The state of a file whose size and date are as they were noted: it is the same file, as everywhere where files are not read
  /// twice. It is not opened: on storage far away that takes tens of milliseconds, and a project may have a thousand of them.
  private func asNoted(_ reference: TomogramReference) -> State? {
    guard let stamp = Stamp(reference.path), stamp.byteCount == reference.byteCount, !reference.sampleHash.isEmpty,
      abs(Double(stamp.seconds) + Double(stamp.nanoseconds) / 1e9 - reference.modified) < 0.001,
      access(reference.path, R_OK) == 0
    else { return nil }
    return state(.ok, "", reference, reference, reference.path)
  }

  private func look(_ reference: TomogramReference) -> State {
    if let state = asNoted(reference) { return state }
    switch finder.look(for: reference, in: folder) {
    case .present(let found), .moved(let found): return state(.ok, "", found, reference, found.path)
    case .changed(let found):
      let what =
        found.shape != reference.shape
        ? "it has \(found.shape) voxels, \(reference.shape) were noted" : "its content is not what was noted"
      return state(
        .changed, "'\(found.path)' is another file than before: \(what). Link it again to use it as it is now.", found,
        reference, nil)
    case .unreadable(let path, let error):
      return State(
        kind: .unreadable, reason: error.description, path: nil, key: "", reference: reference, stamp: Stamp(path))
    case .missing(let looked):
      return State(
        kind: .missing,
        reason:
          "'\(reference.path)' is not there, and was not found at \(looked) other places. Link it where it is now.",
        path: nil, key: "", reference: reference, stamp: nil)
    }
  }

  private func state(
    _ kind: State.Kind, _ reason: String, _ found: TomogramReference, _ noted: TomogramReference, _ path: String?
  ) -> State {
    let stamp = Stamp(found.path)
    let date = stamp.map { String($0.seconds &* 1_000_000 &+ $0.nanoseconds / 1000, radix: 36) } ?? ""
    let key = SliceFile.key(found.sampleHash) + "." + date
    return State(kind: kind, reason: reason, path: path, key: key, reference: noted, stamp: stamp)
  }
}
