import AisCore

extension NetworkGraph {
  /// The names of all weights in the order of the nodes.
  package var weightKeys: [WeightKey] {
    nodes.flatMap { node in
      WeightRole.allCases.map { WeightKey(node.name, $0) }.filter { weights[$0] != nil }
    }
  }

  /// Whether the network's answer comes out of a sigmoid.
  package var endsInSigmoid: Bool { self[output].withoutSigmoid.operation != self[output].operation }

  /// The networks' weights, whose names stay: those that `other` has.
  package func withWeights(_ other: [WeightKey: Tensor]) -> NetworkGraph {
    var graph = self
    graph.weights.merge(other) { $1 }
    return graph
  }
}

extension NetworkGraph.Node {
  /// The same without a sigmoid at its end.
  var withoutSigmoid: Self {
    var node = self
    switch operation {
    case .convolution(var convolution) where convolution.activation == .sigmoid:
      convolution.activation = .linear
      node.operation = .convolution(convolution)
    case .activation(.sigmoid): node.operation = .activation(.linear)
    default: break
    }
    return node
  }
}

extension WeightRole {
  /// Whether gradients move it; moving statistics follow the batches instead.
  package var isTrainable: Bool { self != .movingMean && self != .movingVariance }
}

extension TorchNetwork {
  /// What gradients move, in the order of the nodes.
  package var parameters: [TorchTensor] {
    graph.weightKeys.filter(\.role.isTrainable).compactMap { weights[$0] }
  }

  /// Adds the gradients of a copy of this network, on whatever device, to those here, and drops them there.
  package func gatherGradients(of copy: TorchNetwork) throws(AisError) {
    for key in graph.weightKeys where key.role.isTrainable {
      guard let (here, there) = pair(key, copy) else { continue }
      try here.gatherGradient(of: there)
    }
  }

  /// Takes over all weights of a copy of this network, on whatever device.
  package func takeWeights(of copy: TorchNetwork) throws(AisError) {
    for key in graph.weightKeys {
      guard let (here, there) = pair(key, copy) else { continue }
      try here.assign(there)
    }
  }

  /// Replaces moving statistics with the mean of those of some copies of this network, each of some weight; the first is this one.
  package func averageStatistics(of copies: [TorchNetwork], weights shares: [Double]) throws(AisError) {
    for key in graph.weightKeys where !key.role.isTrainable {
      guard let own = weights[key], let first = shares.first else { continue }
      var mean = try own.scaled(by: first)
      for (copy, share) in zip(copies, shares).dropFirst() {
        guard let other = copy.weights[key] else { continue }
        mean = try mean.adding(other.converted(to: .float32, on: device).scaled(by: share))
      }
      try own.assign(mean)
    }
  }

  private func pair(_ key: WeightKey, _ copy: TorchNetwork) -> (TorchTensor, TorchTensor)? {
    guard let here = weights[key], let there = copy.weights[key] else { return nil }
    return (here, there)
  }

  /// All weights as they are now, with the graph's order of axes.
  package func currentWeights() throws(AisError) -> [WeightKey: Tensor] {
    var result: [WeightKey: Tensor] = [:]
    for (key, shape, operation) in places {
      guard let tensor = weights[key] else { continue }
      guard key.role == .kernel else {
        result[key] = Tensor(shape: shape, values: try tensor.floats())
        continue
      }
      let axes = Self.kernelAxes(of: operation)
      let outer = try tensor.reshaped(axes.map { shape[$0] })
      let back = (0..<5).map { place in axes.firstIndex(of: place) ?? place }
      result[key] = Tensor(shape: shape, values: try outer.permuted(back).floats())
    }
    return result
  }

  /// Overwrites weights in place, so that optimisers and gradients stay with them.
  package func setWeights(_ values: [WeightKey: Tensor]) throws(AisError) {
    for (key, shape, _) in places {
      guard let value = values[key], let tensor = weights[key],
        let node = graph.nodes.first(where: { $0.name == key.node })
      else { continue }
      guard value.shape == shape else {
        throw AisError(
          .shapeMismatch, "the layer '\(key.node)' has a \(key.role.rawValue) of \(shape), and \(value.shape) was given"
        )
      }
      var failure: AisError?
      try self.tensor(of: value, role: key.role, in: node).floats().withUnsafeBytes { bytes in
        do throws(AisError) { try tensor.write(bytes) } catch { failure = error }
      }
      if let failure { throw failure }
    }
  }

  private var places: [(key: WeightKey, shape: [Int], operation: Operation)] {
    graph.nodes.flatMap { node in
      WeightRole.allCases.compactMap { role in
        let key = WeightKey(node.name, role)
        return graph.weights[key].map { (key, $0.shape, node.operation) }
      }
    }
  }
}
