import AisCore
import AisJobs
import Foundation

/// A batch as one page of HTML that needs nothing else: pictures and style are part of it, and nothing in it runs.
package struct BatchReportPage {
  private let report: BatchReport
  /// PNG files of tasks.
  private let pictures: [String: [UInt8]]

  package init(_ report: BatchReport, pictures: [String: [UInt8]]) {
    self.report = report
    self.pictures = pictures
  }

  package var bytes: [UInt8] { Array(text.utf8) }

  private var text: String {
    let name = Self.escaped((report.folder as NSString).lastPathComponent)
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
      <title>\(name): \(Self.escaped(report.headline))</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <h1>\(name)</h1>
      <p class="facts">\(Self.escaped(report.folder)) · \(Self.escaped(report.program)) · \(Self.escaped(report.date)) · \
      \(DurationText.text(report.seconds)) of work</p>
      <div class="tiles">\(tiles)</div>
      \(failures)
      <h2>Tasks</h2>
      <table>
      <thead><tr><th></th><th>command</th><th>input</th><th>time</th><th>result</th><th>worker</th></tr></thead>
      <tbody>
      \(report.rows.map(line).joined(separator: "\n"))
      </tbody>
      </table>
      <h2>What was asked</h2>
      \(report.stages.map(stage).joined(separator: "\n"))
      </body>
      </html>

      """
  }

  private var tiles: String {
    BatchReport.Row.State.allCases.map { state in
      let count = report.count(state)
      return "<div class=\"tile \(state.rawValue)\(count == 0 ? " none" : "")\"><b>\(count)</b> \(state.rawValue)</div>"
    }.joined()
  }

  /// What somebody has to look at comes first.
  private var failures: String {
    let failed = report.rows.filter { $0.state == .failed }
    if failed.isEmpty { return "" }
    let items = failed.map { row in
      "<li><b>\(Self.escaped(row.command)) \(Self.escaped(row.input))</b><br>\(Self.escaped(row.reason ?? ""))</li>"
    }
    return "<h2>Failed</h2>\n<ul class=\"failures\">\(items.joined(separator: "\n"))</ul>"
  }

  private func line(_ row: BatchReport.Row) -> String {
    var result = ""
    if let picture = pictures[row.task] {
      let data = Data(picture).base64EncodedString()
      result += "<img alt=\"a slice of \(Self.escaped(row.input))\" src=\"data:image/png;base64,\(data)\">"
    }
    for output in row.outputs {
      result += "<div>\(Self.escaped(output.path)) <span class=\"faint\">\(ByteCount(output.bytes))</span></div>"
    }
    for line in row.lines { result += "<div class=\"found\">\(Self.escaped(line))</div>" }
    if let reason = row.reason { result += "<div class=\"reason\">\(Self.escaped(reason))</div>" }
    for warning in row.warnings { result += "<div class=\"warning\">\(Self.escaped(warning))</div>" }
    for words in row.interruptions { result += "<div class=\"faint\">\(Self.escaped(words))</div>" }
    let time = row.wasThere ? "was there" : row.seconds.map(DurationText.text) ?? ""
    let attempts = row.attempts > 1 ? "<div class=\"faint\">\(row.attempts) attempts</div>" : ""
    return """
      <tr><td><span class="state \(row.state.rawValue)">\(row.state.rawValue)</span></td><td>\(Self.escaped(row.command))</td>\
      <td>\(Self.escaped(row.input))</td><td class="time">\(Self.escaped(time))\(attempts)</td><td class="wide">\(result)</td>\
      <td class="faint">\(Self.escaped(row.host ?? ""))</td></tr>
      """
  }

  private func stage(_ stage: BatchReport.Stage) -> String {
    """
    <pre>\(Self.escaped(stage.commandLine))</pre>
    <p class="facts">planned \(Self.escaped(stage.date)) by ais \(Self.escaped(stage.version))</p>
    <details><summary>settings</summary><pre>\(Self.escaped(Self.pretty(stage.settings)))</pre></details>
    """
  }

  /// JSON on several lines; text that is none stays as it is.
  private static func pretty(_ text: String) -> String {
    guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8)),
      let data = try? JSONSerialization.data(
        withJSONObject: value, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    else { return text }
    return String(decoding: data, as: UTF8.self)
  }

  /// Text that a browser shows and does not obey: names of files and words from them may hold anything.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default:
        let isHidden = scalar.properties.generalCategory == .control || scalar.properties.isBidiControl
        if isHidden, scalar != "\n" {
          result += "\u{FFFD}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }

  private static let style = """

    :root { color-scheme: light dark; --line: #8884; --faint: #777; --good: #1a7f4b; --bad: #c0392b; --busy: #2471a3; --idle: #888; --held: #b9770e }
    body { font: 15px/1.45 system-ui, sans-serif; max-width: 78rem; margin: 2rem auto; padding: 0 1rem }
    h1 { margin: 0 } h2 { margin: 2rem 0 .5rem; font-size: 1.1rem }
    .facts, .faint { color: var(--faint); font-size: .87em } .facts { margin: .2rem 0 }
    .tiles { display: flex; gap: .6rem; flex-wrap: wrap; margin: 1rem 0 }
    .tile { border: 1px solid var(--line); border-top: 4px solid var(--idle); border-radius: 6px; padding: .5rem 1rem; min-width: 6rem }
    .tile b { display: block; font-size: 1.7rem; line-height: 1.1 } .tile.none { opacity: .45 }
    .tile.done { border-top-color: var(--good) } .tile.failed { border-top-color: var(--bad) }
    .tile.running { border-top-color: var(--busy) } .tile.blocked { border-top-color: var(--held) }
    table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 600 }
    th, td { padding: .45rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap }
    td.wide { white-space: normal; overflow-wrap: anywhere; width: 60% }
    td img { float: right; margin-left: 1rem; max-width: 13rem; border-radius: 4px }
    .state { border-radius: 999px; padding: .05rem .6rem; color: #fff; background: var(--idle); font-size: .85em }
    .state.done { background: var(--good) } .state.failed { background: var(--bad) } .state.running { background: var(--busy) }
    .state.blocked { background: var(--held) }
    .reason, .failures { color: var(--bad) } .failures b { color: CanvasText } .warning { color: var(--held) } .found { font-size: .92em }
    pre { background: #8881; border-radius: 6px; padding: .7rem; overflow-x: auto; font-size: .87em }

    """
}
