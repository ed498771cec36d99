import AisCore
import AisFormats
import Foundation

/// Edits as JSON, for pages and scripts. `docs/reference/project-edits.md` describes every kind.
extension Edit {
  /// Reads one edit: `{"kind": "place-box", "dataset": 1, …}`. Throws `usage` with what is missing.
  package init(json: JSONValue) throws(AisError) {
    let reader = try EditReader(json)
    switch reader.kind {
    case "change-dataset": self = .changeDataset(try reader.id("dataset"), try reader.datasetFields())
    case "remove-dataset": self = .removeDataset(try reader.id("dataset"))
    case "remove-version": self = .removeVersion(try reader.id("version"))
    case "create-feature": self = .createFeature(try reader.featureFields(), id: reader.optionalId("id"))
    case "change-feature": self = .changeFeature(try reader.id("feature"), try reader.featureFields())
    case "delete-feature": self = .deleteFeature(try reader.id("feature"))
    case "set-box-size":
      self = .setBoxSize(
        dataset: try reader.id("dataset"), feature: try reader.id("feature"), json["boxSize"]?.integer)
    case "paint": self = .paint(try reader.patch())
    case "clear-slice":
      self = .clearSlice(
        dataset: try reader.id("dataset"), feature: try reader.id("feature"), slice: try reader.integer("slice"))
    case "place-box":
      self = .placeBox(
        dataset: try reader.id("dataset"), feature: try reader.id("feature"), slice: try reader.integer("slice"),
        y: try reader.number("y"), x: try reader.number("x"), id: reader.optionalId("id"))
    case "move-box":
      self = .moveBox(
        try reader.id("box"), slice: try reader.integer("slice"), y: try reader.number("y"), x: try reader.number("x"))
    case "remove-box": self = .removeBox(try reader.id("box"))
    case "set-view": self = .setView(dataset: try reader.id("dataset"), try reader.viewFields())
    case "set-setting":
      self = .setSetting(
        try reader.text("name"), json: json["value"]?.string, isPersonal: json["isPersonal"]?.bool ?? false)
    case "add-library": self = .addLibrary(try reader.text("name"), isActive: json["isActive"]?.bool ?? false)
    case "change-library":
      self = .changeLibrary(try reader.id("library"), name: json["name"]?.string, isActive: json["isActive"]?.bool)
    case "remove-library": self = .removeLibrary(try reader.id("library"))
    case "add-library-feature":
      self = .addLibraryFeature(library: try reader.id("library"), try reader.cardFields())
    case "change-library-feature": self = .changeLibraryFeature(try reader.id("card"), try reader.cardFields())
    case "remove-library-feature": self = .removeLibraryFeature(try reader.id("card"))
    case "change-model": self = .changeModel(try reader.id("model"), try reader.modelFields())
    case "duplicate-model":
      self = .duplicateModel(try reader.id("model"), title: json["title"]?.string, id: reader.optionalId("id"))
    case "delete-model": self = .deleteModel(try reader.id("model"))
    case "create-rule": self = .createRule(try reader.ruleFields(), id: reader.optionalId("id"))
    case "change-rule": self = .changeRule(try reader.id("rule"), try reader.ruleFields())
    case "delete-rule": self = .deleteRule(try reader.id("rule"))
    case "create-training-set":
      self = .createTrainingSet(try reader.trainingSetFields(), id: reader.optionalId("id"))
    case "change-training-set": self = .changeTrainingSet(try reader.id("set"), try reader.trainingSetFields())
    case "delete-training-set": self = .deleteTrainingSet(try reader.id("set"))
    default: throw AisError(.usage, "'\(reader.kind)' is no kind of edit that can be sent")
    }
  }
}

/// Takes the members of an edit out of JSON.
struct EditReader {
  let json: JSONValue
  let kind: String

  init(_ json: JSONValue) throws(AisError) {
    guard let kind = json["kind"]?.string else { throw AisError(.usage, "an edit has no 'kind'") }
    self.json = json
    self.kind = kind
  }

  func id(_ name: String) throws(AisError) -> Int64 { Int64(try integer(name)) }
  func optionalId(_ name: String) -> Int64? { json[name]?.integer.map { Int64($0) } }

  func integer(_ name: String) throws(AisError) -> Int {
    guard let value = json[name]?.integer else { throw missing(name, "a whole number") }
    return value
  }

  func number(_ name: String) throws(AisError) -> Double {
    guard let value = json[name]?.number else { throw missing(name, "a number") }
    return value
  }

  func text(_ name: String) throws(AisError) -> String {
    guard let value = json[name]?.string else { throw missing(name, "a text") }
    return value
  }

  func missing(_ name: String, _ expected: String) -> AisError {
    AisError(.usage, "the edit '\(kind)' has no '\(name)', or it is not \(expected)")
  }

