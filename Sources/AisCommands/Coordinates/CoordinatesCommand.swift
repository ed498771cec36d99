import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais coordinates`: lists of particles from and for other programs.
package struct CoordinatesCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "coordinates",
    abstract: "Convert, check, merge and filter lists of particles.",
    discussion: """
      A position means something only in a frame: where zero is, which unit, which binning. Every command says in which frame \
      it read and wrote, and asks where a file leaves that open, instead of guessing.

        ais coordinates info picks.star
        ais coordinates convert picks.star -t TS_01.mrc -o TS_01.mod
        ais coordinates check list.tbl -t TS_01.mrc
      """,
    subcommands: [
      CoordinatesConvertCommand.self, CoordinatesInfoCommand.self, CoordinatesCheckCommand.self,
      CoordinatesMergeCommand.self, CoordinatesFilterCommand.self, CoordinatesDistanceCommand.self,
    ])

  package init() {}
}

/// What commands on coordinates print alike.
enum CoordinateReport {
  /// What a list was taken for, and what is odd about it.
  static func show(_ path: String, _ reading: CoordinateReading, quiet: Bool) {
    if !quiet {
      Terminal.standardOutput.print("read \(path), \(reading.format.phrase)")
      Terminal.standardOutput.print("  \(reading.frame)")
    }
    for warning in reading.warnings { Terminal.standardError.print("ais: warning: '\(path)': \(warning)") }
  }

  /// Writes a list and tells what was written, for people or, with `--json`, for programs.
  ///
  /// - Parameter warnings: of reading, printed already.
  static func write(
    _ list: ParticleList, to output: CoordinateOutput, inputs: [String], settings: some Encodable & Sendable,
    warnings: [String], verbosity: VerbosityArguments
  ) throws {
    let written = try output.write(
      list, inputs: inputs, settings: settings, logger: verbosity.makeLogger("coordinates"))
    show(written, particles: list.particles.count, quiet: verbosity.quiet || verbosity.json)
    if verbosity.json {
      let report = Written(written, particles: list.particles.count, warnings: warnings)
      Terminal.standardOutput.print(text: try json(report))
    }
  }

  private static func show(_ written: CoordinateOutput.Written, particles: Int, quiet: Bool) {
    if !quiet {
      for frame in written.frames { Terminal.standardOutput.print("wrote \(counted(particles, "particle")): \(frame)") }
      for path in written.paths { Terminal.standardOutput.print("  \(path)") }
      for path in written.skipped {
        Terminal.standardOutput.print(
          "  \(path)  was there already, made with the same settings ('--force' makes it again)")
      }
    }
    for warning in written.warnings { Terminal.standardError.print("ais: warning: \(warning)") }
  }

  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// What was written, for programs (`ais.coordinates/1`).
  struct Written: Encodable {
    var schema = "ais.coordinates/1"
    var particles: Int
    var written: [String]
    var skipped: [String]
    var frames: [String]
    var warnings: [String]

    init(_ written: CoordinateOutput.Written, particles: Int, warnings: [String]) {
      self.particles = particles
      self.written = written.paths
      skipped = written.skipped
      frames = written.frames
      self.warnings = warnings + written.warnings
    }
  }
}
