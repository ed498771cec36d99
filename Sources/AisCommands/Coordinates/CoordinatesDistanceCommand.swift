import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais coordinates distance`: how far particles lie from each other or from those of another list.
package struct CoordinatesDistanceCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "distance",
    abstract: "Measure the distance of each particle from its nearest neighbour.",
    discussion: """
      With two lists, the neighbours are those of the second. Distances are in ångström where voxel sizes are known, else \
      in voxels.

        ais coordinates distance picks.star -t TS_01.mrc
        ais coordinates distance ribosomes.star membrane.star -t TS_01.mrc -o distances.csv
      """)

  @Argument(help: ArgumentHelp("The list whose particles are measured.", valueName: "list"))
  package var list: String

  @Argument(
    help: ArgumentHelp("Another list; without it, neighbours are those of the list itself.", valueName: "other"))
  package var other: String?

  @Option(name: [.short, .long], help: ArgumentHelp("A table of all distances to write, .csv.", valueName: "file"))
  package var output: String?

  @OptionGroup(title: "Where the particles lie")
  package var source: CoordinateArguments

  @Flag(help: "Print JSON, schema ais.coordinates.distance/1.")
  package var json = false

  package init() {}

  package func run() throws {
    let context = try source.context()
    let reading = try context.read(list, format: source.from)
    if !json { CoordinateReport.show(list, reading, quiet: false) }
    var others: ParticleList?
    if let other {
      let second = try context.read(other)
      if !json { CoordinateReport.show(other, second, quiet: false) }
      others = second.list
    }
    let distances = NeighbourDistances(reading.list, others: others)
    let report = DistanceReport(distances, list: list, other: other)
    if let output { try AtomicFile.write(Array(distances.csv.utf8), to: output) }
    if json {
      Terminal.standardOutput.print(text: try CoordinateReport.json(report))
    } else {
      Terminal.standardOutput.print(lines: report.lines + (output.map { ["  \($0)"] } ?? []))
    }
  }
}

/// Distances in few numbers.
struct DistanceReport: Encodable {
  var schema = "ais.coordinates.distance/1"
  var list: String
  var other: String?
  var unit: String
  var particles: Int
  var withoutNeighbour: Int
  var smallest: Double?
  var tenth: Double?
  var median: Double?
  var ninetieth: Double?
  var largest: Double?
  var mean: Double?

  init(_ distances: NeighbourDistances, list: String, other: String?) {
    let sorted = distances.sorted
    self.list = list
    self.other = other
    unit = distances.unit == "Å" ? "angstrom" : "voxels"
    particles = distances.rows.count
    withoutNeighbour = distances.rows.count - sorted.count
    smallest = sorted.first
    tenth = distances.quantile(0.1)
    median = distances.quantile(0.5)
    ninetieth = distances.quantile(0.9)
    largest = sorted.last
    mean = sorted.isEmpty ? nil : sorted.reduce(0, +) / Double(sorted.count)
  }

  var lines: [String] {
    guard let smallest, let tenth, let median, let ninetieth, let largest, let mean else {
      return ["\(counted(particles, "particle")), none with a neighbour in the same tomogram"]
    }
    let name = unit == "angstrom" ? "Å" : unit
    func text(_ value: Double) -> String { String(format: "%.1f", value) }
    var lines = [
      "distance of \(counted(particles - withoutNeighbour, "particle")) from the nearest, in \(name)",
      "  smallest \(text(smallest)) · 10 % \(text(tenth)) · median \(text(median)) · mean \(text(mean)) · 90 % \(text(ninetieth)) · largest \(text(largest))",
    ]
    if withoutNeighbour > 0 {
      lines.append("  \(counted(withoutNeighbour, "particle")) without any neighbour in the same tomogram")
    }
    return lines
  }
}
