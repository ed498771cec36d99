import Foundation
import Synchronization

/// Standard output or error: whole lines, and on a terminal one line at the bottom that is drawn again and again.
///
/// Everything that the program says goes through here, and here alone becomes harmless to terminals (`PrintableText`).
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

  /// Prints a line, above the bottom line if there is one. A line break in it is shown, not made.
  func print(_ line: String) { print(lines: [line]) }

  /// Prints lines, in one piece.
  func print(lines: [String]) {
    Self.bottom.withLock { bottom in
      if bottom != nil { Self.standardError.write("\r\u{1B}[K") }
      write(lines.map { PrintableText.line($0) + "\n" }.joined())
      if let bottom { Self.standardError.write(bottom) }
    }
  }

  /// Prints text whose line breaks are meant: JSON, and what the parser of the command line says.
  func print(text: String) {
    print(lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
  }

  /// Draws the bottom line, as much of it as fits, or takes it away. Only on a terminal.
  func draw(_ line: String?) {
    guard isInteractive else { return }
    let shown = line.map { String(PrintableText.line($0).prefix(max(0, width - 1))) }
    Self.bottom.withLock { bottom in
      bottom = shown
      write("\r\u{1B}[K" + (shown ?? ""))
    }
  }

  /// Columns of the terminal, 80 when it does not say.
  private var width: Int {
    var size = winsize()
    return ioctl(handle.fileDescriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  private func write(_ text: String) {
    // A reader that went away (`ais … | head`) is no reason to stop the work.
    try? handle.write(contentsOf: Data(text.utf8))
  }
}
