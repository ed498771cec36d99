import AisCore
import AisFormats

/// One layer of a Keras model as its file describes it, whichever version of Keras wrote it.
struct KerasLayer: Sendable {
  /// Where a layer takes an input from: a layer, and which of its calls.
  struct Source: Sendable, Hashable {
    var layer: String
    var call: Int
  }

  var className: String
  var name: String
  var config: JSONValue
  /// The inputs of every call in order; a layer used in several places has several calls.
  var calls: [[Source]]

  /// Whether the layer stands for two spatial axes or three; `nil` when it works for both.
  var dimensionality: NetworkGraph.Dimensionality? {
    for (suffix, dimensionality) in [("2D", NetworkGraph.Dimensionality.two), ("3D", .three)]
    where className.hasSuffix(suffix) || className.hasSuffix(suffix + "Transpose") {
      return dimensionality
    }
    return nil
  }

  /// The shape that an input layer, or the first layer of a `Sequential` model, states: batch axis first.
  var batchShape: [JSONValue]? { (config["batch_input_shape"] ?? config["batch_shape"])?.array }
}

/// Reads a layer's settings; every complaint names the layer.
struct KerasSettings {
  let layer: KerasLayer
  let file: String
  let dimensionality: NetworkGraph.Dimensionality

  private static let largest = 1 << 16

  /// A whole number from 1.
  func count(_ key: String) throws(AisError) -> Int {
    guard let value = layer.config[key]?.integer, (1...1 << 20).contains(value) else {
      throw wrong(key, expected: "a whole number from 1")
    }
    return value
  }

  func number(_ key: String, default value: Double) throws(AisError) -> Double {
    guard let setting = layer.config[key] else { return value }
    guard let number = setting.number, number.isFinite else { throw wrong(key, expected: "a number") }
    return number
  }

  func flag(_ key: String, default value: Bool) throws(AisError) -> Bool {
    guard let setting = layer.config[key] else { return value }
    guard let flag = setting.bool else { throw wrong(key, expected: "true or false") }
    return flag
  }

  func text(_ key: String, default value: String) throws(AisError) -> String {
    guard let setting = layer.config[key] else { return value }
    guard let text = setting.string else { throw wrong(key, expected: "a word") }
    return text
  }

  /// A size on each axis, given once for all or once each; Keras' 3D axes are (y, x, z). `nil` when absent or null.
  func extentIfPresent(_ key: String) throws(AisError) -> Extent? {
    guard let setting = layer.config[key], !setting.isNull else { return nil }
    let rank = dimensionality.rawValue
    let values = setting.integer.map { Array(repeating: $0, count: rank) } ?? setting.array?.compactMap(\.integer) ?? []
    guard values.count == rank, values.allSatisfy({ (1...Self.largest).contains($0) }) else {
      throw wrong(key, expected: "\(rank) whole numbers from 1 to \(Self.largest)")
    }
    return Extent(z: rank == 3 ? values[2] : 1, y: values[0], x: values[1])
  }

  func extent(_ key: String, default value: Extent = .one) throws(AisError) -> Extent {
    try extentIfPresent(key) ?? value
  }

  func padding() throws(AisError) -> Padding {
    let text = try text("padding", default: "valid")
    guard let padding = Padding(rawValue: text) else { throw wrong("padding", expected: "'same' or 'valid'") }
    return padding
  }

  /// The margins of a padding or cropping layer: one number, one a axis, or a pair a axis.
  func margins(_ key: String) throws(AisError) -> (before: Extent, after: Extent) {
    let rank = dimensionality.rawValue
    let setting = layer.config[key] ?? .null
    let pairs: [[Int]] =
      setting.integer.map { Array(repeating: [$0, $0], count: rank) }
      ?? (setting.array ?? []).map { axis in
        axis.integer.map { [$0, $0] } ?? axis.array?.compactMap(\.integer) ?? []
      }
    guard pairs.count == rank, pairs.allSatisfy({ $0.count == 2 && $0.allSatisfy((0...Self.largest).contains) }) else {
      throw wrong(key, expected: "\(rank) pairs of whole numbers from 0")
    }
    func extent(_ side: Int) -> Extent {
      Extent(z: rank == 3 ? pairs[2][side] : 0, y: pairs[0][side], x: pairs[1][side])
    }
    return (extent(0), extent(1))
  }

  /// The axis of channels, which must be the last: −1 or the number of spatial axes and 1, perhaps in a list.
  func requireChannelAxis() throws(AisError) {
    let setting = layer.config["axis"] ?? .number(-1)
    let axis = setting.integer ?? (setting.array?.count == 1 ? setting.array?[0].integer : nil)
    guard axis == -1 || axis == dimensionality.rawValue + 1 else {
      throw wrong("axis", expected: "the last one (channels)")
    }
  }

  func requireChannelsLast() throws(AisError) {
    let format =
      try layer.config["data_format"]?.isNull == true ? "channels_last" : text("data_format", default: "channels_last")
    guard format == "channels_last" else {
      throw .kerasLayer(
        layer, in: file, "has its channels first ('\(format)')",
        do: "Build the network with data_format='channels_last'.")
    }
  }

  /// The activation function fused into a layer.
  func activation() throws(AisError) -> Activation {
    guard let setting = layer.config["activation"], !setting.isNull else { return .linear }
    switch setting.string {
    case "linear": return .linear
    case "relu": return .relu
    case "sigmoid": return .sigmoid
    case "tanh": return .tanh
    case "elu": return .elu(alpha: 1)
    case "leaky_relu": return .leakyReLU(slope: 0.2)
    default:
      throw .kerasLayer(
        layer, in: file, "uses the activation function \(shown(setting))",
        do: "Known are linear, relu, leaky_relu, elu, sigmoid and tanh.")
    }
  }

  func wrong(_ key: String, expected: String) -> AisError {
    .kerasLayer(
      layer, in: file, "has \(key) = \(shown(layer.config[key] ?? .null)), expected \(expected)",
      do: "Save the model again with Keras.")
  }

  /// A setting as a short text for messages.
  private func shown(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let number): value.integer.map(String.init) ?? "\(number)"
    case .string(let text): "'\(text.prefix(40))'"
    case .array(let values): "[" + values.prefix(8).map(shown).joined(separator: ", ") + "]"
    case .object(let members): members["class_name"]?.string.map { "'\($0.prefix(40))'" } ?? "an object"
    }
  }
}
