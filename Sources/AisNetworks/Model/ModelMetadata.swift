import AisCore
import AisFormats

/// What a `.scnm` file says about its network besides the network itself.
///
/// Every key is optional when reading: missing or senseless ones get the value that a new model of the reference
/// program has, senseless ones also a warning. Names in quotes are the keys of the file.
package struct ModelMetadata: Sendable, Equatable {
  /// How slices are normalised before the network sees them.
  package enum Normalization: String, Sendable {
    /// `global_mad`: by the median and the mean absolute deviation of the whole tomogram.
    case globalMAD = "global_mad"
    /// No tag: every slice by its own mean and standard deviation.
    case perSlice = "per_slice"
  }

  /// Red, green and blue from 0 to 1.
  package struct Colour: Sendable, Equatable {
    package var red: Double
    package var green: Double
    package var blue: Double

    package init(red: Double, green: Double, blue: Double) {
      self.red = red
      self.green = green
      self.blue = blue
    }
  }

  /// The feature that the network finds; becomes part of the names of its segmentations.
  package var title = "Unnamed model"
  /// "colour"
  package var colour = Colour(red: 66 / 255, green: 214 / 255, blue: 164 / 255)
  /// The pixel size in Å that the network was trained at; `nil` when unknown, and then nothing is ever rescaled.
  package var apix: Double?
  /// "box_size": the edge of the training boxes in pixels.
  package var boxSize: Int?
  /// "model_depth": slices in one input; 1 is 2D, more are 2.5D or 3D.
  package var modelDepth = 1
  /// "filament_diameter": the diameter of the tubes that softened the training labels, in pixels.
  package var filamentDiameter: Double?
  /// "arch", or else the text before the bracket in "info".
  package var architecture: String?
  /// "model_enum": an index into the writer's list of architectures. Its meaning changed between versions; never used.
  package var modelEnum: Int?
  /// "compiled"
  package var isCompiled = true
  package var epochs = 50
  package var batchSize = 32
  /// "active": runs on every slice that is looked at.
  package var isActive = true
  /// "blend": adds to the picture instead of covering it.
  package var isBlended = false
  /// "show"
  package var isShown = true
  /// "alpha": the overlay's opacity.
  package var opacity = 0.75
  /// From 0 to 1; what counts as found.
  package var threshold = 0.5
  /// The part that neighbouring tiles share, 0 to 0.9.
  package var overlap = 0.2
  package var activeTab = 0
  /// "n_parameters"
  package var parameterCount = 0
  /// "n_copies": how often every training box was used.
  package var copies = 10
  package var info = ""
  /// "info_short"
  package var shortInfo = ""
  /// "excess_negative", in percent; −100 means all samples as they are.
  package var excessNegative = -100
  /// "emit" and "absorb": takes part in competition between models.
  package var emits = false
  package var absorbs = false
  /// The last loss of training; `nil` when it was not a number.
  package var loss: Double? = 0
  package var normalization = Normalization.perSlice
  /// "z_jitter"
  package var zJitter = 0
  /// Test-time augmentation: turns and mirrors averaged, 1 to 8.
  package var tta = 1
  /// "uid": only in files until October 2023.
  package var uid: Int?

  package init() {}

  /// The pixel size that the network was trained at.
  package var pixelSize: Length? { apix.map { .angstroms($0) } }
}

