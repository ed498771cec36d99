import AisCore
import GRDB

/// How one person looks at one dataset.
package struct DatasetView: Sendable, Hashable {
  package var dataset: Int64
  package var author: String
  package var fields: DatasetViewFields

  init(_ row: Row) {
    dataset = row["dataset"]
    author = row["author"]
    fields = DatasetViewFields()
    if let z = row["z"] as Double?, let y = row["y"] as Double?, let x = row["x"] as Double? {
      fields.centre = VoxelPoint(z: z, y: y, x: x)
    }
    fields.zoom = row["zoom"]
    if let black = row["black"] as Double?, let white = row["white"] as Double? {
      fields.contrast = DatasetViewFields.Contrast(black: black, white: white)
    }
    fields.hasAutoContrast = row["has_auto_contrast"]
    fields.isInverted = row["is_inverted"]
    fields.interpolates = row["interpolates"]
    fields.version = row["version"]
    fields.filters = row["filters"]
    fields.extras = row["extras"]
  }
}

/// What of a view changes: `nil` leaves it.
package struct DatasetViewFields: Sendable, Hashable {
  package struct Contrast: Sendable, Hashable {
    package var black: Double
    package var white: Double
    package init(black: Double, white: Double) {
      self.black = black
      self.white = white
    }
  }

  /// The voxel of the frame in the middle of the picture; its z is the slice.
  package var centre: VoxelPoint?
  /// Pixels of the screen for a voxel of the frame.
  package var zoom: Double?
  package var contrast: Contrast?
  package var hasAutoContrast: Bool?
  package var isInverted: Bool?
  package var interpolates: Bool?
  /// The version that is shown.
  package var version: Int64?
  /// The stack of filters, JSON.
  package var filters: String?
  /// Whatever else the page wants back, JSON.
  package var extras: String?

  package init() {}

  var values: [String: ProjectValue] {
    var values: [String: ProjectValue] = [:]
    if let centre {
      values["z"] = .real(centre.z)
      values["y"] = .real(centre.y)
      values["x"] = .real(centre.x)
    }
    if let zoom { values["zoom"] = .real(zoom) }
    if let contrast {
      values["black"] = .real(contrast.black)
      values["white"] = .real(contrast.white)
    }
    if let hasAutoContrast { values["has_auto_contrast"] = .flag(hasAutoContrast) }
    if let isInverted { values["is_inverted"] = .flag(isInverted) }
    if let interpolates { values["interpolates"] = .flag(interpolates) }
    if let version { values["version"] = .integer(version) }
    if let filters { values["filters"] = .text(filters) }
    if let extras { values["extras"] = .text(extras) }
    return values
  }
}
