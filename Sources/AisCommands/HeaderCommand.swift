import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais header`: mends the header of MRC files in place.
package struct HeaderCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "header",
    abstract: "Set voxel size, origin or labels in the header of MRC files, in place.",
    discussion: """
      Only the 1024 bytes of the header are written, in one piece and in the file's own byte order; voxels, statistics and \
      extended header stay as they are. What was there before is printed, and with it the command that brings it back. \
      The file's date of change becomes the present. Compressed files and TIFF files are refused.

        ais header TS_03.mrc --voxel-size 10A
        ais header TS_*.mrc --voxel-size 13.48A --dry-run
      """)

  @Argument(help: "MRC files.")
  package var files: [String]

  @Option(
    help: ArgumentHelp("The voxel size: 10A, 1.35nm, or 10A,10A,12A for x, y, z.", valueName: "length"),
    transform: Quantity.voxelSize)
  package var voxelSize: VoxelSize?

  @Option(
    help: ArgumentHelp("The position of the first voxel along x, y, z, in ångström: 0,0,0.", valueName: "x,y,z"),
    transform: HeaderCommand.origin)
  package var origin: TomogramInfo.Origin?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Add a line of text to the labels; may be given several times.", valueName: "text"))
  package var label: [String] = []

  @Flag(help: "Remove the labels that are there, before adding new ones.")
  package var removeLabels = false

  @Flag(help: "Say what would change, and change nothing.")
  package var dryRun = false

  @Flag(help: "Print JSON, schema ais.header/1.")
  package var json = false

  package init() {}

  package func validate() throws {
    if files.isEmpty { throw ValidationError("name at least one MRC file") }
    if voxelSize == nil, origin == nil, label.isEmpty, !removeLabels {
      throw ValidationError(
        "say what to change: --voxel-size, --origin, --label or --remove-labels ('ais info' shows what is there)")
    }
    if label.contains(where: { $0.allSatisfy(\.isWhitespace) }) { throw ValidationError("--label: a label needs text") }
  }

  package func run() throws {
    let edit = MRCHeaderEdit(
      voxelSize: voxelSize, origin: origin,
      labels: removeLabels ? .replace(label) : label.isEmpty ? .keep : .append(label))
    var results: [Result] = []
    for path in files {
      do {
        let before = try Self.state(path)
        let changes = try edit.apply(to: path, isDryRun: dryRun)
        let result = Result(
          path: path, isDone: !dryRun && !changes.isEmpty, changes: changes.map(Result.Change.init),
          undo: changes.isEmpty ? nil : undo(path, before))
        results.append(result)
        if !json { Terminal.standardOutput.print(lines: result.lines(isDryRun: dryRun)) }
      } catch {
        results.append(Result(path: path, isDone: false, changes: [], error: "\(error)"))
        Terminal.standardError.print("ais: \(error)")
      }
    }
    if json { Terminal.standardOutput.print(text: try Output(isDryRun: dryRun, files: results).text()) }
    if results.contains(where: { $0.error != nil }) { throw ExitCode(1) }
  }

  /// The header as it is before the change.
  private static func state(_ path: String) throws -> TomogramInfo {
    var options = TomogramOptions()
    options.byteSign = .signed  // spares reading voxels to find the sign
    return try Tomogram.open(path, options: options).info
  }

  /// The command that brings the old values back, as far as this command can write them.
  private func undo(_ path: String, _ before: TomogramInfo) -> String? {
    var words = ["ais header \(shellWord(path))"]
    if voxelSize != nil {
      // An unknown voxel size cannot be written back; there is nothing to miss in it.
      if let x = before.voxelSize.x, let y = before.voxelSize.y, let z = before.voxelSize.z {
        let edges = [x, y, z].map { "\($0.angstrom)A" }
        words.append("--voxel-size " + (Set(edges).count == 1 ? edges[0] : edges.joined(separator: ",")))
      }
    }
    if origin != nil { words.append("--origin \(before.origin.x),\(before.origin.y),\(before.origin.z)") }
    if removeLabels || !label.isEmpty {
      words.append("--remove-labels")
      words += before.labels.filter { !$0.isEmpty }.map { "--label \(shellWord($0))" }
    }
    return words.count > 1 ? words.joined(separator: " ") : nil
  }

  private static func origin(_ text: String) throws -> TomogramInfo.Origin {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      .map { Double($0.trimmingCharacters(in: .whitespaces)) }
    guard parts.count == 3, let x = parts[0], let y = parts[1], let z = parts[2],
      x.isFinite, y.isFinite, z.isFinite
    else {
      throw ValidationError("'\(text)' is not a position; expected three numbers in ångström, x,y,z, such as 0,0,0")
    }
    return .init(z: z, y: y, x: x)
  }

  private struct Result: Encodable {
    struct Change: Encodable {
      var field: String
      var before: String
      var after: String

      init(_ change: MRCHeaderEdit.Change) {
        field = change.field
        before = change.before
        after = change.after
      }
    }

    var path: String
    var isDone: Bool
    var changes: [Change]
    /// The command that brings the old values back.
    var undo: String?
    var error: String?

    func lines(isDryRun: Bool) -> [String] {
      if changes.isEmpty { return ["\(path): nothing to change"] }
      var lines = ["\(path): \(isDryRun ? "would change" : "changed")"]
      for change in changes {
        lines.append("  \(change.field)")
        lines.append("    before  \(change.before.isEmpty ? "(none)" : change.before)")
        lines.append("    after   \(change.after.isEmpty ? "(none)" : change.after)")
      }
      if let undo, !isDryRun { lines.append("  to undo: \(undo)") }
      return lines
    }
  }

  private struct Output: Encodable {
    var schema = "ais.header/1"
    var isDryRun: Bool
    var files: [Result]

    init(isDryRun: Bool, files: [Result]) {
      self.isDryRun = isDryRun
      self.files = files
    }

    func text() throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}
