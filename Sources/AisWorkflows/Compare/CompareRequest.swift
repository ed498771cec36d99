import AisCore
import AisTraining

/// What `ais compare` is asked for: several architectures trained alike, for each of one or several features.
package struct CompareRequest: Sendable {
  /// Training sets (`.scnt`); those of one feature are pooled.
  package var sets: [String]
  package var architectures: [String]
  package var outputFolder: String
  /// How each training goes. Its sets, output, title and architecture are replaced.
  package var training: TrainRequest
  package var standard: TrainingProtocol?
  /// A tomogram that the networks are shown at work on.
  package var tomogram: String?
  /// The slice that is drawn, counted from 0; `nil` is the middle one.
  package var slice: Int?
  /// What is in the tomogram, as a volume of labels: all of it is then segmented and compared.
  package var labels: String?
  /// Which number marks which feature; one number without a title serves when there is one feature.
  package var labelNumbers: [Label] = []
  /// Trains anew what is there already.
  package var replacesOutputs = false

  /// `Membrane=1`, or `1`.
  package struct Label: Sendable, Hashable {
    package var feature: String?
    package var number: Int

    package init(feature: String?, number: Int) {
      self.feature = feature
      self.number = number
    }
  }

  package init(sets: [String], architectures: [String], outputFolder: String, training: TrainRequest) {
    self.sets = sets
    self.architectures = architectures
    self.outputFolder = outputFolder
    self.training = training
  }

  /// The slice whose time is measured: that of the paper's table, rows and columns.
  package static let timedSlice = (y: 511, x: 720)

  /// Throws `usage` for what makes no sense.
  package func validate() throws(AisError) {
    try training.validate()
    guard architectures.count >= 2 else {
      throw AisError(.usage, "name the architectures to compare, two or more: -a \"UNet S\" -a \"VGGNet S\"")
    }
    if slice != nil, tomogram == nil {
      throw AisError(.usage, "--slice is one of a tomogram: name it with '--tomogram'")
    }
    if labels != nil, tomogram == nil {
      throw AisError(.usage, "--labels say what is in a tomogram: name it with '--tomogram'")
    }
    if !labelNumbers.isEmpty, labels == nil {
      throw AisError(.usage, "--label is a number in a volume of labels: name it with '--labels'")
    }
  }
}
