import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// What the numbers of a list of particles count in: the same in every command that reads such lists.
package struct ListFrameArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The format of the lists, when content and name do not tell it: \(CoordinateFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "format"),
    transform: CoordinateArguments.format)
  package var from: CoordinateFormat?

  @Option(
    help: ArgumentHelp("Voxels of the tomogram along x, y, z, where no file says it.", valueName: "x,y,z"),
    transform: CoordinateArguments.shape)
  package var size: Shape?

  @Option(
    help: ArgumentHelp(
      "Voxel size of the tomogram: 10A, 1.35nm, or 10A,10A,12A for x, y, z; goes before the header's.",
      valueName: "length"),
    transform: Quantity.voxelSize)
  package var voxelSize: VoxelSize?

  @Option(
    help: ArgumentHelp(
      "The voxel size that the list's numbers count in, when they belong to another binning than the tomogram's.",
      valueName: "length"),
    transform: Quantity.positiveLength)
  package var coordinateVoxelSize: Length?

  @Option(
    help: ArgumentHelp(
      "How grids of different binnings lie on each other: first-voxels (RELION, Warp) or edges (averaged blocks).",
      valueName: "first-voxels|edges"))
  package var grid: GridAlignment = .firstVoxels

  @Option(
    help: ArgumentHelp(
      "RELION's tomograms.star, for lists that count from the middle of the unbinned volume.", valueName: "file"))
  package var tomograms: String?

  @Option(
    help: ArgumentHelp(
      "Where the middle of the unbinned volume is: n/2 as in RELION itself, n/2-1 as in the pickers that come with it.",
      valueName: "n/2|n/2-1"))
  package var center: CenterRule = .half

  @Option(
    help: ArgumentHelp(
      "Which tomogram a number stands for (Dynamo, STOPGAP): a .doc with 'NUMBER PATH' a line. Without it, the one beside a .tbl.",
      valueName: "file"))
  package var volumes: String?

  @Option(
    help: ArgumentHelp(
      "The tomogram of lists that name none. Without it, told by the list's file name.", valueName: "name"))
  package var tomogramName: String?

  package init() {}

  /// Whether any of these options was given.
  var isUsed: Bool {
    from != nil || size != nil || voxelSize != nil || coordinateVoxelSize != nil || grid != .firstVoxels
      || tomograms != nil || center != .half || volumes != nil || tomogramName != nil
  }

  /// The lists' surroundings.
  ///
  /// - Parameters:
  ///   - inputs: tomograms whose headers say more: files, folders, patterns.
  ///   - reading: how they are opened, besides the voxel size.
  package func context(
    tomograms inputs: [String], reading: TomogramOptions = TomogramOptions()
  ) throws(AisError) -> CoordinateContext {
    var context = CoordinateContext()
    context.hints.shape = size
    context.hints.voxelSize = voxelSize
    context.hints.coordinateSpacing = coordinateVoxelSize
    context.hints.alignment = grid
    context.hints.center = center
    context.hints.tomogramName = tomogramName
    context.volumeList = volumes
    if let tomograms { try context.add(tiltSeries: tomograms) }
    var options = reading
    if let voxelSize { options.voxelSize = voxelSize }
    try context.add(tomograms: inputs, options: options)
    return context
  }
}
