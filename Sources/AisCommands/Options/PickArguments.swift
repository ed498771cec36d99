import AisCore
import AisFormats
import AisPicking
import AisWorkflows
import ArgumentParser

/// What counts as a particle: the options behind the rules of `PickRequest`.
package struct PickArguments: ParsableArguments {
  /// How points are made from a segmentation.
  package enum Method: String, CaseIterable, ExpressibleByArgument, Sendable {
    case particles
    case referencePeaks = "reference-peaks"
    case referenceCentroids = "reference-centroids"
  }

  @Option(
    help: ArgumentHelp(
      "particles (groups around the most inward points), reference-peaks or reference-centroids (as the reference program picks, without and with -centroid).",
      valueName: "particles|reference-peaks|reference-centroids"))
  package var method: Method = .particles

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "Voxels above it count: 0 to 254 on the scale on which 255 is certain, a fraction below 1 (0.5), or auto.",
      valueName: "level|fraction|auto"),
    transform: Self.threshold)
  package var threshold: PickRequest.Threshold = .level(128)

  @Option(
    help: ArgumentHelp(
      "The least distance between particles, such as 20nm or 15px (voxels of the file).", valueName: "length"),
    transform: Quantity.extent)
  package var spacing: PickRequest.Extent = .length(.nanometers(10))

  @Option(
    help: ArgumentHelp(
      "The least volume of a particle, such as 500nm3, 500000A3 or 120px. Without it, that of a ball of half the spacing across.",
      valueName: "volume"),
    transform: Quantity.bulk)
  package var minVolume: PickRequest.Bulk?

  @Option(
    help: ArgumentHelp(
      "Which maxima of the distance to the background start a group: apart (at least half the spacing from each other), or all (the paper's wording, which shatters rough particles).",
      valueName: "apart|all"))
  package var seeds: ParticlePicker.Seeds = .apart

  @Option(
    help: ArgumentHelp(
      "Groups that meet in a neck at least this wide, as a part of the narrower one's width, are one particle: hollow and rough ones stay whole. 1 keeps all apart.",
      valueName: "fraction"))
  package var neck = ParticlePicker.defaultNeck

  @Option(
    help: ArgumentHelp("Leave this much free at all faces, such as 16px or 10nm.", valueName: "length"),
    transform: Quantity.extent)
  package var margin: PickRequest.Extent = .voxels(0)

  @Option(
    help: ArgumentHelp(
      "Average blocks of so many voxels on each axis before searching: less noise, less time. Coordinates stay those of the file.",
      valueName: "factor"))
  package var binning = 1

  @Option(
    help: ArgumentHelp(
      "Only particles in this box of voxels: x, y and z from a to b − 1, such as 0:200,50:150,10:54; an empty side is open.",
      valueName: "a:b,a:b,a:b"),
    transform: Self.region)
  package var region: VoxelBox?

  @Option(
    help: ArgumentHelp(
      "Only particles whose centre lies where this volume of the same size is above 0.", valueName: "file"))
  package var mask: String?

  @Option(help: ArgumentHelp("At most so many particles of each segmentation, the heaviest.", valueName: "count"))
  package var limit: Int?

  @Option(
    help: ArgumentHelp(
      "Angles from the shape: normal (the shortest axis becomes the particle's z), or long-axis. Shapes without such an axis get none.",
      valueName: "normal|long-axis"))
  package var orient: ShapeOrientation.Axis?

  @Option(
    help: ArgumentHelp(
      "Which way the axis points: towards greater z, towards the center of the volume, or out from it.",
      valueName: "z|center|out"))
  package var orientSign: ShapeOrientation.Sign = .z

  @Option(
    help: ArgumentHelp(
      "What the values mean, where the file does not say: 0-255, 0-127, 0-1, or labels (everything above 0 is certain).",
      valueName: "0-255|0-127|0-1|labels"))
  package var scale: PredictionScale.Kind?

  @Option(help: ArgumentHelp("In a volume of labels: pick the voxels that hold this number.", valueName: "number"))
  package var label: Int?

  package init() {}

  /// Puts the rules into a request.
  package func fill(_ request: inout PickRequest) throws(AisError) {
    request.method =
      switch method {
      case .particles: .particles(seeds)
      case .referencePeaks: .referencePeaks
      case .referenceCentroids: .referenceCentroids
      }
    request.threshold = threshold
    request.spacing = spacing
    request.minimumVolume = minVolume
    request.neck = neck
    request.margin = margin
    request.binning = binning
    request.region = region
    request.mask = mask
    request.limit = limit
    request.orientation = orient.map { ShapeOrientation(axis: $0, sign: orientSign) }
    request.scale = scale
    request.label = label
  }

  static func threshold(_ text: String) throws -> PickRequest.Threshold {
    if text == "auto" || text == "automatic" { return .automatic }
    guard let value = Double(text), value >= 0, value < 255 else {
      throw ValidationError(
        "'\(text)' is no threshold: expected 0 to 254, a fraction below 1 such as 0.5, or 'auto'")
    }
    // 0.5 is half of certainty; 1 is one part in 255, as 128 is half.
    return .level(value < 1 ? value * 255 : value)
  }

  private static func region(_ text: String) throws -> VoxelBox {
    let sides = text.split(separator: ",", omittingEmptySubsequences: false).map { side -> Range<Int>? in
      let ends = side.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard ends.count == 2, let lower = ends[0].isEmpty ? 0 : Int(ends[0]),
        let upper = ends[1].isEmpty ? Int(Int32.max) : Int(ends[1]), lower >= 0, upper > lower
      else { return nil }
      return lower..<upper
    }
    guard sides.count == 3, let x = sides[0], let y = sides[1], let z = sides[2] else {
      throw ValidationError(
        "'\(text)' is no box: expected x, y and z as a:b with 0 ≤ a < b, such as 0:200,50:150,10:54")
    }
    return VoxelBox(z: z, y: y, x: x)
  }
}

