import AisCore
import AisFormats
import AisPicking

/// Everything that changes what is picked besides the segmentation: part of the account beside the points.
struct PickSettings: Sendable, Encodable {
  var method: String
  /// The rules of filaments and surfaces.
  var curves: [String: String]?
  var seeds: String?
  var neck: Double
  var threshold: String
  var scale: String?
  var label: Int?
  var spacing: String
  var minimumVolume: String
  var margin: String
  var binning: Int
  var region: String?
  var mask: String?
  var limit: Int?
  var orientation: String?
  var orientationSign: String?
  var format: String
  var decimals: Int?
  var center: String?
  var grid: String?
  var box: Int?
  var view: String
  var byteSign: String
  var compatibility: String
  var volume: Int?
  var isPermissive: Bool
  var voxelSizeAngstromXYZ: [Double]?
  var contactSheet: Bool
  /// Absent where there is none, so that accounts of earlier runs stay the same.
  var chimeraX: Bool?

  init(_ request: PickRequest) {
    (method, seeds) = request.method.names
    neck = request.neck
    curves = request.method.curveTexts
    threshold =
      switch request.threshold {
      case .automatic: "automatic"
      case .level(let level): angstromText(level)
      }
    scale = request.scale?.rawValue
    label = request.label
    spacing = request.spacing.text
    minimumVolume = request.minimumVolume?.text ?? "a ball of half the spacing across"
    margin = request.margin.text
    binning = request.binning
    region = request.region.map { "x \($0.x), y \($0.y), z \($0.z)" }
    mask = request.mask
    limit = request.limit
    orientation = request.orientation?.axis.rawValue
    orientationSign = request.orientation?.sign.rawValue
    format = request.format.rawValue
    decimals = request.formatOptions.decimals
    if request.tiltSeriesTable != nil {
      center = request.formatOptions.center.rawValue
      grid = request.formatOptions.alignment.rawValue
    }
    box = request.formatOptions.boxSize
    let options = request.view
    view = options.view.summary
    byteSign = options.byteSign.rawValue
    compatibility = options.compatibility.rawValue
    volume = options.volume
    isPermissive = options.isPermissive
    voxelSizeAngstromXYZ = options.voxelSize.map { [$0.x.angstrom, $0.y.angstrom, $0.z.angstrom] }
    contactSheet = request.drawsContactSheet
    chimeraX = request.writesChimeraXScript ? true : nil
  }
}

extension PickRequest.Method {
  /// The name under which people ask for it, and that of its seeds.
  package var names: (method: String, seeds: String?) {
    switch self {
    case .particles(let seeds): ("particles", seeds.rawValue)
    case .referencePeaks: ("reference-peaks", nil)
    case .referenceCentroids: ("reference-centroids", nil)
    case .filaments: ("filaments", nil)
    case .surfaces: ("surface", nil)
    }
  }

  /// The rules of filaments and surfaces, by name.
  var curveTexts: [String: String]? {
    switch self {
    case .filaments(let rules): rules.texts
    case .surfaces(let rules): rules.texts
    case .particles, .referencePeaks, .referenceCentroids: nil
    }
  }
}
