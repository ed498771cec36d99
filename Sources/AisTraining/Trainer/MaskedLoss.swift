import AisCore
import AisNetworks

/// What a network should have said of a batch: labels without the ignored pixels, and which pixels count.
package struct MaskedTarget {
  /// Shares of the feature, 0 where nobody said anything. Of the answer's shape.
  let labels: TorchTensor
  /// 1 where the label counts, else 0.
  let mask: TorchTensor
  /// Σ mask and Σ labels.
  let maskSum, labelSum: Double
  let count: Int

  /// - Parameter shape: of the network's answer: (image, 1, [z,] y, x), as many values as there are labels.
  package init(
    _ labels: [Float], shape: [Int], library: TorchLibrary, device: TorchDevice = .processor,
    element: TorchTensor.Element = .float32
  ) throws(AisError) {
    let mask = labels.map { $0 == TrainingBatch.ignored ? Float(0) : 1 }
    let clean = labels.map { $0 == TrainingBatch.ignored ? Float(0) : $0 }
    maskSum = mask.reduce(0) { $0 + Double($1) }
    labelSum = clean.reduce(0) { $0 + Double($1) }
    count = labels.count
    self.mask = try library.tensor(mask, shape: shape).converted(to: element, on: device)
    self.labels = try library.tensor(clean, shape: shape).converted(to: element, on: device)
  }
}

/// A network's answer in training: before its last sigmoid where it has one, as losses are exact there.
package struct Answer {
  let values: TorchTensor
  let isLogits: Bool

  package init(values: TorchTensor, isLogits: Bool) {
    self.values = values
    self.isLogits = isLogits
  }

  func probabilities() throws(AisError) -> TorchTensor { isLogits ? try values.activated(.sigmoid) : values }
}

/// Losses over the pixels that count: m = 1 there, t the label, p the probability; sums over the whole batch.
package enum MaskedLoss {
  /// Keeps quotients finite where no pixel counts.
  private static let epsilon = 1e-6

  /// Σ m·BCE(t, p) / (Σ m + ε)
  package static func crossentropy(_ answer: Answer, _ target: MaskedTarget) throws(AisError) -> TorchTensor {
    try answer.values.loss(
      answer.isLogits ? .binaryCrossentropyOfLogits : .binaryCrossentropy, against: target.labels, weights: target.mask
    )
    .scaled(by: Double(target.count) / (target.maskSum + epsilon))
  }

  /// 1 − (2 Σ t p m + ε) / (Σ (t m + p m) + ε); 0 where no pixel counts.
  package static func dice(_ answer: Answer, _ target: MaskedTarget) throws(AisError) -> TorchTensor {
    let p = try answer.probabilities()
    let count = Double(target.count)
    let overlap = try p.multiplied(by: target.labels).mean().scaled(by: 2 * count, plus: epsilon)
    let total = try p.multiplied(by: target.mask).mean().scaled(by: count, plus: target.labelSum + epsilon)
    return try overlap.divided(by: total).scaled(by: -1, plus: 1)
  }

  /// Σ m·|t − p| / (Σ m + ε)
  package static func distance(_ answer: Answer, _ target: MaskedTarget) throws(AisError) -> TorchTensor {
    try answer.probabilities().loss(.meanAbsoluteError, against: target.labels, weights: target.mask)
      .scaled(by: Double(target.count) / (target.maskSum + epsilon))
  }

  /// What an architecture's training minimises; of adversarial ones, what is reported.
  package static func value(
    of objective: Architecture.Objective, _ answer: Answer, _ target: MaskedTarget
  ) throws(AisError) -> TorchTensor {
    switch objective {
    case .crossentropy, .adversarial: return try crossentropy(answer, target)
    case .dice: return try dice(answer, target)
    case .mixture(let a, let b):
      return try crossentropy(answer, target).scaled(by: a).adding(dice(answer, target).scaled(by: b))
    }
  }
}
