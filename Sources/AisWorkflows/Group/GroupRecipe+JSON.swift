import AisCore
import AisFormats
import AisSegmentation

extension GroupRecipe {
  /// The recipe as a document for people: one line for each model and each interaction.
  package var json: [UInt8] {
    var text = """
      {
        "schema": \(JSONText.quoted(Self.schemaName)),
        "title": \(JSONText.quoted(title)),
        "dimension": \(dimension.rawValue),
        "compatibility": \(JSONText.quoted(compatibility.rawValue)),
        "models": [

      """
    text += models.map { "    " + $0.line }.joined(separator: ",\n")
    text += "\n  ],\n  \"interactions\": ["
    text += rules.isEmpty ? "]\n" : "\n" + rules.map { "    " + $0.line }.joined(separator: ",\n") + "\n  ]\n"
    return Array((text + "}\n").utf8)
  }

  /// Reads a recipe. Keys that are not known are refused: a misspelt one would otherwise be passed over in silence.
  ///
  /// Only the document is checked, not whether its parts fit together (`findings`) and its networks are there.
  package init(parsing bytes: [UInt8], name: String) throws(AisError) {
    let document = try JSONValue(parsing: bytes, name: name)
    guard let schema = document["schema"]?.string else {
      throw AisError(
        .malformed, "'\(name)' is no group: expected a recipe with \"schema\": \"\(Self.schemaName)\", or a .scnmgroup")
    }
    guard schema == Self.schemaName else {
      throw AisError(
        .unsupported,
        "'\(name)' has the schema '\(schema)', expected '\(Self.schemaName)': it is another kind of file, or was written by a newer Ais"
      )
    }
    var reader = RecipeReader(name: name)
    try reader.knows(
      document, ["schema", "title", "dimension", "compatibility", "models", "interactions"], "the recipe")
    title = try reader.text(document, "title", "the recipe") ?? "group"
    if let number = try reader.number(document, "dimension", "the recipe") {
      guard let known = Int(exactly: number).flatMap(Combination.Dimension.init(rawValue:)) else {
        throw reader.wrong("'dimension' is \(JSONText.number(number)), expected 2 (slice by slice) or 3")
      }
      dimension = known
    }
    if let word = try reader.text(document, "compatibility", "the recipe") {
      guard let known = Combination.Rounding(rawValue: word) else {
        throw reader.wrong("'compatibility' is '\(word)', expected 'standard' or 'reference'")
      }
      compatibility = known
    }
    models = []
    for (index, entry) in try reader.list(document, "models").enumerated() {
      models.append(try Model(entry, "model \(index + 1)", &reader))
    }
    rules = []
    for (index, entry) in try reader.list(document, "interactions").enumerated() {
      rules.append(try Rule(entry, "interaction \(index + 1)", &reader))
    }
  }
}

extension GroupRecipe.Model {
  fileprivate var line: String {
    var line = "{\"title\": \(JSONText.quoted(title)), \"file\": \(JSONText.quoted(file)), "
    line += "\"threshold\": \(JSONText.number(threshold)), \"emit\": \(emits), \"absorb\": \(absorbs)"
    if let contentHash { line += ", \"contentHash\": \(JSONText.quoted(contentHash))" }
    if let augmentations { line += ", \"augmentations\": \(augmentations)" }
    if let tiling { line += ", \"tiling\": \(JSONText.quoted(tiling.rawValue))" }
    switch scaling {
    case nil: break
    case .asTrained: line += ", \"processingVoxelSize\": \"model\""
    case .native: line += ", \"processingVoxelSize\": \"native\""
    case .pixelSize(let size): line += ", \"processingVoxelSize\": \(JSONText.number(size.angstrom))"
    }
    return line + "}"
  }

  fileprivate init(_ json: JSONValue, _ place: String, _ reader: inout RecipeReader) throws(AisError) {
    try reader.knows(
      json,
      [
        "title", "file", "threshold", "emit", "absorb", "contentHash", "augmentations", "tiling", "processingVoxelSize",
      ], place)
    title = try reader.needed(try reader.text(json, "title", place), "title", place)
    file = try reader.needed(try reader.text(json, "file", place), "file", place)
    contentHash = try reader.text(json, "contentHash", place)
    if let contentHash, contentHash.count != 64 || !contentHash.allSatisfy(\.isHexDigit) {
      throw reader.wrong("'contentHash' of \(place) is no SHA-256: expected 64 hexadecimal digits")
    }
    threshold = try reader.number(json, "threshold", place) ?? threshold
    emits = try reader.flag(json, "emit", place) ?? emits
    absorbs = try reader.flag(json, "absorb", place) ?? absorbs
    if let number = try reader.number(json, "augmentations", place) {
      guard let count = Int(exactly: number), (1...8).contains(count) else {
        throw reader.wrong("'augmentations' of \(place) is \(JSONText.number(number)), expected 1 to 8")
      }
      augmentations = count
    }
    if let word = try reader.text(json, "tiling", place) {
      guard let known = InferenceSettings.Tiling(rawValue: word) else {
        throw reader.wrong("'tiling' of \(place) is '\(word)', expected 'standard' or 'exact'")
      }
      tiling = known
    }
    scaling = try Self.scaling(json, place, &reader)
  }
}

