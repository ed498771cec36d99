import AisCore
import AisNetworks
import AisTraining

/// What `ais train` is asked for.
package struct TrainRequest: Sendable {
  /// Training sets (`.scnt`), pooled.
  package var sets: [String]
  /// A folder, or the file of the model (`.scnm`).
  package var output: String
  /// An architecture's name; `nil`: that of `startModel`, or the standard one.
  package var architecture: String?
  /// Where a user's own architectures lie.
  package var architectureFolder: String?
  /// A model whose training goes on, with a fresh optimiser.
  package var startModel: String?
  /// The feature that the network finds; `nil`: what the sets say.
  package var title: String?
  package var epochs = 50
  package var sampler = SamplerSettings()
  /// `nil`: the architecture's own.
  package var learningRate: Double?
  package var schedule = TrainingSettings.Schedule.constant
  package var patience: Int?
  package var gradientLimit: Double?
  /// What it is computed on; what a user's own program computes on is its own affair.
  package var device = TrainingDeviceChoice.automatic
  /// `nil`: the quicker one of the device, or that of the checkpoint that is gone on from.
  package var precision: TrainingSettings.Precision?
  /// The diameter of the soft tubes that labels are turned into, pixels.
  package var filamentDiameter: Double?
  package var seed: UInt64 = 1
  package var threads: Int
  package var memoryLimit: Int
  /// Goes on from the checkpoint beside the output.
  package var resumes = false
  package var keepsCheckpoint = false
  package var replacesOutputs = false
  /// The tomogram and slice that the model file's picture is made of.
  package var preview: ModelPreview?
  /// A model file that is replaced while the training runs, for those who want to see the half-trained network.
  package var livePath: String?
  /// Seconds between two such files, at least.
  package var liveSeconds = 10.0

  package init(sets: [String], output: String, threads: Int, memoryLimit: Int) {
    self.sets = sets
    self.output = output
    self.threads = threads
    self.memoryLimit = memoryLimit
  }

  /// Throws `usage` for numbers that make no sense.
  package func validate() throws(AisError) {
    try sampler.augmentation.validate()
    for (name, value, range) in [
      ("--epochs", epochs, 1...100_000), ("--batch", sampler.batchSize, 1...4096),
      ("--copies", sampler.copies, 1...10_000),
    ] where !range.contains(value) {
      throw AisError(.usage, "\(name) \(value): expected \(range.lowerBound) to \(range.upperBound)")
    }
    if let learningRate, !(learningRate > 0 && learningRate <= 1) {
      throw AisError(.usage, "--rate \(learningRate): expected a number above 0, at most 1, such as 0.001")
    }
    guard liveSeconds >= 0, liveSeconds.isFinite else {
      throw AisError(.usage, "--live-every \(liveSeconds): expected seconds, 0 or more")
    }
    guard (0...0.9).contains(sampler.validationFraction) else {
      throw AisError(
        .usage, "--validation \(sampler.validationFraction): expected 0 to 0.9, the share that is held out")
    }
    if let patience, patience < 1 { throw AisError(.usage, "--patience \(patience): expected 1 epoch or more") }
    if let gradientLimit, !(gradientLimit > 0) {
      throw AisError(.usage, "--clip \(gradientLimit): expected a number above 0")
    }
    if let ratio = sampler.negativesPerPositive, !(ratio >= 0 && ratio <= 1000) {
      throw AisError(.usage, "--negatives \(ratio): expected 0 to 1000 boxes without the feature for each one with it")
    }
  }
}
