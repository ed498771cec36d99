import AisCore
import AisNetworks

/// A generator that learns what annotations look like from a second network that tells made ones from drawn ones: least squares
/// (Mao et al. 2017) with the distance to the label (Isola et al. 2017).
///
/// L_D = ½(mean((D(y, x) − 1)²) + mean(D(G, x)²)),  L_G = mean((D(G, x) − 1)²) + λ · Σ m·|y − G| / (Σ m + ε)
///
/// Of a batch that several devices share, each counts its own boxes in the means, and its own pixels in the sums: their gradients
/// add up to those of the batch.
final class AdversarialLearner: Learner {
  let parts: [LearnerPart]
  let team: DeviceTeam
  private let asking: Asking
  private let distance: Double

  private var generator: LearnerPart { parts[0] }
  private var discriminator: LearnerPart { parts[1] }

  init(
    _ graph: NetworkGraph, distance: Double, depth: Int, asking: Asking, team: DeviceTeam
  ) throws(AisError) {
    self.asking = asking
    self.distance = distance
    self.team = team
    let judge = Architecture.discriminator(depth: depth, seed: asking.settings.seed &+ 1)
    parts = try [graph, judge].map { graph throws(AisError) in
      try LearnerPart(graph, settings: asking.settings, library: asking.library, team: team)
    }
  }

  func learn(from batch: TrainingBatch, rate: Double, seed: UInt64) throws(AisError) -> Tally {
    let pieces = batch.divided(among: team.devices.count)
    let boxes = pieces.map(\.count)
    let shown = try team.each(pieces.count) { [self] place throws(AisError) in
      try begin(pieces[place], of: batch.count, seed: seed, place: place)
    }
    let judgements = try team.each(shown.count) { place throws(AisError) in
      let piece = shown[place]
      return try piece.distance(of: piece.target.labels, from: 1)
        .adding(piece.distance(of: piece.made.detached(), from: 0)).scaled(by: 0.5 * piece.share)
    }
    try findGradients(judgements)
    try discriminator.step(rate: rate, boxes: boxes)

    // The judge stays as it is while the generator learns from it.
    try discriminator.freeze(true)
    defer { try? discriminator.freeze(false) }
    let maskSum = shown.reduce(0) { $0 + $1.target.maskSum }
    let losses = try team.each(shown.count) { [distance] place throws(AisError) in
      let piece = shown[place]
      return try piece.distance(of: piece.made, from: 1).scaled(by: piece.share)
        .adding(MaskedLoss.distance(piece.answer, piece.target, of: maskSum).scaled(by: distance))
    }
    try findGradients(losses)
    try generator.step(rate: rate, boxes: boxes)
    // Its statistics took in the batch once more.
    try discriminator.settle(boxes: boxes)

    let reported = try team.each(shown.count) { place throws(AisError) in
      try MaskedLoss.crossentropy(shown[place].answer, shown[place].target, of: maskSum).doubles()[0]
    }.reduce(0, +)
    return try team.each(shown.count) { place throws(AisError) in
      try shown[place].asking.tally(shown[place].answer, loss: reported, of: pieces[place])
    }.reduce(into: Tally()) { $0.add($1) }
  }

  /// What one device has of a batch.
  private struct Piece {
    let asking: Asking
    let judge: TorchNetwork
    /// Of the boxes of the batch.
    let share: Double
    let images: TorchTensor
    let answer: Answer
    let target: MaskedTarget
    let made: TorchTensor

    /// The mean square by which what the judge says of labels over their images differs from `value`.
    func distance(of labels: TorchTensor, from value: Double) throws(AisError) -> TorchTensor {
      let pair = try asking.library.concatenation([labels, images])
      let verdict = try asking.answer(of: judge, to: pair, isTraining: true).values
      return try verdict.loss(
        .meanSquaredError, against: asking.library.full(value, shape: verdict.shape(), on: asking.device))
    }
  }

  private func begin(
    _ batch: TrainingBatch, of boxes: Int, seed: UInt64, place: Int
  ) throws(AisError) -> Piece {
    let asking = asking.on(team.devices[place])
    try asking.begin(seed: seed, place: place)
    let network = generator.network(at: place)
    let images = try asking.images(of: batch, for: network.graph)
    let answer = try asking.answer(of: network, to: images, isTraining: true)
    return Piece(
      asking: asking, judge: discriminator.network(at: place), share: Double(batch.count) / Double(boxes),
      images: images, answer: answer, target: try asking.target(of: batch, shape: answer.values.shape()),
      made: try answer.probabilities())
  }

  /// Of losses that add up to that of the batch.
  private func findGradients(_ losses: [TorchTensor]) throws(AisError) {
    let values = try team.each(losses.count) { place throws(AisError) in try losses[place].doubles()[0] }
    guard values.reduce(0, +).isFinite else { throw .lossIsNoNumber }
    _ = try team.each(losses.count) { place throws(AisError) in try losses[place].backward() }
  }
}
