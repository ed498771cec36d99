import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// `ais coordinates info`: what is in a list.
package struct CoordinatesInfoCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show what is in lists of coordinates, and the frame they count in.",
    discussion: """
        ais coordinates info picks.star TS_01.mod
        ais coordinates info run_data.star --tomograms tomograms.star
      """)

  @Argument(help: ArgumentHelp("Lists of coordinates.", valueName: "list"))
  package var lists: [String]

  @OptionGroup(title: "Where the particles lie")
  package var source: CoordinateArguments

  @Flag(help: "Print JSON, schema ais.coordinates.info/1.")
  package var json = false

  package init() {}

  package func run() throws {
    var context = try source.context()
    // What a file needs is part of the answer here, and no reason to refuse it.
    context.hints.allowsIncomplete = true
    var reports: [CoordinateListReport] = []
    var failed = false
    for path in lists {
      do throws(AisError) {
        let report = CoordinateListReport(path: path, reading: try context.read(path, format: source.from))
        if !json { Terminal.standardOutput.print(lines: report.lines + (lists.count > 1 ? [""] : [])) }
        reports.append(report)
      } catch {
        failed = true
        Terminal.standardError.print("ais: \(error)")
      }
    }
    if json { Terminal.standardOutput.print(text: try CoordinateReport.json(CoordinateListReports(lists: reports))) }
    if failed { throw ExitCode.failure }
  }
}

struct CoordinateListReports: Encodable {
  var schema = "ais.coordinates.info/1"
  var lists: [CoordinateListReport]
}

/// What `ais coordinates info` says of a list.
struct CoordinateListReport: Encodable {
  struct Tomogram: Encodable {
    var name: String
    var particles: Int
    var sizeXYZ: [Int]?
    var voxelSizeAngstromXYZ: [Double]?
    /// Least and greatest coordinates in voxels.
    var lowestXYZ: [Double]?
    var highestXYZ: [Double]?
  }

  var path: String
  var format: String
  var frame: String
  var particles: Int
  var withAngles: Int
  var withScores: Int
  var groups: Int
  var columns: [String]
  var tomograms: [Tomogram]
  var missing: [String]
  var warnings: [String]

  init(path: String, reading: CoordinateReading) {
    let list = reading.list
    self.path = path
    format = reading.format.rawValue
    frame = reading.frame
    particles = list.particles.count
    withAngles = list.particles.count { $0.angles != nil }
    withScores = list.particles.count { $0.score != nil }
    groups = Set(list.particles.compactMap(\.group)).count
    columns = list.extraColumns
    missing = reading.missing.map(\.rawValue)
    warnings = reading.warnings
    tomograms = list.byTomogram.map { part in
      let frame = part.tomograms[0]
      let points = part.particles.map(\.point)
      func ends(_ choose: ([Double]) -> Double?) -> [Double]? {
        guard let x = choose(points.map(\.x)), let y = choose(points.map(\.y)), let z = choose(points.map(\.z)) else {
          return nil
        }
        return [x, y, z].map { ($0 * 1000).rounded() / 1000 }
      }
      return Tomogram(
        name: frame.name, particles: points.count, sizeXYZ: frame.shape.map { [$0.x, $0.y, $0.z] },
        voxelSizeAngstromXYZ: frame.voxelSize.map { [$0.x.angstrom, $0.y.angstrom, $0.z.angstrom] },
        lowestXYZ: ends { $0.min() }, highestXYZ: ends { $0.max() })
    }
  }

  var lines: [String] {
    var lines = ["\(path)  \(format)", "  frame       \(frame)"]
    var facts = [counted(particles, "particle")]
    if withAngles > 0 { facts.append("\(withAngles) with angles") }
    if withScores > 0 { facts.append("\(withScores) with a score") }
    if groups > 0 { facts.append("in \(counted(groups, "group"))") }
    lines.append("  particles   \(facts.joined(separator: ", "))")
    for tomogram in tomograms.prefix(40) {
      var text = "  tomogram    \(tomogram.name): \(tomogram.particles)"
      if let low = tomogram.lowestXYZ, let high = tomogram.highestXYZ {
        text +=
          ", "
          + zip(["x", "y", "z"], zip(low, high)).map { "\($0) \(angstromText($1.0)) to \(angstromText($1.1))" }.joined(
            separator: ", ")
      }
      if let size = tomogram.sizeXYZ { text += ", of \(size.map(String.init).joined(separator: " × ")) voxels" }
      if let edge = tomogram.voxelSizeAngstromXYZ { text += " of \(angstromText(edge[0])) Å" }
      lines.append(text)
    }
    if tomograms.count > 40 { lines.append("              … and \(tomograms.count - 40) more tomograms") }
    if !columns.isEmpty { lines.append("  columns     \(columns.joined(separator: ", "))") }
    for need in missing { lines.append("  missing     \(need): without it the points cannot be placed in a tomogram") }
    for warning in warnings { lines.append("  ! \(warning)") }
    return lines
  }
}
