import AisCore

/// The wording of errors about networks as graphs.
extension AisError {
  static func unsoundNetwork(name: String, problems: [String]) -> AisError {
    AisError(.shapeMismatch, "the network '\(name)' cannot be run: " + problems.joined(separator: "; "))
  }

  /// Only the process of a user's own program computes it.
  static func onlyItsProgram(_ model: CustomModel) -> AisError {
    AisError(
      .unsupportedLayer,
      "'\(model.program.title)' is computed by the program '\(model.program.fileName)' and by nothing else: it cannot be run, converted "
        + "or trained as a network of layers")
  }

  static func wrongInputChannels(network: String, expected: Int, found: Int) -> AisError {
    AisError(
      .shapeMismatch,
      "the network '\(network)' takes \(expected) \(expected == 1 ? "channel" : "channels (slices)"), "
        + "the input has \(found)")
  }

  static func emptyInput(network: String, size: String) -> AisError {
    AisError(
      .shapeMismatch, "the network '\(network)' cannot run on an input of \(size): every side must be at least 1")
  }

  static func slabForSliceNetwork(network: String, depth: Int) -> AisError {
    AisError(
      .shapeMismatch,
      "the network '\(network)' is 2D and takes one position along z, the input has \(depth): give slices as channels")
  }

  static func fixedInputSize(network: String, expected: String, found: String) -> AisError {
    AisError(.shapeMismatch, "the network '\(network)' takes inputs of \(expected) only, this one is \(found)")
  }

  static func unequalSizes(layer: String, verb: String, first: String, second: String, advice: String) -> AisError {
    let word = verb == "adds" ? "to" : "with"
    return AisError(.shapeMismatch, "'\(layer)' \(verb) \(first) \(word) \(second): \(advice)")
  }

  static func nothingLeft(layer: String, size: String) -> AisError {
    AisError(.shapeMismatch, "'\(layer)' gets \(size), which is smaller than its window: make the input larger")
  }

  static func giantLayer(layer: String, shape: TensorShape, input: String) -> AisError {
    AisError(
      .limitExceeded,
      "'\(layer)' would give \(shape) (z×y×x×channels) for an input of \(input), more than any computer holds")
  }
}
