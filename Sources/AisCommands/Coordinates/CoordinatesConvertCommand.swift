import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// `ais coordinates convert`: a list in another format.
package struct CoordinatesConvertCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write lists in another format, without moving a particle.",
    discussion: """
      Several lists become one, tomograms of the same name together. Columns that the other format has no place for are \
      kept where it has room for columns.

        ais coordinates convert picks.star -t tomograms/ -o IMOD/ --to imod
        ais coordinates convert picks.star --tomograms tomograms.star --voxel-size 10A -o particles.star --to relion5
        ais coordinates convert TS_01.mod -t TS_01.mrc -o TS_01.tbl

      Size and voxel size come from the tomogram's file, or from '--size' and '--voxel-size'; where a format needs them, \
      they are asked for. '--axes', '--mirror', '--scale' and '--shift' mend lists that 'ais coordinates check' found wrong.
      """)

  @Argument(help: ArgumentHelp("Lists of coordinates.", valueName: "list"))
  package var lists: [String]

  @OptionGroup(title: "What is written")
  package var target: CoordinateOutputArguments

  @OptionGroup(title: "Where the particles lie")
  package var source: CoordinateArguments

  @OptionGroup(title: "Mending wrong lists, in this order")
  package var change: PointChangeArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func run() throws {
    let context = try source.context()
    let isQuiet = verbosity.quiet || verbosity.json
    let readings = try source.read(lists, context, quiet: isQuiet)
    let merged = try ParticleMerge.merged(readings.map { ($0.name, $0.reading.list) })
    let list = try CoordinateConversion.changed(merged, by: change.transform)
    let doubts = try CoordinateConversion.doubts(list)
    if !isQuiet {
      for line in CoordinateConversion.frameText(list) { Terminal.standardOutput.print("  \(line)") }
    }
    for doubt in doubts { Terminal.standardError.print("ais: warning: \(doubt)") }
    let blocks = readings.count == 1 ? readings[0].reading.otherBlocks : []
    let output = try target.makeOutput(command: "coordinates convert", context: context, otherBlocks: blocks)
    let settings = CoordinateConversion.Settings(from: source.from, change: change.transform)
    let warnings = readings.flatMap { name, reading in reading.warnings.map { "'\(name)': \($0)" } }
    try CoordinateReport.write(
      list, to: output, inputs: lists, settings: settings, warnings: warnings + doubts, verbosity: verbosity)
  }
}

/// Changes of all points of a list alike.
package struct PointChangeArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("The axes that the list's columns really are: zyx where they were z, y, x.", valueName: "xyz"),
    transform: PointChangeArguments.order)
  var axes: [PointTransform.Axis] = [.z, .y, .x]

  @Option(help: ArgumentHelp("Multiply all coordinates, such as by 0.25.", valueName: "factor"))
  var scale: Double = 1

  @Option(
    help: ArgumentHelp(
      "Turn these axes round: n − 1 − p. Shows the mirror image when their number is odd.", valueName: "axes"),
    transform: PointChangeArguments.axisSet)
  var mirror: Set<PointTransform.Axis> = []

  @Option(
    help: ArgumentHelp("Add so many voxels, such as --shift=-1,-1,-1.", valueName: "x,y,z"),
    transform: PointChangeArguments.triple)
  var shift = VoxelPoint(z: 0, y: 0, x: 0)

  package init() {}

  package func validate() throws {
    guard scale.isFinite, scale > 0 else { throw ValidationError("--scale \(scale): expected a number above 0") }
  }

  package var transform: PointTransform { PointTransform(order: axes, scale: scale, mirrored: mirror, shift: shift) }

  private static func order(_ text: String) throws -> [PointTransform.Axis] {
    let axes = text.map { PointTransform.Axis(rawValue: String($0)) }
    guard axes.count == 3, Set(axes.compactMap { $0 }).count == 3 else {
      throw ValidationError("'\(text)' is no order of axes: expected each of x, y, z once, such as zyx")
    }
    return axes.compactMap { $0 }.reversed()
  }

  private static func axisSet(_ text: String) throws -> Set<PointTransform.Axis> {
    let axes = text.map { PointTransform.Axis(rawValue: String($0)) }
    guard !axes.isEmpty, !axes.contains(nil) else {
      throw ValidationError("'\(text)' names no axes: expected x, y, z or several of them, such as yz")
    }
    return Set(axes.compactMap { $0 })
  }

  private static func triple(_ text: String) throws -> VoxelPoint {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard numbers.count == 3, let x = numbers[0], let y = numbers[1], let z = numbers[2], x.isFinite, y.isFinite,
      z.isFinite
    else { throw ValidationError("'\(text)' are no three numbers of voxels along x, y, z, such as -1,-1,-1") }
    return VoxelPoint(z: z, y: y, x: x)
  }
}
