import AisCore
import AisFormats
import ArgumentParser

/// How to look at tomograms: the options that mean the same in every command that reads them.
package struct TomogramArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Use this voxel size instead of the header's: 10A, 1.35nm, or 10A,10A,12A for x, y, z as viewed.",
      valueName: "length"),
    transform: Quantity.voxelSize)
  package var voxelSize: VoxelSize?

  @Option(
    help: ArgumentHelp(
      "The order of the axes in the file. xzy: y and z are exchanged (IMOD before trimvol -yz); this shows the specimen's mirror image.",
      valueName: "xyz|xzy"))
  package var axes: TomogramView.Axes = .xyz

  @Flag(help: "Turn by -90° about x, as trimvol -rx: mends an XZ stack without mirroring it.")
  package var rotateX = false

  @Flag(help: "Reverse z: shows the specimen's mirror image.")
  package var mirrorZ = false

  @Flag(help: "Exchange dark and bright.")
  package var invert = false

  @Option(help: ArgumentHelp("Read bytes (MRC mode 0) as signed or unsigned.", valueName: "automatic|signed|unsigned"))
  package var byteSign: ByteSign = .automatic

  @Option(
    help: ArgumentHelp(
      "reference: read bytes and axes as the reference program (Ais-cryoET) does.", valueName: "standard|reference"))
  package var compatibility: Compatibility = .standard

  @Flag(help: "Read files with faulty headers as well as possible; of a truncated file, the whole sections.")
  package var permissive = false

  package init() {}

  /// The options as the reader wants them.
  package var options: TomogramOptions {
    var options = TomogramOptions()
    options.voxelSize = voxelSize
    options.view = TomogramView(axes: axes, rotatesX: rotateX, mirrorsZ: mirrorZ, isInverted: invert)
    options.byteSign = byteSign
    options.compatibility = compatibility
    options.isPermissive = permissive
    return options
  }
}

extension TomogramOptions {
  /// The options of a command line that look at a tomogram in this way: what `TomogramArguments` was given.
  var optionWords: [String] {
    var words: [String] = []
    if let voxelSize {
      let sides = [voxelSize.x, voxelSize.y, voxelSize.z].map { side in
        let text = "\(side.angstrom)"
        return (text.hasSuffix(".0") ? String(text.dropLast(2)) : text) + "A"
      }
      words.append("--voxel-size \(Set(sides).count == 1 ? sides[0] : sides.joined(separator: ","))")
    }
    if view.axes != .xyz { words.append("--axes \(view.axes.rawValue)") }
    if view.rotatesX { words.append("--rotate-x") }
    if view.mirrorsZ { words.append("--mirror-z") }
    if view.isInverted { words.append("--invert") }
    if byteSign != .automatic { words.append("--byte-sign \(byteSign.rawValue)") }
    if compatibility != .standard { words.append("--compatibility \(compatibility.rawValue)") }
    if isPermissive { words.append("--permissive") }
    return words
  }
}

extension TomogramView.Axes: ExpressibleByArgument {}
extension ByteSign: ExpressibleByArgument {}
extension Compatibility: ExpressibleByArgument {}
