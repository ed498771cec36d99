import AisCore
import AisFormats
import AisSegmentation

/// What a person asks of `ais segment`.
package struct SegmentRequest: Sendable {
  /// How probabilities are stored.
  package enum OutputType: String, Sendable, CaseIterable {
    case uint16, int8, float16, float32

    package var elementType: ElementType {
      switch self {
      case .uint16: .uint16
      case .int8: .int8
      case .float16: .float16
      case .float32: .float32
      }
    }

    /// The reference's pickers and viewers take 8-bit files as half the scale, 32-bit floats as 0…1 and everything else
    /// as 0…255; thresholds mean the same there with our files.
    package var scale: SegmentationScale {
      switch self {
      case .uint16: .byte
      case .int8: SegmentationScale(full: 127, isWhole: true)
      case .float16: SegmentationScale(full: 255, isWhole: false)
      case .float32: SegmentationScale(full: 1, isWhole: false)
      }
    }
  }

  /// Paths of the models.
  package var models: [String]
  /// Files, folders, patterns and lists as typed.
  package var inputs: [String]
  package var outputFolder: String
  /// The name of an output before `__TITLE.mrc`; `{stem}`, `{parent}` and `{model}` stand for parts of paths.
  package var namePattern = OutputName.standardPattern
  package var settings = InferenceSettings()
  package var outputType = OutputType.uint16
  package var view = TomogramOptions()
  /// Replaces outputs that are there.
  package var replacesOutputs = false
  /// Bytes that the process may use.
  package var memoryLimit: Int
  package var threads: Int

  package init(models: [String], inputs: [String], outputFolder: String, memoryLimit: Int, threads: Int) {
    self.models = models
    self.inputs = inputs
    self.outputFolder = outputFolder
    self.memoryLimit = memoryLimit
    self.threads = threads
  }
}
