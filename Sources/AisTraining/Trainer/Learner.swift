import AisCore
import AisNetworks

/// What learns from batches: a network alone, or with a second one that judges it. For the engine's thread.
protocol Learner: AnyObject {
  /// The networks with their optimisers; the first is the one that will be used.
  var parts: [LearnerPart] { get }
  /// Learns from a batch, with random numbers of this seed, and says what the network answered before it.
  ///
  /// Throws `trainingDiverged` before anything changes when the loss is no number.
  func learn(from batch: TrainingBatch, rate: Double, seed: UInt64) throws(AisError) -> Tally
}

/// One network and its optimiser.
final class LearnerPart {
  let network: TorchNetwork
  let adam: TorchAdam

  init(_ graph: NetworkGraph, settings: TrainingSettings, library: TorchLibrary, device: TorchDevice) throws(AisError) {
    network = try TorchNetwork(graph, library: library, device: device)
    for parameter in network.parameters { try parameter.requireGradient() }
    adam = try TorchAdam(
      network.parameters, .init(learningRate: settings.learningRate, beta1: settings.beta1), library: library)
  }

  func state() throws(AisError) -> LearnerState {
    var moments: [[Float]] = []
    for index in network.parameters.indices {
      let pair = try adam.moments(of: index)
      moments.append(try pair.first.floats())
      moments.append(try pair.second.floats())
    }
    return LearnerState(weights: try network.currentWeights(), moments: moments, steps: try adam.steps())
  }

  func restore(_ state: LearnerState) throws(AisError) {
    try network.setWeights(state.weights)
    for index in network.parameters.indices where 2 * index + 1 < state.moments.count {
      let pair = try adam.moments(of: index)
      try pair.first.write(state.moments[2 * index])
      try pair.second.write(state.moments[2 * index + 1])
    }
    try adam.setSteps(state.steps)
  }

  /// Switches whether gradients reach the weights.
  func freeze(_ on: Bool) throws(AisError) {
    for parameter in network.parameters { try parameter.requireGradient(!on) }
  }
}

/// A network's weights and its optimiser's memory: first and second moments in turn, in the order of the parameters and with
/// libtorch's order of axes.
package struct LearnerState: Sendable, Equatable {
  package var weights: [WeightKey: Tensor]
  package var moments: [[Float]]
  package var steps: Int

  package init(weights: [WeightKey: Tensor], moments: [[Float]], steps: Int) {
    self.weights = weights
    self.moments = moments
    self.steps = steps
  }
}

extension TorchTensor {
  fileprivate func write(_ values: [Float]) throws(AisError) {
    var failure: AisError?
    values.withUnsafeBytes { bytes in
      do throws(AisError) { try write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}

/// How networks of an element type and a device are asked.
struct Asking {
  let settings: TrainingSettings
  let library: TorchLibrary
  let device: TorchDevice

  /// Images of a batch as a network takes them: slices are channels, or in networks of slabs an axis.
  func images(of batch: TrainingBatch, for graph: NetworkGraph) throws(AisError) -> TorchTensor {
    let plane = [batch.height, batch.width]
    let shape =
      graph.dimensionality == .three ? [batch.count, 1, batch.depth] + plane : [batch.count, batch.depth] + plane
    return try library.tensor(batch.images, shape: shape).converted(to: .float32, on: device)
  }

  func target(of batch: TrainingBatch, shape: [Int]) throws(AisError) -> MaskedTarget {
    guard shape.reduce(1, *) == batch.labels.count else {
      throw AisError(
        .shapeMismatch,
        "the network answers a batch with \(shape), and its labels are \(batch.count) × \(batch.labelDepth) × \(batch.height) × \(batch.width). "
          + "Networks of slabs need a label for each slice, others one.")
    }
    return try MaskedTarget(batch.labels, shape: shape, library: library, device: device)
  }

  /// The network's answer as float32, with the layers in the precision of the settings.
  func answer(
    of network: TorchNetwork, to images: TorchTensor, isTraining: Bool
  ) throws(AisError) -> Answer {
    let isHalf = settings.precision == .bfloat16
    let training = isTraining ? TorchNetwork.Training(batchShare: 1 - settings.batchMomentum) : nil
    let isLogits = network.graph.endsInSigmoid
    if isHalf { try library.setAutocast(.bfloat16, on: device) }
    let values: TorchTensor
    do throws(AisError) {
      values = try network.answer(to: images, training: training, asLogits: isLogits)
    } catch {
      if isHalf { try library.setAutocast(nil, on: device) }
      throw error
    }
    // Switched off before gradients are sought: the copies of the weights in half precision are of this step only.
    if isHalf { try library.setAutocast(nil, on: device) }
    return Answer(values: try values.converted(to: .float32, on: device), isLogits: isLogits)
  }

  /// What a batch's answer comes to.
  func tally(_ answer: Answer, loss: Double, of batch: TrainingBatch) throws(AisError) -> Tally {
    var tally = Tally()
    tally.add(
      loss: loss, boxes: batch.count, answers: try answer.values.floats(), labels: batch.labels,
      threshold: answer.isLogits ? 0 : 0.5)
    return tally
  }

  /// What the network says of a batch that it does not learn from.
  func judge(_ network: TorchNetwork, by batch: TrainingBatch) throws(AisError) -> Tally {
    try library.enableGradients(false)
    let answer = try answer(of: network, to: images(of: batch, for: network.graph), isTraining: false)
    let target = try target(of: batch, shape: answer.values.shape())
    let loss = try MaskedLoss.value(of: settings.objective, answer, target).doubles()[0]
    return try tally(answer, loss: loss, of: batch)
  }
}

/// A network that learns by a loss alone.
final class SupervisedLearner: Learner {
  let parts: [LearnerPart]
  private let asking: Asking

  init(_ graph: NetworkGraph, asking: Asking) throws(AisError) {
    self.asking = asking
    parts = [
      try LearnerPart(graph, settings: asking.settings, library: asking.library, device: asking.device)
    ]
  }

  func learn(from batch: TrainingBatch, rate: Double, seed: UInt64) throws(AisError) -> Tally {
    let (network, adam) = (parts[0].network, parts[0].adam)
    try asking.library.setSeed(seed)
    try asking.library.enableGradients(true)
    let answer = try asking.answer(of: network, to: asking.images(of: batch, for: network.graph), isTraining: true)
    let target = try asking.target(of: batch, shape: answer.values.shape())
    let loss = try MaskedLoss.value(of: asking.settings.objective, answer, target)
    let value = try loss.doubles()[0]
    guard value.isFinite else { throw .lossIsNoNumber }
    try loss.backward()
    if let limit = asking.settings.gradientLimit { try adam.clipGradients(to: limit) }
    try adam.setLearningRate(rate)
    try adam.step()
    return try asking.tally(answer, loss: value, of: batch)
  }
}

extension AisError {
  static var lossIsNoNumber: AisError {
    AisError(
      .trainingDiverged,
      "the loss is no number any more: the steps are too large for these boxes. A lower learning rate ('--rate') or a limit for "
        + "gradients ('--clip 1') keeps them in bounds.")
  }
}
