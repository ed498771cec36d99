import AisCore
import AisFormats

/// The group `model_weights` of a Keras file: a group a layer, with arrays in the order that `weight_names` gives.
struct KerasWeights {
  private let file: HDF5File
  private let group: HDF5Group
  private let layerNames: Set<String>
  /// Values that may still be read. Sound files store every value once, so all weights together fit the file.
  private var allowance: Int

  init(_ file: HDF5File) throws(AisError) {
    guard let group = file.root.group("model_weights") else {
      throw .kerasWeights(file.name, "there is no group 'model_weights'")
    }
    self.file = file
    self.group = group
    allowance = file.size
    guard let names = try Self.names("layer_names", of: group, in: file) else {
      throw .kerasWeights(file.name, "'model_weights' does not list its layers ('layer_names')")
    }
    layerNames = Set(names)
  }

  /// The arrays of one node, with our axes.
  mutating func arrays(
    of node: NetworkGraph.Node, in graph: NetworkGraph, inputChannels: Int
  ) throws(AisError) -> [WeightRole: Tensor] {
    let expected = graph.weightShapes(of: node, inputChannels: inputChannels)
    guard !expected.isEmpty else { return [:] }
    guard layerNames.contains(node.name), let layerGroup = group.group(node.name) else {
      throw .kerasWeights(file.name, "the layer '\(node.name)' has none")
    }
    let names = try Self.names("weight_names", of: layerGroup, in: file) ?? []
    let roles = try roles(of: names, for: node, expected: expected.map(\.role))
    var arrays: [WeightRole: Tensor] = [:]
    for (name, role) in zip(names, roles) {
      guard let shape = expected.first(where: { $0.role == role })?.shape else {
        throw .kerasWeights(file.name, "the layer '\(node.name)' has a \(role.rawValue) that it should not have")
      }
      guard let dataset = layerGroup.dataset(name) else {
        throw .kerasWeights(file.name, "'\(name)' of the layer '\(node.name)' is not there")
      }
      arrays[role] = try read(dataset, as: role, shape: shape, node: node, graph: graph)
    }
    for (role, _, isRequired) in expected where isRequired && arrays[role] == nil {
      throw .kerasWeights(file.name, "the layer '\(node.name)' has no \(role.rawValue)")
    }
    return arrays
  }

  /// A list of names; one too long for an object header is split into `layer_names0`, `layer_names1`, ….
  private static func names(
    _ attribute: String, of group: HDF5Group, in file: HDF5File
  ) throws(AisError) -> [String]? {
    if let names = try file.strings(attribute, of: group) { return names }
    var names: [String] = []
    var part = 0
    while let next = try file.strings("\(attribute)\(part)", of: group) {
      names += next
      part += 1
    }
    return part == 0 ? nil : names
  }

  /// What each array is for, by the last part of its name ("conv2d_1/kernel:0" in Keras 2, "conv2d_1/kernel" in 3).
  private func roles(
    of names: [String], for node: NetworkGraph.Node, expected: [WeightRole]
  ) throws(AisError) -> [WeightRole] {
    var roles: [WeightRole] = []
    for name in names {
      let last = name.split(separator: "/").last?.split(separator: ":").first.map(String.init) ?? name
      guard let role = Self.rolesByName[last], !roles.contains(role) else {
        throw .kerasWeights(file.name, "the layer '\(node.name)' has an array '\(name)' of unknown purpose")
      }
      roles.append(role)
    }
    return roles
  }

  private static let rolesByName: [String: WeightRole] = [
    "kernel": .kernel, "bias": .bias, "gamma": .gamma, "beta": .beta, "moving_mean": .movingMean,
    "moving_variance": .movingVariance,
  ]

  private mutating func read(
    _ dataset: HDF5Dataset, as role: WeightRole, shape: [Int], node: NetworkGraph.Node, graph: NetworkGraph
  ) throws(AisError) -> Tensor {
    let order = role == .kernel ? Self.kernelAxes(of: node.operation, graph.dimensionality) : Array(shape.indices)
    // A kernel's leading z of 1 does not exist in 2D files.
    var stored = [Int](repeating: 1, count: order.compactMap(\.self).count)
    for (axis, place) in order.enumerated() { if let place { stored[place] = shape[axis] } }
    guard dataset.shape == stored else {
      throw .kerasWeights(
        file.name,
        "the layer '\(node.name)' has a \(role.rawValue) of \(text(dataset.shape)), expected \(text(stored))")
    }
    let values = try file.floats(dataset)
    allowance -= values.count
    guard allowance >= 0 else {
      throw AisError(
        .limitExceeded, "'\(file.name)' was not read: its weights together are larger than the file itself")
    }
    return Tensor(shape: shape, values: permuted(values, stored: stored, order: order))
  }

  /// Where each of our kernel axes (z, y, x, input, output) stands in the file; `nil` where the file has no such axis.
  ///
  /// Keras' 3D axes are (y, x, z); transposed convolutions have outputs before inputs.
  static func kernelAxes(
    of operation: Operation, _ dimensionality: NetworkGraph.Dimensionality
  ) -> [Int?] {
    let isTransposed = if case .transposedConvolution = operation { true } else { false }
    let rank = dimensionality.rawValue
    let channels = isTransposed ? [rank + 1, rank] : [rank, rank + 1]
    return (dimensionality == .three ? [2, 0, 1] : [nil, 0, 1]) + channels
  }

  /// Values in our order of axes.
  private func permuted(_ values: [Float], stored: [Int], order: [Int?]) -> [Float] {
    let places = order.compactMap(\.self)
    guard places != Array(places.indices), let last = places.last, !values.isEmpty else { return values }
    var strides = [Int](repeating: 1, count: stored.count)
    for axis in stored.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * stored[axis + 1] }
    var result: [Float] = []
    result.reserveCapacity(values.count)
    // One run along our last axis a round; the axes before it count up like the digits of a number.
    var index = [Int](repeating: 0, count: places.count - 1)
    while result.count < values.count {
      let start = zip(index, places).reduce(0) { $0 + $1.0 * strides[$1.1] }
      for step in 0..<stored[last] { result.append(values[start + step * strides[last]]) }
      for axis in index.indices.reversed() {
        index[axis] += 1
        if index[axis] < stored[places[axis]] { break }
        index[axis] = 0
      }
    }
    return result
  }

  private func text(_ shape: [Int]) -> String { "(" + shape.map(String.init).joined(separator: ", ") + ")" }
}