extension ModelMetadata {
  /// Reads the flat JSON object of a `.scnm`; `warnings` gets a sentence for every value that makes no sense.
  package init(_ json: JSONValue, warnings: inout [String]) {
    var reader = MetadataReader(json: json)
    title = reader.text("title", title)
    colour = reader.colour("colour", colour)
    let pixelSize = reader.number("apix", -1)
    apix = pixelSize.isFinite && pixelSize > 0 ? pixelSize : nil
    let box = reader.integer("box_size", -1, in: -1...1 << 16)
    boxSize = box > 0 ? box : nil
    // Builds of November and December 2025 called it "box_depth".
    modelDepth = reader.integer(json["model_depth"] == nil ? "box_depth" : "model_depth", modelDepth, in: 1...1 << 16)
    let diameter = reader.number("filament_diameter", 0)
    filamentDiameter = diameter > 0 && diameter.isFinite ? diameter : nil
    modelEnum = json["model_enum"]?.integer
    isCompiled = reader.flag("compiled", isCompiled)
    epochs = reader.integer("epochs", epochs, in: 0...Int.max)
    batchSize = reader.integer("batch_size", batchSize, in: 1...Int.max)
    isActive = reader.flag("active", isActive)
    isBlended = reader.flag("blend", isBlended)
    isShown = reader.flag("show", isShown)
    opacity = reader.number("alpha", opacity, in: 0...1)
    threshold = reader.number("threshold", threshold, in: 0...1)
    overlap = reader.number("overlap", overlap, in: 0...0.9)
    activeTab = reader.integer("active_tab", activeTab, in: 0...2)
    parameterCount = reader.integer("n_parameters", parameterCount, in: 0...Int.max)
    copies = reader.integer("n_copies", copies, in: 0...Int.max)
    info = reader.text("info", info)
    shortInfo = reader.text("info_short", shortInfo)
    excessNegative = reader.integer("excess_negative", excessNegative, in: -100...Int.max)
    emits = reader.flag("emit", emits)
    absorbs = reader.flag("absorb", absorbs)
    let loss = reader.number("loss", 0)
    self.loss = loss.isFinite ? loss : nil
    zJitter = reader.integer("z_jitter", zJitter, in: 0...1 << 16)
    tta = reader.integer("tta", tta, in: 1...8)
    uid = json["uid"]?.integer
    architecture = Self.architecture(named: reader.text("arch", ""), info: info)
    let tag = reader.text("normalization", "")
    if let known = Normalization(rawValue: tag) {
      normalization = known
    } else if !tag.isEmpty {
      reader.warnings.append("'normalization' is '\(tag)', which is not known: slices are normalised one by one")
    }
    warnings += reader.warnings
  }

  /// Info strings read `<architecture> (<parameters>, …)`.
  private static func architecture(named name: String, info: String) -> String? {
    if !name.isEmpty { return name }
    let parts = info.split(separator: " (", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.count == 2 && !parts[0].isEmpty ? String(parts[0]) : nil
  }
}

/// Takes values out of the object; what is missing or null gives the default, what makes no sense also a warning.
private struct MetadataReader {
  let json: JSONValue
  var warnings: [String] = []

  mutating func text(_ key: String, _ value: String) -> String { take(key, value, expected: "text", \.string) }
  mutating func flag(_ key: String, _ value: Bool) -> Bool { take(key, value, expected: "true or false", \.bool) }

  mutating func number(_ key: String, _ value: Double) -> Double { take(key, value, expected: "a number", \.number) }

  mutating func number(_ key: String, _ value: Double, in range: ClosedRange<Double>) -> Double {
    let number = number(key, value)
    if range.contains(number) { return number }
    warnings.append("'\(key)' is \(number), expected \(range.lowerBound) to \(range.upperBound): \(value) is used")
    return value
  }

  mutating func integer(_ key: String, _ value: Int, in range: ClosedRange<Int>) -> Int {
    let integer = take(key, value, expected: "a whole number") { (json: JSONValue) in json.integer }
    if range.contains(integer) { return integer }
    let bounds = range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
    warnings.append("'\(key)' is \(integer), expected \(bounds): \(value) is used")
    return value
  }

  mutating func colour(_ key: String, _ value: ModelMetadata.Colour) -> ModelMetadata.Colour {
    let channels = take(key, [value.red, value.green, value.blue], expected: "three numbers") { (json: JSONValue) in
      let numbers = json.array?.compactMap(\.number).filter(\.isFinite)
      return numbers?.count == 3 ? numbers : nil
    }
    // One of the reference's own default colours has a channel of 266 / 255.
    let clamped = channels.map { min(max($0, 0), 1) }
    return ModelMetadata.Colour(red: clamped[0], green: clamped[1], blue: clamped[2])
  }

  private mutating func take<Value>(
    _ key: String, _ value: Value, expected: String, _ read: (JSONValue) -> Value?
  ) -> Value {
    guard let found = json[key], !found.isNull else { return value }
    guard let result = read(found) else {
      warnings.append("'\(key)' is not \(expected): \(value) is used")
      return value
    }
    return result
  }
}
