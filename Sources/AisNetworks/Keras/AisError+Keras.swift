import AisCore

/// The wording of errors about Keras files.
extension AisError {
  /// The network as a whole cannot be run.
  static func kerasNetwork(_ file: String, _ reason: String, do advice: String) -> AisError {
    AisError(.unsupportedLayer, "the network in '\(file)' cannot be run: \(reason). \(advice)")
  }

  /// One layer cannot be run.
  static func kerasLayer(_ layer: KerasLayer, in file: String, _ reason: String, do advice: String) -> AisError {
    AisError(
      .unsupportedLayer,
      "the network in '\(file)' cannot be run: its layer '\(layer.name)' (\(layer.className)) \(reason). \(advice)")
  }

  /// The description of the network is not as Keras writes it.
  static func kerasDescription(_ file: String, _ problem: String) -> AisError {
    AisError(.malformed, "the network in '\(file)' is described wrongly: \(problem). Save the model again with Keras.")
  }

  /// The weights do not belong to the layers.
  static func kerasWeights(_ file: String, _ problem: String) -> AisError {
    AisError(
      .shapeMismatch, "the weights in '\(file)' do not fit its network: \(problem). Save the model again with Keras.")
  }
}
