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
    self.mask = try library.tensor(mask, shape: shape, on: device).converted(to: element, on: device)
    self.labels = try library.tensor(clean, shape: shape, on: device).converted(to: element, on: device)
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
  ///
  /// - Parameter whole: Σ m of the batch that this is a part of: the losses of its parts then add up to its own.
  package static func crossentropy(
    _ answer: Answer, _ target: MaskedTarget, of whole: Double? = nil
  ) throws(AisError) -> TorchTensor {
    try answer.values.loss(
      answer.isLogits ? .binaryCrossentropyOfLogits : .binaryCrossentropy, against: target.labels, weights: target.mask
    )
    .scaled(by: Double(target.count) / ((whole ?? target.maskSum) + epsilon))
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
  ///
  /// - Parameter whole: as of ``crossentropy(_:_:of:)``.
  package static func distance(
    _ answer: Answer, _ target: MaskedTarget, of whole: Double? = nil
  ) throws(AisError) -> TorchTensor {
    try answer.probabilities().loss(.meanAbsoluteError, against: target.labels, weights: target.mask)
      .scaled(by: Double(target.count) / ((whole ?? target.maskSum) + epsilon))
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

  /// The sums that losses are quotients of, of one part of a batch. Those of all parts add up to those of the batch.
  package struct Sums: Sendable {
    /// Σ m·BCE(t, p), Σ t p m and Σ p m; the last two are 0 where the objective does not look at them.
    package var crossentropy, overlap, mass: Double
    /// Σ m and Σ t m
    package var maskSum, labelSum: Double

    package static func + (a: Sums, b: Sums) -> Sums {
      Sums(
        crossentropy: a.crossentropy + b.crossentropy, overlap: a.overlap + b.overlap, mass: a.mass + b.mass,
        maskSum: a.maskSum + b.maskSum, labelSum: a.labelSum + b.labelSum)
    }

    /// What `value(of:_:_:)` says of a batch with these sums.
    package func value(of objective: Architecture.Objective) -> Double {
      let crossentropy = crossentropy / (maskSum + epsilon)
      let dice = 1 - (2 * overlap + epsilon) / (mass + labelSum + epsilon)
      return switch objective {
      case .crossentropy, .adversarial: crossentropy
      case .dice: dice
      case .mixture(let a, let b): a * crossentropy + b * dice
      }
    }

    /// How much the loss rises with each of its sums: of the cross-entropy, the overlap and the mass.
    fileprivate func slopes(of objective: Architecture.Objective) -> (Double, Double, Double) {
      let (a, b): (Double, Double) =
        switch objective {
        case .crossentropy, .adversarial: (1, 0)
        case .dice: (0, 1)
        case .mixture(let a, let b): (a, b)
        }
      let total = mass + labelSum + epsilon
      return (a / (maskSum + epsilon), -2 * b / total, b * (2 * overlap + epsilon) / (total * total))
    }
  }

  /// One part of a batch that several devices share: its sums, as tensors that gradients flow back from.
  package struct Part {
    private let objective: Architecture.Objective
    private let crossentropy: TorchTensor
    private let overlap, mass: TorchTensor?
    package let sums: Sums

    package init(of objective: Architecture.Objective, _ answer: Answer, _ target: MaskedTarget) throws(AisError) {
      self.objective = objective
      let count = Double(target.count)
      crossentropy = try answer.values.loss(
        answer.isLogits ? .binaryCrossentropyOfLogits : .binaryCrossentropy, against: target.labels,
        weights: target.mask
      ).scaled(by: count)
      switch objective {
      case .crossentropy, .adversarial: (overlap, mass) = (nil, nil)
      case .dice, .mixture:
        let p = try answer.probabilities()
        overlap = try p.multiplied(by: target.labels).mean().scaled(by: count)
        mass = try p.multiplied(by: target.mask).mean().scaled(by: count)
      }
      sums = Sums(
        crossentropy: try crossentropy.doubles()[0], overlap: try overlap?.doubles()[0] ?? 0,
        mass: try mass?.doubles()[0] ?? 0, maskSum: target.maskSum, labelSum: target.labelSum)
    }

    /// A number whose gradients, of all parts together, are those of the whole batch's loss: the chain rule over its sums.
    package func share(of whole: Sums) throws(AisError) -> TorchTensor {
      let slopes = whole.slopes(of: objective)
      var share = try crossentropy.scaled(by: slopes.0)
      if let overlap, let mass {
        share = try share.adding(overlap.scaled(by: slopes.1)).adding(mass.scaled(by: slopes.2))
      }
      return share
    }
  }
}
