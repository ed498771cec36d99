import AisCore
import AisNetworks

/// A generator that learns what annotations look like from a second network that tells made ones from drawn ones: least squares
/// (Mao et al. 2017) with the distance to the label (Isola et al. 2017).
///
/// L_D = ½(mean((D(y, x) − 1)²) + mean(D(G, x)²)),  L_G = mean((D(G, x) − 1)²) + λ · Σ m·|y − G| / (Σ m + ε)
final class AdversarialLearner: Learner {
  let parts: [LearnerPart]
  private let asking: Asking
  private let distance: Double

  private var generator: LearnerPart { parts[0] }
  private var discriminator: LearnerPart { parts[1] }

  init(_ graph: NetworkGraph, distance: Double, depth: Int, asking: Asking) throws(AisError) {
    self.asking = asking
    self.distance = distance
    let judge = Architecture.discriminator(depth: depth, seed: asking.settings.seed &+ 1)
    parts = try [graph, judge].map { graph throws(AisError) in
      try LearnerPart(graph, settings: asking.settings, library: asking.library, device: asking.device)
    }
  }

  func learn(from batch: TrainingBatch, rate: Double, seed: UInt64) throws(AisError) -> Tally {
    let library = asking.library
    try library.setSeed(seed)
    try library.enableGradients(true)
    let images = try asking.images(of: batch, for: generator.network.graph)
    let answer = try asking.answer(of: generator.network, to: images, isTraining: true)
    let target = try asking.target(of: batch, shape: answer.values.shape())
    let made = try answer.probabilities()

    let real = try verdict(on: target.labels, images)
    let fake = try verdict(on: made.detached(), images)
    let judgement = try squares(real, from: 1).adding(squares(fake, from: 0)).scaled(by: 0.5)
    guard try judgement.doubles()[0].isFinite else { throw .lossIsNoNumber }
    try judgement.backward()
    try step(discriminator, rate: rate)

    // The judge stays as it is while the generator learns from it.
    try discriminator.freeze(true)
    defer { try? discriminator.freeze(false) }
    let persuasion = try squares(verdict(on: made, images), from: 1)
    let loss = try persuasion.adding(MaskedLoss.distance(answer, target).scaled(by: distance))
    guard try loss.doubles()[0].isFinite else { throw .lossIsNoNumber }
    try loss.backward()
    try step(generator, rate: rate)
    let reported = try MaskedLoss.crossentropy(answer, target).doubles()[0]
    return try asking.tally(answer, loss: reported, of: batch)
  }

  private func step(_ part: LearnerPart, rate: Double) throws(AisError) {
    if let limit = asking.settings.gradientLimit { try part.adam.clipGradients(to: limit) }
    try part.adam.setLearningRate(rate)
    try part.adam.step()
  }

  /// What the judge says of labels over their images.
  private func verdict(on labels: TorchTensor, _ images: TorchTensor) throws(AisError) -> TorchTensor {
    let pair = try asking.library.concatenation([labels, images])
    return try asking.answer(of: discriminator.network, to: pair, isTraining: true).values
  }

  private func squares(_ verdict: TorchTensor, from value: Double) throws(AisError) -> TorchTensor {
    try verdict.loss(
      .meanSquaredError,
      against: asking.library.full(value, shape: verdict.shape(), on: asking.device))
  }
}
