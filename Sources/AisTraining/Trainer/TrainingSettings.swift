import AisCore
import AisNetworks
import Foundation

/// How a network is trained. Two trainings with equal settings and batches, on one kind of machine, give equal weights.
package struct TrainingSettings: Sendable, Equatable, Codable {
  package var epochs: Int
  package var learningRate: Double
  package var beta1: Double
  package var schedule = Schedule.constant
  /// Steps along which the learning rate rises to its first value; `nil`: none. For networks that have learnt already: Adam's first
  /// steps are as long for weights that need no change as for those that do, and would undo what was learnt.
  package var warmUpSteps: Int?
  /// Stops when this many epochs in a row were not better than the best; `nil`: never.
  package var patience: Int?
  /// Gradients longer than this, all together, are shortened to it; `nil`: never.
  package var gradientLimit: Double?
  package var objective: Architecture.Objective
  /// The share of the old value when moving statistics take in a batch, as Keras counts momentum.
  package var batchMomentum: Double
  package var seed: UInt64
  /// Threads that compute. The order of sums depends on it, so it belongs to the settings.
  package var threads: Int
  package var precision: Precision

  /// The architecture's own settings.
  package init(_ architecture: Architecture, epochs: Int = 50, seed: UInt64 = 1, threads: Int) {
    self.epochs = epochs
    learningRate = architecture.learningRate
    beta1 = architecture.beta1
    objective = architecture.objective
    batchMomentum = Double(architecture.batchMomentum)
    self.seed = seed
    self.threads = threads
    precision = .float32
  }

  /// How the learning rate goes on from its first value.
  package enum Schedule: String, Sendable, Codable, CaseIterable {
    case constant
    /// Down to nothing along half a cosine.
    case cosine
    /// Halved whenever five epochs in a row were not better than the best.
    case plateau
  }

  /// What layers compute with; weights, losses and statistics are float32 always.
  package enum Precision: String, Sendable, Codable, CaseIterable {
    case float32, bfloat16
  }

  /// The learning rate of an epoch, counted from 0, after what came before it.
  package func rate(epoch: Int, after history: [EpochRecord]) -> Double {
    switch schedule {
    case .constant: return learningRate
    case .cosine: return learningRate * (1 + cos(.pi * Double(epoch) / Double(max(epochs, 1)))) / 2
    case .plateau:
      var rate = learningRate
      var waited = 0
      for record in history {
        waited = record.isBest ? 0 : waited + 1
        if waited == 5 {
          rate /= 2
          waited = 0
        }
      }
      return rate
    }
  }

  /// For a network that has learnt already: an epoch, but 20 to 100 steps. Membranes in 48 boxes that were learnt further: a
  /// held-out loss of 0.17 after the first epoch, where it was 0.24 without; 60 steps brought no more than 20.
  package mutating func warmUp(stepsPerEpoch: Int) { warmUpSteps = min(100, max(20, stepsPerEpoch)) }

  /// The part of its rate that a step has, counted from 0 over all epochs.
  package func warmth(step: Int) -> Double {
    guard let warmUpSteps, step < warmUpSteps else { return 1 }
    return Double(step + 1) / Double(warmUpSteps + 1)
  }

  /// What must not change between a training and its continuation; the number of epochs may.
  package var identity: TrainingSettings {
    var settings = self
    // A cosine depends on where it ends.
    if schedule != .cosine { settings.epochs = 0 }
    settings.patience = nil
    return settings
  }
}
