import AisCore
import AisProject
import AisWorkflows
import Foundation
import Synchronization

/// Watching what trains: here, and on other machines that share the disk.
extension TrainingService {
  /// Begins to watch what other machines train, or seem to.
  func follow() {
    for training in all where training.now.host != nil {
      let task = Task { await self.follow(training) }
      state.withLock { $0.followers.append(task) }
    }
  }

  private func follow(_ training: Training) async {
    let folder = training.folder
    var sign = DistantSign(position: training.now.log.position)
    // One that seemed dead: it may be that locks do not reach from there to here.
    while training.now.state == .interrupted, training.now.host != nil {
      let position = training.change { status in
        status.log.read(folder.progressPath)
        return status.log.position
      }
      let isLocked = FileLock.isHeld(folder.progressPath)
      let isMoving = sign.isMoved(to: position)
      let wasRevived = training.change { status in
        guard isLocked || isMoving, status.state == .interrupted, status.host != nil else { return false }
        status.state = .running
        status.reason = ""
        return true
      }
      if wasRevived {
        post(training)
      } else if !sign.isAlive(isLocked: isLocked, position: position) {
        training.change { $0.host = nil }
        return
      } else {
        do { try await Task.sleep(for: Self.interval) } catch { return }
      }
    }
    guard training.now.host != nil, !training.now.state.isOver else { return }
    await run(training)
    training.change { $0.host = nil }
    // What waited for it may begin; the page hears that it is nobody else's any more.
    if !Task.isCancelled { post(training) }
  }

  /// Reads what the process tells until it is gone, and brings home what it made.
  func watch(_ training: Training) async throws(AisError) {
    let folder = training.folder
    var sign = DistantSign(position: training.now.log.position)
    var isAlive = true
    while isAlive {
      if training.now.host != nil {
        isAlive = sign.isAlive(isLocked: FileLock.isHeld(folder.progressPath), position: training.now.log.position)
      } else if let process = folder.process {
        DetachedProcess.bury(process)
        isAlive = process.runsHere
      } else {
        isAlive = false
      }
      // Read after looking: what it told last is there by then.
      let (isToldMore, isOtherNetwork) = training.change { status in
        let (position, live) = (status.log.position, status.live)
        status.log.read(folder.progressPath)
        status.live = Self.mark(folder.livePath).map { "\(status.order.id).\($0)" }
        return (status.log.position != position, status.live != live)
      }
      if isToldMore || isOtherNetwork { post(training) }
      if isOtherNetwork { postModel(training) }
      guard isAlive else { break }
      do { try await Task.sleep(for: Self.interval) } catch { throw AisError(.cancelled, "the program is stopping") }
    }
    let now = training.now
    guard let ending = now.log.ending else {
      let said = (try? String(contentsOfFile: folder.messagesPath, encoding: .utf8)) ?? ""
      if let line = said.split(separator: "\n").last(where: { $0.hasPrefix("ais: ") && !$0.contains("warning") }) {
        throw AisError(.engineLost, String(line.dropFirst("ais: ".count)))
      }
      if !now.keeps {
        try giveUp(training)
        return
      }
      if now.state == .stopping {
        endBeforeWork(training)
        return
      }
      let hadNetwork = training.change { status in
        status.state = .interrupted
        let place = status.host.map { " on '\($0)'" } ?? ""
        status.reason = "its process\(place) was ended from outside. It goes on from its last epoch."
        defer { status.live = nil }
        return status.live != nil
      }
      post(training)
      if hadNetwork { postModel(training) }
      return
    }
    if !now.keeps {
      try giveUp(training)
      return
    }
    try bringHome(training)
    switch ending {
    case "stopped": finish(training, .stopped, "stopped; the best network so far was kept")
    case "diverged":
      finish(
        training, .done,
        "the loss rose far above its best, or was no number any more: the best network was kept. A lower learning rate may go further"
      )
    case "settled": finish(training, .done, "nothing better came of the last epochs")
    default: finish(training, .done, "")
    }
  }

  /// What tells a file's content from what was there before.
  private static func mark(_ path: String) -> String? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return "\(status.st_ino)-\(status.st_mtim.tv_sec)-\(status.st_mtim.tv_nsec)"
  }
}
