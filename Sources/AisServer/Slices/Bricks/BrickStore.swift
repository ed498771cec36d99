import AisCore
import AisFormats
import AisWorkflows
import Foundation
import Synchronization

/// What becomes of the bricks of a tomogram, by which views along x are quick.
package enum BrickState: Sendable, Hashable {
  /// Nobody has asked for them, or the tomogram is so small that it is quick without.
  case none
  case waiting
  /// The share that is there, 0 to 1.
  case building(Double)
  case ready
  /// Views along x are read from the tomogram itself; the sentence says why.
  case failed(String)
}

/// Keeps the bricks of tomograms in a folder: builds them one after the other in the background, opens those that are ready, and
/// deletes the ones longest unused when they take too much of the disk.
final class BrickStore: Sendable {
  private struct Entry: Sendable {
    var state: BrickState
    var cancellation: Cancellation?
    var bricks: BrickFile?
  }

  /// Tomograms with fewer bytes of voxels are read through as they are.
  let leastBytes: Int
  private let folder: String?
  private let diskBytes: Int
  private let threads: Int
  private let lane: WorkLane
  private let isBusy: @Sendable () -> Bool
  private let entries = Mutex<[SliceFile: Entry]>([:])

  init(
    folder: String?, diskBytes: Int, leastBytes: Int, threads: Int, isBusy: @escaping @Sendable () -> Bool
  ) {
    self.folder = folder
    self.diskBytes = diskBytes
    self.leastBytes = leastBytes
    self.threads = threads
    self.isBusy = isBusy
    lane = WorkLane("bricks", width: 1, quality: .background)
  }

  func state(of file: SliceFile) -> BrickState { entries.withLock { $0[file]?.state ?? .none } }

  /// Whether a view along x of a tomogram is slow without bricks.
  func isLarge(_ source: OpenTomogram) -> Bool {
    source.tomogram.shape.count * source.tomogram.info.elementType.byteCount >= leastBytes
  }

  /// The bricks that are ready. Where there are none they are begun to be built.
  func bricks(of source: OpenTomogram) -> BrickFile? {
    let shape = source.tomogram.shape
    guard let folder, source.file.isWellFormed, isLarge(source) else { return nil }
    let layout = BrickLayout(
      source.file, state: source.state, shape: shape, type: source.tomogram.info.elementType)
    let isNew: Bool
    let known: BrickFile?
    (isNew, known) = entries.withLock { entries -> (Bool, BrickFile?) in
      if let entry = entries[source.file] {
        if let bricks = entry.bricks, bricks.layout == layout { return (false, bricks) }
        switch entry.state {
        case .waiting, .building, .failed: return (false, nil)
        case .none, .ready: break
        }
      }
      entries[source.file] = Entry(state: .waiting)
      return (true, nil)
    }
    guard isNew else { return known }
    let path = "\(folder)/\(source.file.key).bricks"
    if let bricks = open(path, layout) { return bricks }
    build(source, layout, path)
    return nil
  }

  /// Bricks that turned out to be damaged are deleted, and built again when they are next asked for.
  func discard(_ bricks: BrickFile) {
    unlink(bricks.path)
    entries.withLock { entries in
      if entries[bricks.layout.file]?.bricks === bricks { entries.removeValue(forKey: bricks.layout.file) }
    }
  }

  /// Stops to build; what is there is gone on with when the bricks are next asked for.
  func cancel(_ file: SliceFile) {
    entries.withLock { entries in
      guard let cancellation = entries[file]?.cancellation else { return }
      cancellation.cancel()
      entries.removeValue(forKey: file)
    }
  }

  func cancelAll() { for file in entries.withLock({ Array($0.keys) }) { cancel(file) } }

  private func open(_ path: String, _ layout: BrickLayout) -> BrickFile? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    guard let bricks = try? BrickFile(path, layout) else {
      unlink(path)
      return nil
    }
    // The date says when they were last used.
    utimensat(AT_FDCWD, path, nil, 0)
    entries.withLock { $0[layout.file] = Entry(state: .ready, bricks: bricks) }
    return bricks
  }

  private func build(_ source: OpenTomogram, _ layout: BrickLayout, _ path: String) {
    let cancellation = Cancellation()
    entries.withLock { $0[layout.file]?.cancellation = cancellation }
    lane.submit(.ahead) {
      do throws(AisError) {
        try cancellation.check()
        try self.makeRoom(for: layout, path)
        try BrickWriter(layout, path: path).write(
          from: source.tomogram, threads: self.threads, cancellation: cancellation, pause: self.pause
        ) { self.note(.building($0), layout.file, cancellation) }
        // What was built while somebody wrote to the tomogram is worth nothing.
        do throws(AisError) { try source.check() } catch {
          unlink(path)
          throw error
        }
        guard self.open(path, layout) != nil else {
          throw AisError(.malformed, "'\(path)' cannot be opened after it was written")
        }
      } catch {
        if error.code != .cancelled { self.note(.failed("\(error)"), layout.file, cancellation) }
      }
    }
  }

  private func note(_ state: BrickState, _ file: SliceFile, _ cancellation: Cancellation) {
    entries.withLock { entries in
      if entries[file]?.cancellation === cancellation { entries[file]?.state = state }
    }
  }

  /// Waits while somebody waits for slices, a tenth of a second at most: the building must go on.
  private func pause() {
    var rest = 20
    while rest > 0, isBusy() {
      Thread.sleep(forTimeInterval: 0.005)
      rest -= 1
    }
  }

  /// Deletes the bricks longest unused. Throws `disk-full` when these would take more than is allowed, or than half of what is free.
  private func makeRoom(for layout: BrickLayout, _ path: String) throws(AisError) {
    guard let folder else { return }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw AisError(.fileSystem, "the folder '\(folder)' cannot be made: \(error.localizedDescription)")
    }
    var files: [(path: String, byteCount: Int, used: Int)] = []
    for name in try FolderListing.names(in: folder) where !(folder + "/" + name).hasPrefix(path) {
      let other = folder + "/" + name
      if let state = try? FileState(other) { files.append((other, state.byteCount, state.modified)) }
    }
    files.sort { $0.used < $1.used }
    var taken = files.reduce(0) { $0 + $1.byteCount }
    for file in files where taken + layout.byteCount > diskBytes {
      if unlink(file.path) == 0 { taken -= file.byteCount }
    }
    let free = DiskSpace.free(at: folder) ?? .max
    guard layout.byteCount <= diskBytes, layout.byteCount <= free / 2 else {
      throw AisError(
        .diskFull,
        "views along x of '\(layout.file.path)' stay slow: their bricks would take \(ByteCount(layout.byteCount)) of '\(folder)'; "
          + "allowed are \(ByteCount(min(diskBytes, free / 2))).")
    }
  }
}
