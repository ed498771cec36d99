import Foundation
import Synchronization

/// Standard output or error: whole lines, and on a terminal one line at the bottom that is drawn again and again.
final class Terminal: Sendable {
  static let standardOutput = Terminal(FileHandle.standardOutput)
  static let standardError = Terminal(FileHandle.standardError)

  /// Whether people are watching.
  let isInteractive: Bool
  private let handle: FileHandle
  /// The bottom line, if one is drawn. Both streams may end on the same screen, so it is kept once for both.
  private static let bottom = Mutex<String?>(nil)

  private init(_ handle: FileHandle) {
    self.handle = handle
    isInteractive = isatty(handle.fileDescriptor) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  /// Prints a line, above the bottom line if there is one.
  func print(_ line: String) {
    Self.bottom.withLock { bottom in
      if bottom != nil { Self.standardError.write("\r\u{1B}[K") }
      write(line + "\n")
      if let bottom { Self.standardError.write(bottom) }
    }
  }

  /// Draws the bottom line, or takes it away. Only on a terminal.
  func draw(_ line: String?) {
    guard isInteractive else { return }
    Self.bottom.withLock { bottom in
      bottom = line
      write("\r\u{1B}[K" + (line ?? ""))
    }
  }

  /// Columns of the terminal, 80 when it does not say.
  var width: Int {
    var size = winsize()
    return ioctl(handle.fileDescriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  private func write(_ text: String) {
    // A reader that went away (`ais … | head`) is no reason to stop the work.
    try? handle.write(contentsOf: Data(text.utf8))
  }
}
