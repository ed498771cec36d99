import AisCore
import GRDB

/// A named collection of features with their settings, to begin new work with.
package struct FeatureLibrary: Sendable, Hashable, Identifiable {
  package var id: Int64
  package var name: String
  package var isActive: Bool
  package var features: [LibraryFeature]
}

/// One card of a library.
package struct LibraryFeature: Sendable, Hashable, Identifiable {
  package var id: Int64
  package var library: Int64
  package var position: Double
  package var fields: LibraryFeatureFields

  init(_ row: Row) {
    id = row["id"]
    library = row["library"]
    position = row["position"]
    fields = LibraryFeatureFields(title: row["title"])
    fields.colour = Feature.Colour(red: row["red"], green: row["green"], blue: row["blue"])
    fields.opacity = row["opacity"]
    fields.brush = .nanometers(row["brush_nanometer"])
    fields.boxSize = row["box_size"]
    fields.isUsed = row["is_used"]
    fields.level = row["level"]
    fields.dustCubicNanometer = row["dust_cubic_nanometer"]
    fields.surfaceOpacity = row["surface_opacity"]
    fields.isSurfaceHidden = row["is_surface_hidden"]
  }
}

/// What a card is made with, or what of it changes: `nil` leaves it, or takes the default.
package struct LibraryFeatureFields: Sendable, Hashable {
  package var title: String?
  package var position: Double?
  package var colour: Feature.Colour?
  package var opacity: Double?
  /// The brush's radius.
  package var brush: Length?
  /// Voxels.
  package var boxSize: Int?
  package var isUsed: Bool?
  /// The level of the surface in a segmentation, 0…255.
  package var level: Double?
  package var dustCubicNanometer: Double?
  package var surfaceOpacity: Double?
  package var isSurfaceHidden: Bool?

  package init(title: String? = nil) { self.title = title }

  var values: [String: ProjectValue] {
    var values: [String: ProjectValue] = [:]
    if let title { values["title"] = .text(title) }
    if let position { values["position"] = .real(position) }
    if let colour {
      values["red"] = .real(colour.red)
      values["green"] = .real(colour.green)
      values["blue"] = .real(colour.blue)
    }
    if let opacity { values["opacity"] = .real(opacity) }
    if let brush { values["brush_nanometer"] = .real(brush.nanometer) }
    if let boxSize { values["box_size"] = .integer(Int64(boxSize)) }
    if let isUsed { values["is_used"] = .flag(isUsed) }
    if let level { values["level"] = .real(level) }
    if let dustCubicNanometer { values["dust_cubic_nanometer"] = .real(dustCubicNanometer) }
    if let surfaceOpacity { values["surface_opacity"] = .real(surfaceOpacity) }
    if let isSurfaceHidden { values["is_surface_hidden"] = .flag(isSurfaceHidden) }
    return values
  }
}
