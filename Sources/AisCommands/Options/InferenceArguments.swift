import AisCore
import AisSegmentation
import ArgumentParser

/// How networks are applied: the options behind `InferenceSettings`.
package struct InferenceArguments: ParsableArguments {
  @Option(
    name: [.customLong("tta"), .customLong("augmentations")],
    help: ArgumentHelp(
      "Test-time augmentation: average over this many turns and mirrors of each slice, 1 to 8. 4 or 8 give smoother results and take 4 or 8 times as long.",
      valueName: "count"))
  package var augmentations = 1

  @Option(
    help: ArgumentHelp(
      "Segment only the slices a to b − 1, counted from 0; the others are 0. 20:60, :60 and 20: are understood.",
      valueName: "a:b"),
    transform: Self.range)
  var zRange: ClosedRangeText?

  @Option(
    help: ArgumentHelp(
      "Segment only the central part of the slices, such as 60%; the others are 0.", valueName: "percent"),
    transform: Self.percent)
  var center: Double?

  @Option(
    help: ArgumentHelp(
      "Blur the result with a Gaussian of this standard deviation: 20A, or 20A,20A,40A for x, y, z.",
      valueName: "length"),
    transform: Self.blur)
  var blur: InferenceSettings.Blur = .none

  @Option(
    help: ArgumentHelp(
      "The pixel size at which networks work: model (what they were trained at), native (the tomogram's own; never rescale), or a length such as 10A.",
      valueName: "model|native|length"),
    transform: Self.scaling)
  var processingVoxelSize: InferenceSettings.Scaling = .asTrained

  @Option(
    help: ArgumentHelp(
      "3D networks: standard (tiles as in the reference program), or exact (as if the whole plane were seen at once, and all slices covered).",
      valueName: "standard|exact"))
  var tiling: InferenceSettings.Tiling = .standard

  @Option(
    help: ArgumentHelp(
      "3D networks, standard tiling: edge of a tile in pixels, rounded down to a multiple of 32, or of what the network needs; -1 is the whole plane.",
      valueName: "pixels"))
  var tile = 512

  @Option(
    help: ArgumentHelp(
      "3D networks, standard tiling: pixels dropped at each side of a tile, at most a third of it.", valueName: "pixels"
    ))
  var overlap = 64

  @Option(
    help: ArgumentHelp(
      "3D networks: slices between slabs. Without it half the depth, or less where that would leave gaps.",
      valueName: "slices"))
  var stride: Int?

  package init() {}

  package func validate() throws {
    if zRange != nil && center != nil {
      throw ValidationError("--z-range and --center contradict each other: give one of them")
    }
    if tile == 0 || tile < -1 { throw ValidationError("--tile \(tile): expected pixels, or -1 for the whole plane") }
    do { try settings.validate() } catch { throw ValidationError(error.message) }
  }

  package var settings: InferenceSettings {
    var settings = InferenceSettings()
    settings.augmentations = augmentations
    if let zRange { settings.depthRange = .slices(zRange.lower..<zRange.upper) }
    if let center { settings.depthRange = .centre(percent: center) }
    settings.blur = blur
    settings.scaling = processingVoxelSize
    settings.tiling = tiling
    settings.tileEdge = tile < 0 ? nil : tile
    settings.tileOverlap = overlap
    settings.slabStride = stride
    return settings
  }

  /// The two ends of `a:b`.
  struct ClosedRangeText: Sendable {
    var lower: Int
    var upper: Int
  }

  private static func range(_ text: String) throws -> ClosedRangeText {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let lower = parts[0].isEmpty ? 0 : Int(parts[0]),
      let upper = parts[1].isEmpty ? Int.max : Int(parts[1]), lower >= 0, upper > lower
    else { throw ValidationError("'\(text)' is no range of slices: expected a:b with 0 ≤ a < b, such as 20:60") }
    return ClosedRangeText(lower: lower, upper: upper)
  }

  private static func percent(_ text: String) throws -> Double {
    let digits = text.hasSuffix("%") ? String(text.dropLast()) : text
    guard let value = Double(digits), value > 0, value <= 100 else {
      throw ValidationError("'\(text)' is no percentage: expected above 0 and up to 100, such as 60%")
    }
    return value
  }

  private static func blur(_ text: String) throws -> InferenceSettings.Blur {
    let edges = try text.split(separator: ",", omittingEmptySubsequences: false).map { try Quantity.length(String($0)) }
    switch edges.count {
    case 1: return .init(z: edges[0], y: edges[0], x: edges[0])
    case 3: return .init(z: edges[2], y: edges[1], x: edges[0])
    default:
      throw ValidationError("'\(text)' has \(edges.count) lengths; expected one (20A) or three, x,y,z (20A,20A,40A)")
    }
  }

  private static func scaling(_ text: String) throws -> InferenceSettings.Scaling {
    switch text {
    case "model": .asTrained
    case "native": .native
    default: .pixelSize(try Quantity.positiveLength(text))
    }
  }
}

extension InferenceSettings.Tiling: ExpressibleByArgument {}