/// How found points are written.
package struct PickOutputArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The format of the coordinates; 'ais coordinates' converts them later. One of: \(CoordinateFormat.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "format"),
    transform: Self.format)
  package var format: CoordinateFormat = .ais

  @Option(
    help: ArgumentHelp("Digits after the point in text formats; the .txt has none without it.", valueName: "count"))
  package var decimals: Int?

  @Flag(
    inversion: .prefixedNo, help: "Draw slices through the picked centres onto one picture beside the coordinates.")
  package var contactSheet = true

  @Flag(
    name: .customLong("chimerax"),
    help: "Write a script beside each list that opens tomogram, segmentation and points in ChimeraX.")
  package var chimeraX = false

  @Option(
    help: ArgumentHelp(
      "The tomogram, or the folder of the tomograms, to draw the contact sheet on. Without it, that which the segmentation was made from, if it is there.",
      valueName: "path"))
  package var tomogram: String?

  @Option(
    help: ArgumentHelp(
      "RELION's tomograms.star, for the formats that count in unbinned pixels or from the middle of the unbinned volume (relion4, relion5).",
      valueName: "file"))
  package var tomograms: String?

  @Option(
    help: ArgumentHelp(
      "Where the middle of the unbinned volume is: n/2 as in RELION itself, n/2-1 as in the pickers that come with it.",
      valueName: "n/2|n/2-1"))
  package var center: CenterRule = .half

  @Option(
    help: ArgumentHelp(
      "How grids of different binnings lie on each other: first-voxels (RELION, Warp) or edges (averaged blocks).",
      valueName: "first-voxels|edges"))
  package var grid: GridAlignment = .firstVoxels

  @Option(
    help: ArgumentHelp(
      "Edge of a particle's box in voxels: crYOLO counts from its corner, EMAN2 and 3dmod draw it.", valueName: "voxels"
    ))
  package var box: Int?

  package init() {}

  package func validate() throws {
    if let decimals, !(0...12).contains(decimals) { throw ValidationError("--decimals \(decimals): expected 0 to 12") }
    if let box, !(1...100_000).contains(box) { throw ValidationError("--box \(box): expected 1 or more voxels") }
  }

  /// Puts the wishes into a request.
  package func fill(_ request: inout PickRequest) throws(AisError) {
    request.format = format
    request.formatOptions.decimals = decimals
    request.formatOptions.center = center
    request.formatOptions.alignment = grid
    request.formatOptions.boxSize = box
    request.tiltSeriesTable = tomograms
    request.drawsContactSheet = contactSheet
    request.writesChimeraXScript = chimeraX
    request.tomogram = tomogram
  }

  private static func format(_ text: String) throws -> CoordinateFormat {
    do { return try CoordinateFormat(named: text) } catch { throw ValidationError(error.message) }
  }
}

extension ParticlePicker.Seeds: ExpressibleByArgument {}
extension ShapeOrientation.Axis: ExpressibleByArgument {}
extension ShapeOrientation.Sign: ExpressibleByArgument {}
extension PredictionScale.Kind: ExpressibleByArgument {}
