import AisCore
import AisNetworks
import AisTestSupport
import AisTraining
import Foundation
import Testing

extension TrainingTests {
  @Suite struct MaskedLosses {
    private static let labels: [Float] = [1, 0, 2, 0.25, 1, 2, 0, 0]
    private static let answers: [Double] = [0.7, 0.2, 0.9, 0.4, 0.35, 0.1, 0.05, 0.6]

    /// The formulas, written out over plain numbers.
    private func expected(_ objective: Architecture.Objective, _ p: [Double]) -> Double {
      var (crossentropy, overlap, total, distance, count) = (0.0, 0.0, 0.0, 0.0, 0.0)
      for (label, p) in zip(Self.labels, p) where label != 2 {
        let t = Double(label)
        crossentropy -= t * log(p) + (1 - t) * log(1 - p)
        overlap += 2 * t * p
        total += t + p
        distance += abs(t - p)
        count += 1
      }
      let dice = 1 - (overlap + 1e-6) / (total + 1e-6)
      switch objective {
      case .crossentropy: return crossentropy / (count + 1e-6)
      case .dice: return dice
      case .mixture(let a, let b): return a * crossentropy / (count + 1e-6) + b * dice
      case .adversarial: return distance / (count + 1e-6)
      }
    }

    private static let objectives: [Architecture.Objective] = [
      .crossentropy, .dice, .mixture(crossentropy: 0.3, dice: 0.7), .adversarial(distance: 1),
    ]

    /// The loss of `values`, logits or probabilities; an adversarial objective stands for its distance here.
    private func loss(
      _ objective: Architecture.Objective, _ values: TorchTensor, isLogits: Bool
    ) throws -> TorchTensor {
      let target = try MaskedTarget(Self.labels, shape: [2, 1, 2, 2], library: Torch.library(), element: .float64)
      let answer = Answer(values: values, isLogits: isLogits)
      if case .adversarial = objective { return try MaskedLoss.distance(answer, target) }
      return try MaskedLoss.value(of: objective, answer, target)
    }

    private func values(isLogits: Bool) -> [Double] {
      isLogits ? Self.answers.map { log($0 / (1 - $0)) } : Self.answers
    }

    @Test(arguments: objectives, [true, false]) func `losses have the values of their formulas`(
      objective: Architecture.Objective, isLogits: Bool
    ) throws {
      let tensor = try Torch.library().tensor(values(isLogits: isLogits), shape: [2, 1, 2, 2])
      let found = try loss(objective, tensor, isLogits: isLogits).doubles()[0]
      #expect(abs(found - expected(objective, Self.answers)) < 1e-9)
    }

    @Test(arguments: objectives, [true, false]) func `their gradients are those of finite differences`(
      objective: Architecture.Objective, isLogits: Bool
    ) throws {
      let library = try Torch.library()
      try library.enableGradients(true)
      defer { try? library.enableGradients(false) }
      let start = values(isLogits: isLogits)
      let tensor = try library.tensor(start, shape: [2, 1, 2, 2])
      try tensor.requireGradient()
      try loss(objective, tensor, isLogits: isLogits).backward()
      let gradient = try #require(try tensor.gradient()).doubles()
      for index in start.indices {
        func moved(_ change: Double) throws -> Double {
          var values = start
          values[index] += change
          return try loss(objective, library.tensor(values, shape: [2, 1, 2, 2]), isLogits: isLogits).doubles()[0]
        }
        let slope = (try moved(1e-6) - moved(-1e-6)) / 2e-6
        #expect(abs(gradient[index] - slope) < 1e-7, "at \(index)")
        if Self.labels[index] == TrainingBatch.ignored { #expect(gradient[index] == 0) }
      }
    }

    @Test(arguments: objectives) func `where nobody said anything the loss is 0`(
      objective: Architecture.Objective
    ) throws {
      let library = try Torch.library()
      let target = try MaskedTarget([2, 2], shape: [1, 1, 1, 2], library: library, element: .float64)
      let answer = Answer(values: try library.tensor([0.3, 0.9] as [Double], shape: [1, 1, 1, 2]), isLogits: false)
      #expect(try MaskedLoss.value(of: objective, answer, target).doubles()[0] == 0)
    }
  }
}
