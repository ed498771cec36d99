import AisCore
import AisNetworks

/// What learns from batches: a network alone, or with a second one that judges it. For the engine's thread.
protocol Learner: AnyObject {
  var team: DeviceTeam { get }
  /// The networks with their optimisers; the first is the one that will be used.
  var parts: [LearnerPart] { get }
  /// Learns from a batch, with random numbers of this seed, and says what the network answered before it.
  ///
  /// Throws `trainingDiverged` before anything changes when the loss is no number.
  func learn(from batch: TrainingBatch, rate: Double, seed: UInt64) throws(AisError) -> Tally
}

/// One network and its optimiser, with a copy of the network for each further device.
///
/// Gradients of all copies are added up on the first device and the weights are stepped there alone; then the others take them over.
/// So there is one optimiser, whose memory no other card has to hold, and the copies cannot drift apart, whatever cards they are on.
final class LearnerPart {
  let network: TorchNetwork
  let adam: TorchAdam
  private let team: DeviceTeam
  /// In the order of the devices; the first is ``network``.
  private let copies: [TorchNetwork]
  private let gradientLimit: Double?

  init(_ graph: NetworkGraph, settings: TrainingSettings, library: TorchLibrary, team: DeviceTeam) throws(AisError) {
    self.team = team
    copies = try team.devices.map { device throws(AisError) in
      let network = try TorchNetwork(graph, library: library, device: device)
      for parameter in network.parameters { try parameter.requireGradient() }
      return network
    }
    network = copies[0]
    gradientLimit = settings.gradientLimit
    adam = try TorchAdam(
      network.parameters, .init(learningRate: settings.learningRate, beta1: settings.beta1), library: library)
  }

  /// The network on the device of this place.
  func network(at place: Int) -> TorchNetwork { copies[place] }

  /// Moves the weights by the gradients of all copies, and brings them to all.
  func step(rate: Double, boxes: [Int]) throws(AisError) {
    for copy in copies.prefix(boxes.count).dropFirst() { try network.gatherGradients(of: copy) }
    if let gradientLimit { try adam.clipGradients(to: gradientLimit) }
    try adam.setLearningRate(rate)
    try adam.step()
    try settle(boxes: boxes)
  }

  /// Makes all copies equal: of statistics that each took from its own part of a batch, everyone gets the mean.
  ///
  /// - Parameter boxes: of each part, in the order of the devices; those behind had none.
  func settle(boxes: [Int]) throws(AisError) {
    guard copies.count > 1 else { return }
    let all = Double(boxes.reduce(0, +))
    try network.averageStatistics(of: copies, weights: boxes.map { Double($0) / all })
    try spread()
  }

  private func spread() throws(AisError) {
    guard copies.count > 1 else { return }
    let (copies, network) = (copies, network)
    _ = try team.each(copies.count) { place throws(AisError) in
      if place > 0 { try copies[place].takeWeights(of: network) }
    }
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
    try spread()
  }

  /// Switches whether gradients reach the weights.
  func freeze(_ on: Bool) throws(AisError) {
    for copy in copies {
      for parameter in copy.parameters { try parameter.requireGradient(!on) }
    }
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

  /// The same for another device.
  func on(_ device: TorchDevice) -> Asking { Asking(settings: settings, library: library, device: device) }

  /// Prepares this thread to learn from its part of a step's batch, with random numbers of its own.
  func begin(seed: UInt64, place: Int) throws(AisError) {
    var own = SeededGenerator(seed: seed, streams: [UInt64(place)])
    try library.setSeed(place == 0 ? seed : own.next(), on: device)
    try library.enableGradients(true)
  }

  /// Images of a batch as a network takes them: slices are channels, or in networks of slabs an axis.
  func images(of batch: TrainingBatch, for graph: NetworkGraph) throws(AisError) -> TorchTensor {
    let plane = [batch.height, batch.width]
    let shape =
      graph.dimensionality == .three ? [batch.count, 1, batch.depth] + plane : [batch.count, batch.depth] + plane
    return try library.tensor(batch.images, shape: shape, on: device)
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
  let team: DeviceTeam
  private let asking: Asking

  init(_ graph: NetworkGraph, asking: Asking, team: DeviceTeam) throws(AisError) {
    self.asking = asking
    self.team = team
    parts = [try LearnerPart(graph, settings: asking.settings, library: asking.library, team: team)]
  }

  func learn(from batch: TrainingBatch, rate: Double, seed: UInt64) throws(AisError) -> Tally {
    let (part, asking) = (parts[0], asking)
    let pieces = batch.divided(among: team.devices.count)
    let answers = try team.each(pieces.count) { [team] place throws(AisError) in
      let asking = asking.on(team.devices[place])
      try asking.begin(seed: seed, place: place)
      let network = part.network(at: place)
      let answer = try asking.answer(
        of: network, to: asking.images(of: pieces[place], for: network.graph), isTraining: true)
      let target = try asking.target(of: pieces[place], shape: answer.values.shape())
      return try Piece(answer, target, of: asking.settings.objective, isWhole: pieces.count == 1)
    }
    let whole = Whole(answers, objective: asking.settings.objective)
    guard whole.loss.isFinite else { throw .lossIsNoNumber }
    let tallies = try team.each(pieces.count) { place throws(AisError) in
      try answers[place].share(of: whole).backward()
      return try asking.tally(answers[place].answer, loss: whole.loss, of: pieces[place])
    }
    try part.step(rate: rate, boxes: pieces.map(\.count))
    return tallies.reduce(into: Tally()) { $0.add($1) }
  }

  /// What a network said of one device's part of a batch.
  private struct Piece {
    let answer: Answer
    /// The loss, where the part is the whole batch.
    private let loss: TorchTensor?
    private let part: MaskedLoss.Part?
    let sums: MaskedLoss.Sums?
    let value: Double?

    init(
      _ answer: Answer, _ target: MaskedTarget, of objective: Architecture.Objective, isWhole: Bool
    ) throws(AisError) {
      self.answer = answer
      loss = isWhole ? try MaskedLoss.value(of: objective, answer, target) : nil
      part = isWhole ? nil : try MaskedLoss.Part(of: objective, answer, target)
      value = try loss?.doubles()[0]
      sums = part?.sums
    }

    func share(of whole: Whole) throws(AisError) -> TorchTensor {
      if let loss { return loss }
      guard let part, let sums = whole.sums else { throw AisError(.engineFailed, "a part of a batch has no loss") }
      return try part.share(of: sums)
    }
  }

  private struct Whole {
    let loss: Double
    let sums: MaskedLoss.Sums?

    init(_ pieces: [Piece], objective: Architecture.Objective) {
      if let loss = pieces[0].value {
        (self.loss, sums) = (loss, nil)
        return
      }
      let parts = pieces.compactMap(\.sums)
      let sums = parts.dropFirst().reduce(parts[0], +)
      (loss, self.sums) = (sums.value(of: objective), sums)
    }
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
