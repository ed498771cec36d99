import AisCore
import AisFormats

/// Everything that changes a mesh besides the segmentation: what its record keeps.
struct MeshSettings: Encodable {
  var format: String
  var threshold: String
  var scale: String?
  var label: Int?
  var dust: String
  var limit: Int?
  var binning: Int
  var smoothing: Int
  var keptTriangles: Double
  var toleranceAngstrom: Double?
  var splitsComponents: Bool
  var colour: String
  var frame: String
  var unit: String
  var byteSign: String
  var isPermissive: Bool
  var voxelSizeAngstromXYZ: [Double]?

  init(_ request: MeshRequest) {
    format = request.format.rawValue
    threshold =
      switch request.threshold {
      case .automatic: "automatic"
      case .level(let level): "\(level)"
      }
    scale = request.scale?.rawValue
    label = request.label
    dust = request.dust.text
    limit = request.limit
    binning = request.binning
    smoothing = request.smoothing
    keptTriangles = request.decimation.share
    toleranceAngstrom = request.decimation.tolerance?.angstrom
    splitsComponents = request.splitsComponents
    colour =
      switch request.colouring {
      case .feature: "feature"
      case .component: "component"
      case .fixed(let colour): "\(colour.x) \(colour.y) \(colour.z)"
      }
    frame = request.usedFrame.rawValue
    unit = request.usedUnit.rawValue
    byteSign = request.view.byteSign.rawValue
    isPermissive = request.view.isPermissive
    voxelSizeAngstromXYZ = request.view.voxelSize.map { [$0.x.angstrom, $0.y.angstrom, $0.z.angstrom] }
  }
}

/// What was made, for programs: the member `results` of the record and of the JSON line.
package struct MeshResults: Encodable, Sendable {
  /// One connected piece of the segmentation and its surface.
  package struct Piece: Encodable, Sendable {
    /// Counted from 1, the largest first.
    package var component: Int
    /// Of the binned volume.
    package var voxels: Int
    /// By its voxels.
    package var volumeCubicNanometer: Double
    package var areaSquareNanometer: Double
    package var vertices: Int
    package var triangles: Int
    /// With files of their own.
    package var file: String?
  }

  package var threshold: Double
  package var thresholdReason: String
  package var binning: Int
  package var unit: String
  package var frame: String
  package var components: [Piece]
}
