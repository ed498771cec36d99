import Foundation

/// One line on a terminal's standard error that says how far work has come; nothing when nobody watches.
struct ProgressLine {
  private let title: String
  private let isWatched: Bool

  init(_ title: String) {
    self.title = title
    isWatched = isatty(STDERR_FILENO) == 1
  }

  /// - Parameter part: 0 to 1.
  func show(_ part: Double) {
    guard isWatched else { return }
    FileHandle.standardError.write(Data("\r\(title) … \(Int(part * 100)) %\u{1B}[K".utf8))
  }

  func clear() {
    guard isWatched else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
  }
}
