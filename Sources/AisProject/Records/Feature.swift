import AisCore
import GRDB

/// A kind of thing that is annotated, in all datasets of the project.
package struct Feature: Sendable, Hashable, Identifiable {
  /// Red, green, blue, each 0…1.
  package struct Colour: Sendable, Hashable {
    package var red: Double
    package var green: Double
    package var blue: Double
    package init(red: Double, green: Double, blue: Double) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    /// The colours given out in turn; told apart with impaired colour vision too.
    package static let palette: [Colour] = [
      0xFD6A4A, 0x6FD8FF, 0xECC042, 0xA654F4, 0xCDFF86, 0x8A9BFF, 0xEC82C0, 0x2F8060,
    ].map { (code: Int) in
      Colour(red: Double(code >> 16) / 255, green: Double(code >> 8 & 255) / 255, blue: Double(code & 255) / 255)
    }
  }

  package var id: Int64
  package var title: String
  /// Where it stands in the list; smaller is higher.
  package var position: Double
  package var colour: Colour
  package var opacity: Double
  package var isVisible: Bool
  package var isOutline: Bool
  package var showsBoxes: Bool
  package var isCollapsed: Bool
  package var isFlood: Bool
  /// Percent.
  package var floodSensitivity: Double
  /// Voxels of the frame.
  package var brushRadius: Double
  /// Voxels of the frame; a dataset may have its own.
  package var boxSize: Int

  init(_ row: Row) {
    id = row["id"]
    title = row["title"]
    position = row["position"]
    colour = Colour(red: row["red"], green: row["green"], blue: row["blue"])
    opacity = row["opacity"]
    isVisible = row["is_visible"]
    isOutline = row["is_outline"]
    showsBoxes = row["shows_boxes"]
    isCollapsed = row["is_collapsed"]
    isFlood = row["is_flood"]
    floodSensitivity = row["flood_sensitivity"]
    brushRadius = row["brush_radius"]
    boxSize = row["box_size"]
  }
}

/// What a feature is made with, or what of it changes: `nil` leaves it, or takes the default.
package struct FeatureFields: Sendable {
  package var title: String?
  package var position: Double?
  package var colour: Feature.Colour?
  package var opacity: Double?
  package var isVisible: Bool?
  package var isOutline: Bool?
  package var showsBoxes: Bool?
  package var isCollapsed: Bool?
  package var isFlood: Bool?
  package var floodSensitivity: Double?
  package var brushRadius: Double?
  package var boxSize: Int?

  package init(title: String? = nil, colour: Feature.Colour? = nil, boxSize: Int? = nil) {
    self.title = title
    self.colour = colour
    self.boxSize = boxSize
  }

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
    if let isVisible { values["is_visible"] = .flag(isVisible) }
    if let isOutline { values["is_outline"] = .flag(isOutline) }
    if let showsBoxes { values["shows_boxes"] = .flag(showsBoxes) }
    if let isCollapsed { values["is_collapsed"] = .flag(isCollapsed) }
    if let isFlood { values["is_flood"] = .flag(isFlood) }
    if let floodSensitivity { values["flood_sensitivity"] = .real(floodSensitivity) }
    if let brushRadius { values["brush_radius"] = .real(brushRadius) }
    if let boxSize { values["box_size"] = .integer(Int64(boxSize)) }
    return values
  }
}

/// A box that a person placed around something.
package struct AnnotationBox: Sendable, Hashable, Identifiable {
  package var id: Int64
  package var dataset: Int64
  package var feature: Int64
  /// Of the frame, counted from 0.
  package var slice: Int
  /// The centre, in voxels of the frame.
  package var y: Double
  package var x: Double

  init(_ row: Row) {
    id = row["id"]
    dataset = row["dataset"]
    feature = row["feature"]
    slice = row["z"]
    y = row["y"]
    x = row["x"]
  }

  package var point: VoxelPoint { VoxelPoint(z: Double(slice), y: y, x: x) }
}
