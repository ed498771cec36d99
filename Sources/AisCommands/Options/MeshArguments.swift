import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// What a surface is: the options behind `MeshRequest`.
package struct SurfaceArguments: ParsableArguments {
  @Option(
    name: [.short, .long, .customLong("level")],
    help: ArgumentHelp(
      "The surface lies where values cross it: 0 to 254 on the scale on which 255 is certain, a fraction below 1 (0.5), or auto.",
      valueName: "level|fraction|auto"),
    transform: PickArguments.threshold)
  package var threshold: PickRequest.Threshold = .level(128)

  @Option(
    name: [.long, .customLong("dust")],
    help: ArgumentHelp(
      "Leave smaller connected pieces out, such as 500nm3, 500000A3 or 120px (voxels of the file).", valueName: "volume"
    ),
    transform: Quantity.bulk)
  package var minVolume: PickRequest.Bulk = .cubicAngstroms(1000)

  @Option(help: ArgumentHelp("At most so many connected pieces of each segmentation, the largest.", valueName: "count"))
  package var limit: Int?

  @Option(
    help: ArgumentHelp(
      "Average blocks of so many voxels on each axis first: smoother, with fewer triangles. Places stay those of the file.",
      valueName: "factor"))
  package var binning = 1

  @Option(
    help: ArgumentHelp(
      "Smooth the surface by so many steps that do not shrink it: 10 takes the stairs of a mask away.",
      valueName: "steps"))
  package var smooth = 0

  @Option(
    help: ArgumentHelp(
      "Keep about this share of the triangles, such as 25%, where the surface needs them most.", valueName: "percent"),
    transform: Self.share)
  package var decimate: Double?

  @Option(
    help: ArgumentHelp(
      "Take away triangles as long as the surface stays this close to where it was, such as 2A.", valueName: "length"),
    transform: Quantity.positiveLength)
  package var tolerance: Length?

  package init() {}

  func fill(_ request: inout MeshRequest) {
    request.threshold = threshold
    request.dust = minVolume
    request.limit = limit
    request.binning = binning
    request.smoothing = smooth
    request.decimation = .init(share: decimate ?? 1, tolerance: tolerance)
  }

  private static func share(_ text: String) throws -> Double {
    let isPercent = text.hasSuffix("%")
    guard let value = Double(isPercent ? String(text.dropLast()) : text), value > 0, value <= (isPercent ? 100 : 1)
    else {
      throw ValidationError("'\(text)' is no share: expected above 0 and up to 100%, such as 25%")
    }
    return isPercent ? value / 100 : value
  }
}

/// How surfaces are written.
package struct MeshFileArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "obj (text, as the reference program), stl (bare triangles), ply (with colours and component numbers), glb (each component an object with name and colour).",
      valueName: "obj|stl|ply|glb"))
  package var format: MeshFormat = .obj

  @Flag(help: "Write a file for each connected piece, <segmentation>_0001 the largest.")
  package var split = false

  @Option(
    name: [.long, .customLong("color")],
    help: ArgumentHelp(
      "feature (one for each feature's name), component (another for each piece), or a colour such as #e69f00.",
      valueName: "feature|component|#rrggbb"),
    transform: Self.colouring)
  package var colour: MeshRequest.Colouring = .feature

  @Option(
    help: ArgumentHelp(
      "Where zero lies: file (as the segmentation's file says), or centre (the middle of the volume). Without it, centre for obj and file for the others.",
      valueName: "file|centre"))
  package var frame: MeshFrame?

  @Option(help: ArgumentHelp("What the numbers count. Without it, nm for obj and A for the others.", valueName: "A|nm"))
  package var unit: MeshUnit?

  package init() {}

  func fill(_ request: inout MeshRequest) {
    request.format = format
    request.splitsComponents = split
    request.colouring = colour
    request.frame = frame
    request.unit = unit
  }

  private static func colouring(_ text: String) throws -> MeshRequest.Colouring {
    switch text {
    case "feature": return .feature
    case "component": return .component
    default:
      let digits = text.hasPrefix("#") ? text.dropFirst() : Substring(text)
      guard digits.count == 6, digits.allSatisfy(\.isHexDigit), let number = UInt32(digits, radix: 16) else {
        throw ValidationError("'\(text)' is no colour: expected feature, component, or six digits such as #e69f00")
      }
      return .fixed(SIMD3(Float(number >> 16), Float(number >> 8 & 255), Float(number & 255)) / 255)
    }
  }
}

/// How a segmentation's file is read when what comes out lies in the file's own frame.
package struct SegmentationReadingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What the values mean, where the file does not say: 0-255, 0-127, 0-1, or labels (everything above 0 is certain).",
      valueName: "0-255|0-127|0-1|labels"))
  package var scale: PredictionScale.Kind?

  @Option(help: ArgumentHelp("In a volume of labels: the voxels that hold this number.", valueName: "number"))
  package var label: Int?

  @Option(
    help: ArgumentHelp(
      "Use this voxel size instead of the header's: 10A, 1.35nm, or 10A,10A,12A for x, y, z.", valueName: "length"),
    transform: Quantity.voxelSize)
  package var voxelSize: VoxelSize?

  @Option(help: ArgumentHelp("Read bytes (MRC mode 0) as signed or unsigned.", valueName: "automatic|signed|unsigned"))
  package var byteSign: ByteSign = .automatic

  @Flag(help: "Read files with faulty headers as well as possible; of a truncated file, the whole sections.")
  package var permissive = false

  package init() {}

  func fill(_ request: inout MeshRequest) {
    request.scale = scale
    request.label = label
    request.view.voxelSize = voxelSize
    request.view.byteSign = byteSign
    request.view.isPermissive = permissive
  }
}

extension MeshFormat: ExpressibleByArgument {}
extension MeshFrame: ExpressibleByArgument {}
extension MeshUnit: ExpressibleByArgument {}
