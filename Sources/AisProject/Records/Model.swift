import AisCore
import GRDB

/// A network of the project, and how it is used and shown.
package struct Model: Sendable, Hashable, Identifiable {
  package var id: Int64
  package var title: String
  /// Where it stands in the list; smaller is higher.
  package var position: Double
  package var colour: Feature.Colour
  package var opacity: Double
  /// What counts as found, 0…1.
  package var threshold: Double
  /// Whether it is computed for slices that are looked at, and takes part in competition and rules.
  package var isActive: Bool
  package var isVisible: Bool
  package var isBlended: Bool
  package var emits: Bool
  package var absorbs: Bool
  /// The feature that it was made for.
  package var feature: Int64?
  /// Orientations averaged, 1…8.
  package var augmentations: Int
  /// `standard` or `exact`.
  package var tiling: String
  /// The voxel size in Å that it works at: `nil` as it was trained, 0 the tomogram's own.
  package var processingVoxelSize: Double?
  /// The name of its file in the project's folder of models; `nil` while there is none yet.
  package var file: String?
  /// What the file holds, as JSON.
  package var network: String?
  /// The training that it comes from.
  package var training: String?
  /// Where it came from, as JSON.
  package var source: String?

  init(_ row: Row) {
    id = row["id"]
    title = row["title"]
    position = row["position"]
    colour = Feature.Colour(red: row["red"], green: row["green"], blue: row["blue"])
    opacity = row["opacity"]
    threshold = row["threshold"]
    isActive = row["is_active"]
    isVisible = row["is_visible"]
    isBlended = row["is_blended"]
    emits = row["emits"]
    absorbs = row["absorbs"]
    feature = row["feature"]
    augmentations = row["augmentations"]
    tiling = row["tiling"]
    processingVoxelSize = row["processing_voxel_size_angstrom"]
    file = row["file"]
    network = row["network"]
    training = row["training"]
    source = row["source"]
  }
}

/// What a model is made with, or what of it changes: `nil` leaves it, or takes the default.
package struct ModelFields: Sendable {
  package var title: String?
  package var position: Double?
  package var colour: Feature.Colour?
  package var opacity: Double?
  package var threshold: Double?
  package var isActive: Bool?
  package var isVisible: Bool?
  package var isBlended: Bool?
  package var emits: Bool?
  package var absorbs: Bool?
  package var feature: Int64??
  package var augmentations: Int?
  package var tiling: String?
  package var processingVoxelSize: Double??
  package var file: String?
  package var network: String?
  package var training: String?
  package var source: String?

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
    if let threshold { values["threshold"] = .real(threshold) }
    if let isActive { values["is_active"] = .flag(isActive) }
    if let isVisible { values["is_visible"] = .flag(isVisible) }
    if let isBlended { values["is_blended"] = .flag(isBlended) }
    if let emits { values["emits"] = .flag(emits) }
    if let absorbs { values["absorbs"] = .flag(absorbs) }
    if let feature { values["feature"] = feature.map { .integer($0) } ?? .null }
    if let augmentations { values["augmentations"] = .integer(Int64(augmentations)) }
    if let tiling { values["tiling"] = .text(tiling) }
    if let processingVoxelSize { values["processing_voxel_size_angstrom"] = .optional(processingVoxelSize) }
    if let file { values["file"] = .text(file) }
    if let network { values["network"] = .text(network) }
    if let training { values["training"] = .text(training) }
    if let source { values["source"] = .text(source) }
    return values
  }
}

/// What one model does to another's result. Rules are carried out in the order of their positions, after the competition.
package struct ModelRule: Sendable, Hashable, Identifiable {
  package var id: Int64
  package var position: Double
  /// `avoid` or `colocalize`.
  package var kind: String
  /// The model that is changed.
  package var child: Int64
  package var parent: Int64
  package var radius: Length
  /// On the parent's probability, 0…1.
  package var threshold: Double

  init(_ row: Row) {
    id = row["id"]
    position = row["position"]
    kind = row["kind"]
    child = row["child"]
    parent = row["parent"]
    radius = .nanometers(row["radius_nanometer"])
    threshold = row["threshold"]
  }
}

/// What a rule is made with, or what of it changes.
package struct ModelRuleFields: Sendable {
  package var position: Double?
  package var kind: String?
  package var child: Int64?
  package var parent: Int64?
  package var radius: Length?
  package var threshold: Double?

  package init() {}

  var values: [String: ProjectValue] {
    var values: [String: ProjectValue] = [:]
    if let position { values["position"] = .real(position) }
    if let kind { values["kind"] = .text(kind) }
    if let child { values["child"] = .integer(child) }
    if let parent { values["parent"] = .integer(parent) }
    if let radius { values["radius_nanometer"] = .real(radius.nanometer) }
    if let threshold { values["threshold"] = .real(threshold) }
    return values
  }
}