  func colour() throws(AisError) -> Feature.Colour? {
    guard let value = json["colour"] else { return nil }
    guard let red = value["red"]?.number, let green = value["green"]?.number, let blue = value["blue"]?.number else {
      throw missing("colour", "red, green and blue")
    }
    return .init(red: red, green: green, blue: blue)
  }

  /// `{"z": …, "y": …, "x": …}`.
  private func triple(_ name: String) throws(AisError) -> (z: Double, y: Double, x: Double)? {
    guard let value = json[name], !value.isNull else { return nil }
    guard let z = value["z"]?.number, let y = value["y"]?.number, let x = value["x"]?.number else {
      throw missing(name, "z, y and x")
    }
    return (z, y, x)
  }

  func datasetFields() throws(AisError) -> DatasetFields {
    var fields = DatasetFields(name: json["name"]?.string, position: json["position"]?.number)
    if let size = json["voxelSizeAngstrom"] {
      if size.isNull { fields.voxelSize = .some(nil) }
      if let edge = size.number {
        fields.voxelSize = VoxelSize(.angstroms(edge))
      } else if let edges = try triple("voxelSizeAngstrom") {
        fields.voxelSize = VoxelSize(z: .angstroms(edges.z), y: .angstroms(edges.y), x: .angstroms(edges.x))
      }
    }
    return fields
  }

  func featureFields() throws(AisError) -> FeatureFields {
    var fields = FeatureFields(title: json["title"]?.string, colour: try colour(), boxSize: json["boxSize"]?.integer)
    fields.position = json["position"]?.number
    fields.opacity = json["opacity"]?.number
    fields.isVisible = json["isVisible"]?.bool
    fields.isOutline = json["isOutline"]?.bool
    fields.showsBoxes = json["showsBoxes"]?.bool
    fields.isCollapsed = json["isCollapsed"]?.bool
    fields.isFlood = json["isFlood"]?.bool
    fields.floodSensitivity = json["floodSensitivity"]?.number
    fields.brushRadius = json["brushRadius"]?.number
    return fields
  }

  func cardFields() throws(AisError) -> LibraryFeatureFields {
    var fields = LibraryFeatureFields(title: json["title"]?.string)
    fields.position = json["position"]?.number
    fields.colour = try colour()
    fields.opacity = json["opacity"]?.number
    fields.brush = json["brushNanometer"]?.number.map { .nanometers($0) }
    fields.boxSize = json["boxSize"]?.integer
    fields.isUsed = json["isUsed"]?.bool
    fields.level = json["level"]?.number
    fields.dustCubicNanometer = json["dustCubicNanometer"]?.number
    fields.surfaceOpacity = json["surfaceOpacity"]?.number
    fields.isSurfaceHidden = json["isSurfaceHidden"]?.bool
    return fields
  }

  func viewFields() throws(AisError) -> DatasetViewFields {
    var fields = DatasetViewFields()
    if let centre = try triple("centre") { fields.centre = VoxelPoint(z: centre.z, y: centre.y, x: centre.x) }
    fields.zoom = json["zoom"]?.number
    if let limits = json["contrast"], !limits.isNull {
      guard let black = limits["black"]?.number, let white = limits["white"]?.number else {
        throw missing("contrast", "black and white")
      }
      fields.contrast = .init(black: black, white: white)
    }
    fields.hasAutoContrast = json["hasAutoContrast"]?.bool
    fields.isInverted = json["isInverted"]?.bool
    fields.interpolates = json["interpolates"]?.bool
    fields.version = optionalId("version")
    fields.filters = json["filters"]?.string
    fields.extras = json["extras"]?.string
    return fields
  }

  /// A rectangle, and masks of it in base64; a mask that is left out is empty.
  func patch() throws(AisError) -> MaskPatch {
    guard let place = json["rectangle"], let y = place["y"]?.integer, let x = place["x"]?.integer,
      let height = place["height"]?.integer, let width = place["width"]?.integer
    else { throw missing("rectangle", "y, x, height and width") }
    let box = PixelRectangle(y: y, x: x, height: height, width: width)
    let sides = 1...MaskStore.largestSide
    guard sides.contains(box.height), sides.contains(box.width), box.count <= MaskStore.largestPixelCount else {
      throw AisError(.usage, "a stroke of \(box.width) × \(box.height) pixels cannot be")
    }
    return MaskPatch(
      dataset: try id("dataset"), feature: try id("feature"), slice: try integer("slice"), rectangle: box,
      painted: try mask("painted", box), erased: try mask("erased", box))
  }

  private func mask(_ name: String, _ box: PixelRectangle) throws(AisError) -> SliceMask {
    guard let text = json[name]?.string else { return SliceMask(height: box.height, width: box.width) }
    guard let bytes = Data(base64Encoded: text) else { throw missing(name, "base64") }
    return try MaskCodec.decode(Array(bytes), height: box.height, width: box.width)
  }
}
