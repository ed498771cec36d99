import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// `ais coordinates filter`: some particles of a list.
package struct CoordinatesFilterCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "filter",
    abstract: "Keep the particles of a list that pass every rule.",
    discussion: """
        ais coordinates filter picks.star --min-score 100 --spacing 20nm -t TS_01.mrc -o best.star
        ais coordinates filter picks.star --inside TS_01__Cytosol.mrc -o inside.star
        ais coordinates filter picks.star --near membrane.star --within 10nm -t TS_01.mrc -o bound.star

      Rules are applied in the order in which 'ais help coordinates filter' lists them; how many each drops is printed.
      """)

  @Argument(help: ArgumentHelp("The list of coordinates.", valueName: "list"))
  package var list: String

  @Option(
    name: .customLong("only"), parsing: .singleValue,
    help: ArgumentHelp("Keep this tomogram; may be given several times.", valueName: "name"))
  package var tomograms: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp("Keep particles with this text in a column, such as rlnClassNumber=2.", valueName: "name=text"))
  package var column: [String] = []

  @Option(help: "Keep particles of at least this score.")
  package var minScore: Double?

  @Option(help: "Keep particles of at most this score.")
  package var maxScore: Double?

  @Option(
    help: ArgumentHelp(
      "Keep particles in these voxels, upper ends left out: 100:300,100:300,50:150.", valueName: "x,y,z ranges"))
  package var region: String?

  @Option(
    help: ArgumentHelp("Keep away so far from the faces of the volume: 20nm, 16px.", valueName: "distance"),
    transform: CoordinateArguments.extent)
  package var border: CoordinateExtent?

  @Option(help: ArgumentHelp("Keep particles that lie in this mask or segmentation.", valueName: "file"))
  package var inside: String?

  @Option(help: ArgumentHelp("Keep particles that do not lie in this mask or segmentation.", valueName: "file"))
  package var outside: String?

  @Option(help: "What of a mask counts as inside; half of its scale without it.")
  package var threshold: Float?

  @Option(help: ArgumentHelp("Keep particles with a point of this list within '--within'.", valueName: "list"))
  package var near: String?

  @Option(help: ArgumentHelp("Keep particles without a point of this list within '--within'.", valueName: "list"))
  package var far: String?

  @Option(
    help: ArgumentHelp("The distance of '--near' and '--far'.", valueName: "distance"),
    transform: CoordinateArguments.extent)
  package var within: CoordinateExtent?

  @Option(
    help: ArgumentHelp(
      "Of two particles nearer than this keep the one of the higher score: 20nm, 200A, 15px.", valueName: "distance"),
    transform: CoordinateArguments.extent)
  package var spacing: CoordinateExtent?

  @Option(help: "Keep so many of each tomogram, those of the highest scores.")
  package var limit: Int?

  @OptionGroup(title: "What is written")
  package var target: CoordinateOutputArguments

  @OptionGroup(title: "Where the particles lie")
  package var source: CoordinateArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if (near != nil || far != nil) != (within != nil) {
      throw ValidationError("--near and --far go with --within, and it with them")
    }
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): expected 1 or more") }
    for rule in column where !rule.contains("=") {
      throw ValidationError("--column '\(rule)': expected NAME=TEXT, such as rlnClassNumber=2")
    }
    if let low = minScore, let high = maxScore, low > high { throw ValidationError("--min-score is above --max-score") }
    _ = try box()
  }

  package func run() throws {
    let context = try source.context()
    let isQuiet = verbosity.quiet || verbosity.json
    let reading = try source.read([list], context, quiet: isQuiet)[0].reading
    let filter = try makeFilter(context)
    let (kept, dropped) = try filter.applied(to: reading.list)
    if !isQuiet { for rule in dropped { Terminal.standardOutput.print("  \(rule.rule) drops \(rule.count)") } }
    let output = try target.makeOutput(
      command: "coordinates filter", context: context, otherBlocks: reading.otherBlocks)
    let inputs = [list] + [inside, outside, near, far].compactMap { $0 }
    try CoordinateReport.write(
      kept, to: output, inputs: inputs, settings: settings, warnings: reading.warnings, verbosity: verbosity)
  }

  private func makeFilter(_ context: CoordinateContext) throws -> ParticleFilter {
    var filter = ParticleFilter()
    filter.tomograms = Set(tomograms)
    filter.columns = column.map { rule in
      let parts = rule.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), String(parts[1]))
    }
    if minScore != nil || maxScore != nil { filter.scores = (minScore ?? -.infinity)...(maxScore ?? .infinity) }
    filter.region = try box()
    filter.border = border
    filter.inside = inside.map { ParticleFilter.Mask(path: $0, threshold: threshold) }
    filter.outside = outside.map { ParticleFilter.Mask(path: $0, threshold: threshold) }
    if let near, let within { filter.near = (try points(near, context), within) }
    if let far, let within { filter.far = (try points(far, context), within) }
    filter.spacing = spacing
    filter.limit = limit
    return filter
  }

  private func points(_ path: String, _ context: CoordinateContext) throws -> [String: [VoxelPoint]] {
    let parts = try context.read(path).list.byTomogram.filter { !$0.particles.isEmpty }
    return Dictionary(parts.map { ($0.tomograms[0].name, $0.particles.map(\.point)) }, uniquingKeysWith: +)
  }

  private func box() throws -> VoxelBox? {
    guard let region else { return nil }
    let ranges = region.split(separator: ",").compactMap { part -> Range<Int>? in
      let ends = part.split(separator: ":").map { Int($0) }
      guard ends.count == 2, let low = ends[0], let high = ends[1], low >= 0, high > low else { return nil }
      return low..<high
    }
    guard ranges.count == 3, region.split(separator: ",").count == 3 else {
      throw ValidationError(
        "--region '\(region)': expected three ranges of voxels along x, y, z, such as 100:300,100:300,50:150")
    }
    return VoxelBox(z: ranges[2], y: ranges[1], x: ranges[0])
  }

  /// Everything that was asked for, for the account of the work.
  private var settings: [String: String] {
    var settings: [String: String] = [:]
    settings["only"] = tomograms.isEmpty ? nil : tomograms.joined(separator: " ")
    settings["column"] = column.isEmpty ? nil : column.joined(separator: " ")
    settings["minScore"] = minScore.map { "\($0)" }
    settings["maxScore"] = maxScore.map { "\($0)" }
    settings["region"] = region
    settings["border"] = border.map { "\($0)" }
    settings["threshold"] = threshold.map { "\($0)" }
    settings["within"] = within.map { "\($0)" }
    settings["rules"] = [
      inside == nil ? nil : "inside", outside == nil ? nil : "outside", near == nil ? nil : "near",
      far == nil ? nil : "far",
    ].compactMap { $0 }.joined(separator: " ")
    settings["spacing"] = spacing.map { "\($0)" }
    settings["limit"] = limit.map { "\($0)" }
    return settings
  }
}
