import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// What is known of the tomograms that lists lie in: the same in every command that reads coordinates.
package struct CoordinateArguments: ParsableArguments {
  @Option(
    name: [.customShort("t"), .customLong("tomogram")], parsing: .singleValue,
    help: ArgumentHelp(
      "The tomogram of the list, or files, folders and patterns of several; size and voxel size are taken from it. May be given several times.",
      valueName: "path"))
  package var inputs: [String] = []

  @OptionGroup package var frame: ListFrameArguments

  package init() {}

  package var from: CoordinateFormat? { frame.from }
  package var voxelSize: VoxelSize? { frame.voxelSize }

  /// The lists' surroundings; reads the headers of the tomograms.
  package func context(reading: TomogramOptions = TomogramOptions()) throws(AisError) -> CoordinateContext {
    try frame.context(tomograms: inputs, reading: reading)
  }

  /// Reads lists, and says what each was taken for and what is odd about it.
  func read(
    _ lists: [String], _ context: CoordinateContext, quiet: Bool
  ) throws(AisError) -> [(name: String, reading: CoordinateReading)] {
    var readings: [(name: String, reading: CoordinateReading)] = []
    for path in lists {
      let reading = try context.read(path, format: from)
      CoordinateReport.show(path, reading, quiet: quiet)
      readings.append((path, reading))
    }
    return readings
  }

  /// How tomograms are opened.
  package func options(_ reading: TomogramOptions) -> TomogramOptions {
    var options = reading
    if let voxelSize { options.voxelSize = voxelSize }
    return options
  }

  /// Three whole numbers.
  static func shape(_ text: String) throws -> Shape {
    let numbers = text.split(whereSeparator: { ",x×".contains($0) }).map { Int($0.filter { $0 != " " }) }
    guard numbers.count == 3, let x = numbers[0], let y = numbers[1], let z = numbers[2], x > 0, y > 0, z > 0,
      max(x, y, z) < 1 << 24
    else { throw ValidationError("'\(text)' is no size: expected voxels along x, y, z, such as 928,960,300") }
    return Shape(z: z, y: y, x: x)
  }

  /// A distance with a unit, or in voxels.
  static func extent(_ text: String) throws -> CoordinateExtent {
    switch try Quantity.extent(text) {
    case .length(let length): .length(length)
    case .voxels(let count): .voxels(count)
    }
  }

  /// A format by its name.
  static func format(_ text: String) throws -> CoordinateFormat {
    do { return try CoordinateFormat(named: text) } catch { throw ValidationError(error.message) }
  }
}

/// How a list is written: the same in every command that writes coordinates.
package struct CoordinateOutputArguments: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The file to write; a folder where the format holds one tomogram and the list has several.", valueName: "path"))
  package var output: String

  @Option(
    help: ArgumentHelp(
      "The format to write; without it, told by the file's name. \(CoordinateFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "format"),
    transform: CoordinateArguments.format)
  package var to: CoordinateFormat?

  @Option(
    help: ArgumentHelp(
      "Edge of a particle's box in voxels: crYOLO counts from its corner, EMAN2 and 3dmod draw it.", valueName: "voxels"
    ))
  package var box: Int?

  @Option(help: ArgumentHelp("Digits after the point in text files.", valueName: "count"))
  package var decimals: Int?

  @Flag(help: "Make outputs again that are already there, and replace those made otherwise or changed.")
  package var force = false

  package init() {}

  package func validate() throws {
    if let box, !(1...100_000).contains(box) { throw ValidationError("--box \(box): expected 1 or more voxels") }
    if let decimals, !(0...12).contains(decimals) { throw ValidationError("--decimals \(decimals): expected 0 to 12") }
  }

  package func makeOutput(
    command: String, context: CoordinateContext, otherBlocks: [STARBlock] = []
  ) throws(AisError) -> CoordinateOutput {
    let format: CoordinateFormat
    if let to { format = to } else { format = try CoordinateOutput.format(of: output) }
    var result = CoordinateOutput(path: output, format: format, command: command)
    result.context = context
    result.options.boxSize = box
    result.options.decimals = decimals
    result.options.tiltSeries = context.hints.tiltSeries
    result.options.center = context.hints.center
    result.options.alignment = context.hints.alignment
    result.options.tomogramPaths = context.paths
    result.options.otherBlocks = otherBlocks
    result.replaces = force
    return result
  }
}

extension GridAlignment: ExpressibleByArgument {}
extension CenterRule: ExpressibleByArgument {}
