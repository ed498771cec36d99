/// One line on a terminal's standard error that says how far work has come; nothing when nobody watches.
struct ProgressLine {
  private let title: String

  init(_ title: String) { self.title = title }

  /// - Parameter part: 0 to 1.
  func show(_ part: Double) { Terminal.standardError.draw("\(title) … \(Int(part * 100)) %") }

  func clear() { Terminal.standardError.draw(nil) }
}