extension GroupRecipe.Model {
  /// `"model"`, `"native"`, or the edge of a pixel in ångström.
  private static func scaling(
    _ json: JSONValue, _ place: String, _ reader: inout RecipeReader
  ) throws(AisError) -> InferenceSettings.Scaling? {
    switch json["processingVoxelSize"] {
    case nil: return nil
    case .string("model")?: return .asTrained
    case .string("native")?: return .native
    case .number(let size)? where size > 0 && size.isFinite: return .pixelSize(.angstroms(size))
    default:
      throw reader.wrong(
        "'processingVoxelSize' of \(place) is neither 'model', 'native' nor a length in ångström above 0")
    }
  }
}

extension GroupRecipe.Rule {
  fileprivate var line: String {
    "{\"type\": \(JSONText.quoted(kind.rawValue)), \"child\": \(JSONText.quoted(child)), "
      + "\"parent\": \(JSONText.quoted(parent)), \"radiusNanometer\": \(JSONText.number(radiusNanometer)), "
      + "\"threshold\": \(JSONText.number(threshold))}"
  }

  fileprivate init(_ json: JSONValue, _ place: String, _ reader: inout RecipeReader) throws(AisError) {
    try reader.knows(json, ["type", "child", "parent", "radiusNanometer", "threshold"], place)
    let word = try reader.needed(try reader.text(json, "type", place), "type", place)
    guard let kind = Interaction.Kind(word: word) else {
      throw reader.wrong("'type' of \(place) is '\(word)', expected 'colocalize' or 'avoid'")
    }
    self.kind = kind
    child = try reader.needed(try reader.text(json, "child", place), "child", place)
    parent = try reader.needed(try reader.text(json, "parent", place), "parent", place)
    radiusNanometer = try reader.needed(
      try reader.number(json, "radiusNanometer", place), "radiusNanometer", place)
    threshold = try reader.number(json, "threshold", place) ?? 0.5
  }
}

extension Interaction.Kind {
  /// The word in either spelling.
  package init?(word: String) {
    switch word.lowercased() {
    case "colocalize", "colocalise": self = .colocalize
    case "avoid": self = .avoid
    default: return nil
    }
  }
}

/// Takes values out of a recipe and says what is wrong with them.
private struct RecipeReader {
  let name: String

  func wrong(_ problem: String) -> AisError { AisError(.malformed, "'\(name)': \(problem)") }

  func knows(_ json: JSONValue, _ keys: [String], _ place: String) throws(AisError) {
    guard case .object(let members) = json else { throw wrong("\(place) is no object in curly brackets") }
    for key in members.keys.sorted() where !keys.contains(key) {
      throw wrong("\(place) has '\(key)', which means nothing there; known are \(keys.joined(separator: ", "))")
    }
  }

  func needed<Value>(_ value: Value?, _ key: String, _ place: String) throws(AisError) -> Value {
    guard let value else { throw wrong("\(place) has no '\(key)'") }
    return value
  }

  func text(_ json: JSONValue, _ key: String, _ place: String) throws(AisError) -> String? {
    guard let value = json[key] else { return nil }
    guard let text = value.string, !text.isEmpty else { throw wrong("'\(key)' of \(place) is no text") }
    return text
  }

  func number(_ json: JSONValue, _ key: String, _ place: String) throws(AisError) -> Double? {
    guard let value = json[key] else { return nil }
    guard let number = value.number, number.isFinite else { throw wrong("'\(key)' of \(place) is no number") }
    return number
  }

  func flag(_ json: JSONValue, _ key: String, _ place: String) throws(AisError) -> Bool? {
    guard let value = json[key] else { return nil }
    guard let flag = value.bool else { throw wrong("'\(key)' of \(place) is neither true nor false") }
    return flag
  }

  func list(_ json: JSONValue, _ key: String) throws(AisError) -> [JSONValue] {
    guard let value = json[key] else {
      if key == "models" { throw wrong("the recipe has no 'models'") }
      return []
    }
    guard let list = value.array else { throw wrong("'\(key)' is no list in square brackets") }
    return list
  }
}
