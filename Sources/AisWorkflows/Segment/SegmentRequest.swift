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

  /// Paths of the models; none when there is a group.
  package var models: [String]
  /// A group of models whose results are combined: a recipe or a `.scnmgroup`.
  package var group: String?
  /// Of a group, also what each model says by itself.
  package var writesRaw = false
  /// Of a group, also one volume of labels.
  package var writesLabels = false
  /// Files, folders, patterns and lists as typed.
  package var inputs: [String]
  package var outputFolder: String
  /// The name of an output before `__TITLE.mrc`; `{stem}`, `{parent}` and `{model}` stand for parts of paths.
  package var namePattern = OutputName.standardPattern
  package var settings = InferenceSettings()
  package var outputType = OutputType.uint16
  package var view = TomogramOptions()
  /// What is said of single tomograms.
  package var limits: TomogramLimits?
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

  /// What is asked for one of the inputs.
  package func own(_ input: String) -> SegmentRequest {
    guard let limit = limits?[input] else { return self }
    var own = self
    own.settings.extent = limit.extent
    if let size = limit.voxelSize { own.view.voxelSize = size }
    return own
  }

  /// Of all inputs, as their headers say; `nil` where none can be read.
  package var voxelCount: Int? {
    guard let paths = try? InputCollection(inputs).paths else { return nil }
    let counts = paths.compactMap { try? Tomogram.open($0, options: view).shape }.map { $0.z * $0.y * $0.x }
    return counts.isEmpty ? nil : counts.reduce(0, +)
  }

  /// Of the files written those that are final results: not raw predictions, not labels.
  package func resultPaths(_ written: [String]) -> [String] {
    let folder = OutputFolder.prefix(outputFolder)
    return written.filter { !$0.dropFirst(folder.count).contains("/") }
  }
}
