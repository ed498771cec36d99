import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// `ais coordinates check`: the doctor of lists.
package struct CoordinatesCheckCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Find out whether the points of a list lie where they should, and what moved them if not.",
    discussion: """
      Exchanged or mirrored axes, another binning, ångström taken for voxels, counting from 1 or from the middle, corners taken \
      for centres, half a voxel, the list of another tomogram: the points are tried against what they are compared with under \
      every such change, and what makes them agree is named, with the options that mend it.

        ais coordinates check list.star -t TS_01.mrc
        ais coordinates check list.tbl -s TS_01__Ribosome.mrc
        ais coordinates check list.mod -t TS_01.mrc --against picks.star

      The tomogram itself serves when the particles are visible in it. Nothing is changed. The exit code is 1 when something \
      is wrong.
      """)

  @Argument(help: ArgumentHelp("Lists of coordinates.", valueName: "list"))
  package var lists: [String]

  @Option(
    name: [.short, .customLong("segmentation")], parsing: .singleValue,
    help: ArgumentHelp(
      "A segmentation of the particles or of what they lie on; may be given several times.", valueName: "path"))
  package var segmentations: [String] = []

  @Option(help: "What of a segmentation counts as found; half of its scale without it.")
  package var threshold: Float?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Another list of the same particles; may be given several times.", valueName: "list"))
  package var against: [String] = []

  @Flag(help: "Take only size and voxel size from the tomogram, and do not look at its densities.")
  package var headerOnly = false

  @OptionGroup(title: "Where the particles lie")
  package var source: CoordinateArguments

  @Flag(help: "Print JSON, schema ais.coordinates.check/1.")
  package var json = false

  package init() {}

  package func run() throws {
    var context = try source.context()
    if context.hints.shape == nil, segmentations.count == 1, let size = try? Tomogram.open(segmentations[0]) {
      context.hints.shape = size.shape
      context.hints.voxelSize = context.hints.voxelSize ?? size.voxelSize
    }
    var checkup = CoordinateCheckup()
    checkup.segmentations = segmentations
    checkup.threshold = threshold
    checkup.looksAtTomograms = !headerOnly
    checkup.threads = MachineResources.current().threads
    for path in against { checkup.others.append((path, try context.read(path).list)) }
    var report = CoordinateCheckReport()
    for path in lists {
      let reading = try context.read(path, format: source.from)
      if !json { CoordinateReport.show(path, reading, quiet: false) }
      let diagnoses = try checkup.check(reading.list, context: context, reading: source.options(TomogramOptions()))
      report.lists.append(.init(path: path, format: reading.format.rawValue, tomograms: diagnoses))
      if !json { Terminal.standardOutput.print(lines: diagnoses.flatMap { Self.lines($0, list: path) }) }
    }
    if json { Terminal.standardOutput.print(text: try CoordinateReport.json(report)) }
    if report.hasFaults { throw ExitCode.failure }
  }

  private static func lines(_ diagnosis: CoordinateDiagnosis, list: String) -> [String] {
    var lines = ["  \(diagnosis.tomogram), \(counted(diagnosis.points, "point"))"]
    for finding in diagnosis.findings {
      let sign =
        switch finding.severity {
        case .error: "✗"
        case .warning: "!"
        case .note: "–"
        case nil: finding.code == .fine ? "✓" : "·"
        }
      lines.append("    \(sign) \(finding.evidence)")
      if let advice = finding.remedy?.advice { lines.append("      → \(advice)") }
    }
    if let options = diagnosis.repairOptions, !options.isEmpty {
      lines.append(
        "      → mend it with  ais coordinates convert \(shellWord(list)) \(options.joined(separator: " ")) -o OUT")
    }
    return lines
  }
}

/// What `ais coordinates check` prints for programs.
struct CoordinateCheckReport: Encodable {
  struct List: Encodable {
    var path: String
    var format: String
    var tomograms: [CoordinateDiagnosis]
  }
  var schema = "ais.coordinates.check/1"
  var lists: [List] = []
  var hasFaults: Bool { lists.contains { $0.tomograms.contains { !$0.faults.isEmpty } } }
}
