import AisCore
import AisNetworks

/// Where a training stands: everything that its continuation depends on. The batches depend on nothing else, and the random
/// numbers of a step on its place alone.
package struct TrainingCheckpoint: Sendable, Equatable {
  /// The networks with their optimisers; none before the first step.
  package var learners: [LearnerState]
  package var bestWeights: [WeightKey: Tensor]
  package var history: [EpochRecord]
  /// Steps that were made of the epoch behind the history, and what they came to.
  package var step: Int
  package var tally: Tally
  /// Of a user's own model, in place of learners and weights.
  package var program: ProgramState?

  /// What the program's `save` wrote after the last epoch, and after the best.
  package struct ProgramState: Sendable, Equatable {
    package var last: [CustomModel.SavedFile]
    package var best: [CustomModel.SavedFile]
    package var parameterCount: Int

    package init(last: [CustomModel.SavedFile], best: [CustomModel.SavedFile], parameterCount: Int) {
      self.last = last
      self.best = best
      self.parameterCount = parameterCount
    }
  }

  /// Before the first step.
  init(start weights: [WeightKey: Tensor]) {
    learners = []
    bestWeights = weights
    history = []
    step = 0
    tally = Tally()
  }

  package init(
    learners: [LearnerState], bestWeights: [WeightKey: Tensor], history: [EpochRecord], step: Int, tally: Tally
  ) {
    self.learners = learners
    self.bestWeights = bestWeights
    self.history = history
    self.step = step
    self.tally = tally
  }

  /// Batches that were learned from.
  func place(_ stepsPerEpoch: Int) -> Int { history.count * stepsPerEpoch + step }
}
