import AisCore
import AisFormats
import AisProject

/// A project's state as the JSON that pages begin with.
struct ProjectDocument {
  let project: Project
  let versions: VersionStates

  init(_ project: Project, versions: VersionStates) {
    self.project = project
    self.versions = versions
  }

  /// Everything but the annotations themselves, which are asked for by dataset.
  ///
  /// - Parameter models: members about networks, as `ModelDocument` has them.
  func snapshot(
    author: String, people: [JSONValue], models: [String: JSONValue]
  ) throws(AisError) -> JSONValue {
    let versions = try project.versions()
    let settings = try project.settings(author: author).mapValues { JSONValue.string($0) }
    let members: [String: JSONValue] = [
      "schema": .string("ais.project-state/1"), "sequence": .number(try project.lastSequence()),
      "name": .string(project.folder.name), "path": .string(project.folder.path),
      "datasets": .array(
        try project.datasets().map { dataset in
          .object([
            "id": .number(dataset.id), "name": .string(dataset.name), "position": .number(dataset.position),
            "shape": Self.json(dataset.shape),
            "voxelSizeAngstrom": dataset.voxelSize.map { Self.json($0) } ?? .null,
            "versions": .array(versions.filter { $0.dataset == dataset.id }.map(json)),
          ])
        }),
      "features": .array(try project.features().map(Self.json)),
      "layers": .array(
        try project.layers().map { layer in
          .object([
            "id": .number(layer.id), "dataset": .number(layer.dataset), "feature": .number(layer.feature),
            "boxSize": .optional(layer.boxSize),
          ])
        }),
      "libraries": .array(
        try project.libraries().map { library in
          .object([
            "id": .number(library.id), "name": .string(library.name), "isActive": .bool(library.isActive),
            "features": .array(library.features.map(Self.json)),
          ])
        }),
      "settings": .object(settings), "annotated": .array(try totals()), "people": .array(people),
    ]
    return .object(members.merging(models) { $1 })
  }

  /// Slices and boxes of every feature in every dataset.
  private func totals() throws(AisError) -> [JSONValue] {
    struct Key: Hashable {
      var dataset: Int64
      var feature: Int64
    }
    var order: [Key] = []
    var totals: [Key: (slices: Int, boxes: Int)] = [:]
    for slice in try project.annotatedSlices() {
      let key = Key(dataset: slice.dataset, feature: slice.feature)
      if totals[key] == nil { order.append(key) }
      totals[key, default: (0, 0)].slices += 1
      totals[key, default: (0, 0)].boxes += slice.boxCount
    }
    return order.map { key in
      .object([
        "dataset": .number(key.dataset), "feature": .number(key.feature), "slices": .number(totals[key]!.slices),
        "boxes": .number(totals[key]!.boxes),
      ])
    }
  }

  /// What is annotated in a dataset, and how the author last looked at it.
  func annotations(of dataset: Int64, author: String) throws(AisError) -> JSONValue {
    // The number first: a line that comes in between is then sent again, and not lost.
    let sequence = try project.lastSequence()
    let slices = try project.annotatedSlices(dataset: dataset)
    return .object([
      "sequence": .number(sequence),
      "slices": .array(
        slices.map { slice in
          .object([
            "feature": .number(slice.feature), "slice": .number(slice.slice), "pixels": .number(slice.pixelCount),
            "boxes": .number(slice.boxCount),
          ])
        }),
      "boxes": .array(
        try project.boxes(dataset: dataset).map { box in
          .object([
            "id": .number(box.id), "feature": .number(box.feature), "slice": .number(box.slice), "y": .number(box.y),
            "x": .number(box.x),
          ])
        }), "view": try project.view(of: dataset, by: author).map { Self.json($0.fields) } ?? .null,
    ])
  }

  private func json(_ version: DatasetVersion) -> JSONValue {
    let state = versions.state(of: version)
    return .object([
      "id": .number(version.id), "kind": .string(version.kind.rawValue), "title": .string(version.title),
      "position": .number(version.position), "path": .string(state?.path ?? version.reference.path),
      "shape": Self.json(version.reference.shape),
      "scale": .object(["up": .number(version.scale.up), "down": .number(version.scale.down)]),
      "state": .string((state?.kind ?? .missing).rawValue), "reason": .string(state?.reason ?? ""),
      "key": .string(state?.key ?? ""),
    ])
  }

  static func json(_ shape: Shape) -> JSONValue {
    .object(["z": .number(shape.z), "y": .number(shape.y), "x": .number(shape.x)])
  }

  static func json(_ size: VoxelSize) -> JSONValue {
    .object(["z": .number(size.z.angstrom), "y": .number(size.y.angstrom), "x": .number(size.x.angstrom)])
  }

  private static func json(_ colour: Feature.Colour) -> JSONValue {
    .object(["red": .number(colour.red), "green": .number(colour.green), "blue": .number(colour.blue)])
  }

  static func json(_ feature: Feature) -> JSONValue {
    .object([
      "id": .number(feature.id), "title": .string(feature.title), "position": .number(feature.position),
      "colour": json(feature.colour), "opacity": .number(feature.opacity), "isVisible": .bool(feature.isVisible),
      "isOutline": .bool(feature.isOutline), "showsBoxes": .bool(feature.showsBoxes),
      "isCollapsed": .bool(feature.isCollapsed), "isFlood": .bool(feature.isFlood),
      "floodSensitivity": .number(feature.floodSensitivity), "brushRadius": .number(feature.brushRadius),
      "boxSize": .number(feature.boxSize),
    ])
  }

  static func json(_ card: LibraryFeature) -> JSONValue {
    let fields = card.fields
    return .object([
      "id": .number(card.id), "library": .number(card.library), "position": .number(card.position),
      "title": .optional(fields.title), "colour": fields.colour.map { json($0) } ?? .null,
      "opacity": .optional(fields.opacity), "brushNanometer": .optional(fields.brush?.nanometer),
      "boxSize": .optional(fields.boxSize), "isUsed": fields.isUsed.map { .bool($0) } ?? .null,
      "level": .optional(fields.level), "dustCubicNanometer": .optional(fields.dustCubicNanometer),
      "surfaceOpacity": .optional(fields.surfaceOpacity),
      "isSurfaceHidden": fields.isSurfaceHidden.map { .bool($0) } ?? .null,
    ])
  }

  static func json(_ view: DatasetViewFields) -> JSONValue {
    .object([
      "centre": view.centre.map { .object(["z": .number($0.z), "y": .number($0.y), "x": .number($0.x)]) } ?? .null,
      "zoom": .optional(view.zoom),
      "contrast": view.contrast.map { .object(["black": .number($0.black), "white": .number($0.white)]) } ?? .null,
      "hasAutoContrast": view.hasAutoContrast.map { .bool($0) } ?? .null,
      "isInverted": view.isInverted.map { .bool($0) } ?? .null,
      "interpolates": view.interpolates.map { .bool($0) } ?? .null, "version": .optional(view.version),
      "filters": .optional(view.filters), "extras": .optional(view.extras),
    ])
  }
}
