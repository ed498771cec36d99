/// Whether a training on another machine is alive, as far as the folder that both see tells.
///
/// The process that trains keeps what it tells locked as long as it lives. On file systems whose locks do not reach other machines,
/// it is alive as long as it tells more, by the clock of the one who looks.
struct DistantSign {
  /// An epoch's end and a checkpoint may take a while, in which nothing is told.
  static let patience = Duration.seconds(90)

  private var hasLock = false
  private var position: Int
  private var moved: ContinuousClock.Instant

  /// - Parameter position: how much it had told.
  init(position: Int, now: ContinuousClock.Instant = .now) {
    self.position = position
    moved = now
  }

  /// Whether it told more since it was looked at first.
  func isMoved(to position: Int) -> Bool { position != self.position }

  /// Takes the latest look.
  ///
  /// - Parameter isLocked: whether somebody keeps what it tells locked.
  mutating func isAlive(isLocked: Bool, position: Int, now: ContinuousClock.Instant = .now) -> Bool {
    if position != self.position {
      self.position = position
      moved = now
    }
    if isLocked { hasLock = true }
    // Where locks are seen from here, they alone say it.
    return hasLock ? isLocked : now - moved < Self.patience
  }
}
