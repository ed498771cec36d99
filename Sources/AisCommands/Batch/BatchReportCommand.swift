import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais batch report`: everything about a batch.
package struct BatchReportCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a page, and a table, of everything a batch has done.",
    discussion: """
        ais batch report seg                       the table here, and the page in seg/ais-batch/report.html
        ais batch report seg -o night.html -o night.csv

      The page needs nothing besides itself: pictures are part of it, and it can be sent by mail.
      """)

  @Argument(help: ArgumentHelp("The output folder of the batch.", valueName: "folder"))
  package var folder: String

  @Option(
    name: [.short, .long], parsing: .singleValue,
    help: ArgumentHelp(
      "A file to write; its ending says what: .html (a page), .csv (a table), .json (all of it), .txt. May be given several times.",
      valueName: "file"))
  package var output: [String] = []

  @Option(
    help: ArgumentHelp("At most so many pictures on the page; 0 for none.", valueName: "count"))
  package var pictures = 60

  @Flag(help: "Print one JSON object instead of text, for programs.")
  package var json = false

  package init() {}

  package func validate() throws {
    if let wrong = output.first(where: { !Self.endings.contains(($0 as NSString).pathExtension.lowercased()) }) {
      throw ValidationError(
        "'\(wrong)' does not say what to write: expected a name that ends in .html, .csv, .json or .txt")
    }
    if !(0...2000).contains(pictures) { throw ValidationError("--pictures \(pictures): expected 0 to 2000") }
  }

  private static let endings = ["html", "csv", "json", "txt"]

  package func run() throws {
    let batch = try BatchFolder(opening: folder)
    var observer = BatchObserver(batch)
    try observer.refresh(now: .zero, isThorough: true)
    let report = BatchReport(observer)
    if json {
      Terminal.standardOutput.print(text: String(decoding: try report.json(), as: UTF8.self))
    } else {
      Terminal.standardOutput.print(lines: report.lines)
    }
    let files = output.isEmpty && !json ? [batch.path + "/report.html"] : output
    for path in files {
      try AtomicFile.write(bytes(of: report, observer, for: path), to: path)
      if !json { Terminal.standardOutput.print(path) }
    }
  }

  private func bytes(of report: BatchReport, _ observer: BatchObserver, for path: String) throws -> [UInt8] {
    switch (path as NSString).pathExtension.lowercased() {
    case "csv": return report.table.bytes
    case "json": return try report.json()
    case "txt": return Array((report.lines.joined(separator: "\n") + "\n").utf8)
    default:
      let drawn = try BatchPictures.draw(
        observer.tasks, schedule: observer.schedule, limit: pictures, reading: Self.reading,
        cancellation: Cancellation())
      return BatchReportPage(report, pictures: drawn).bytes
    }
  }

  /// How a task's command looks at its tomogram.
  private static func reading(_ entry: BatchTasks.Entry) -> TomogramOptions {
    let command = try? BatchLine.command(entry.stage.words, inputs: entry.task.inputs)
    return (command as? SegmentCommand)?.tomogram.options ?? TomogramOptions()
  }
}
