/// A model that a user's program computes: the program, and what its `save` has written.
package struct CustomModel: Sendable, Equatable, Codable {
  /// One file that `save` wrote, named relative to the folder that it was given.
  package struct SavedFile: Sendable, Equatable, Codable {
    /// The file whose path `save` and `load` are called with.
    package static let main = "model_weights.h5"

    package var name: String
    package var bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
    }
  }

  package var program: CustomProgram
  /// What `create` is called with: the side of the boxes in pixels, and slices in one.
  package var boxSize: Int
  package var depth: Int
  package var parameterCount: Int
  /// None before the first training.
  package var saved: [SavedFile]

  package init(
    program: CustomProgram, boxSize: Int = 64, depth: Int = 1, parameterCount: Int? = nil, saved: [SavedFile] = []
  ) {
    self.program = program
    self.boxSize = boxSize
    self.depth = depth
    self.parameterCount = parameterCount ?? program.parameterCount
    self.saved = saved
  }
}

extension NetworkGraph {
  /// The graph of a user's own model: its input, and one node that only the program can compute.
  package init(_ model: CustomModel) {
    let isSlab = model.program.takesSlabs
    self.init(
      name: model.program.title, dimensionality: isSlab ? .three : .two,
      nodes: [
        Node(name: "input", operation: .input(.init(channels: isSlab ? 1 : model.depth)), inputs: []),
        Node(name: "model", operation: .custom(model), inputs: [NodeID(0)]),
      ],
      output: NodeID(1), weights: [:])
  }

  /// The user's own model that this graph stands for; `nil` for networks of layers.
  package var customModel: CustomModel? {
    if case .custom(let model) = self[output].operation { model } else { nil }
  }
}
