import AisCore
import AisFormats
import AisNetworks
import AisSegmentation

/// Everything that a run of `ais segment` will do, settled before any voxel is computed.
package struct SegmentPlan: Sendable {
  package let request: SegmentRequest
  package let engine: any Engine
  package let models: [LoadedModel]
  /// The group that the models are of.
  package let group: GroupRecipe?
  package var tasks: [SegmentTask]
  /// Segmentations that lay in a folder and were passed over.
  package let skippedSegmentations: [String]

  /// A model's file and what the engine made of it.
  package struct LoadedModel: Sendable {
    package var file: ModelFile
    package var model: SegmentationModel
    /// What its group says of it.
    var member: GroupRecipe.Model?

    init(_ file: ModelFile, title: String, engine: any Engine) throws(AisError) {
      let network: any LoadedNetwork
      do throws(AisError) { network = try engine.load(file.graph) } catch {
        throw AisError(error.code, "model '\(file.path)' cannot be run: \(error.message)")
      }
      self.file = file
      model = try SegmentationModel(
        title: title, network: network, depth: file.metadata.modelDepth,
        normalization: file.metadata.normalization == .globalMAD ? .wholeTomogram : .eachSlice,
        pixelSize: file.metadata.pixelSize, zJitter: file.metadata.zJitter)
    }

    /// How the model is applied in a run that is asked for `settings`.
    func settings(_ settings: InferenceSettings) -> InferenceSettings { member?.settings(settings) ?? settings }
  }

  /// The greatest need of any task.
  package var memoryBytes: Int { tasks.flatMap(\.passes).map(\.forecast.memoryBytes).max() ?? 0 }
  /// Of the whole run.
  package var seconds: Double { tasks.reduce(0) { $0 + $1.seconds } }
  /// Of all outputs that will be written.
  package var diskBytes: Int { tasks.flatMap(\.passes).reduce(0) { $0 + $1.diskBytes } }
  /// Room on the file system of the output folder, `nil` when the system does not say.
  package static func freeDisk(at folder: String) -> ByteCount? { DiskSpace.free(at: folder).map { ByteCount($0) } }

  /// Files that the run will write, not counting their provenance.
  package var outputCount: Int { tasks.flatMap(\.passes).reduce(0) { $0 + $1.outputs.count } }
}

/// One tomogram and what is to be done with it.
package struct SegmentTask: Sendable {
  package var input: String
  /// Of the input when the plan was made.
  var fingerprint: InputFingerprint?
  /// The paths of all outputs.
  package var outputs: [String] = []
  /// Readings of the file, each for one or several models: more than one only where models want bytes read differently.
  package var passes: [Pass] = []
  /// Outputs that are there already, made with the same model, settings and input.
  package var finished: [String] = []
  /// Why some or all of it cannot be done.
  package var refusals: [AisError] = []

  package struct Pass: Sendable {
    package var options: TomogramOptions
    /// The models that run, as counted by the plan.
    package var models: [Int]
    /// How their results are made to agree, one member for each of them.
    package var combination: Combination?
    package var outputs: [Output]
    package var forecast: SegmentationForecast
    package var diskBytes: Int
    /// The tomogram, still open when it is the only one: a compressed file need not be unpacked twice.
    var tomogram: Tomogram?
  }

  package struct Output: Sendable {
    package enum Kind: String, Sendable, Encodable {
      case segmentation
      /// What a model of a group says by itself.
      case raw
      /// Which model of a group found something.
      case labels
    }

    package var kind = Kind.segmentation
    /// Counts into the plan's models; labels are of all of them.
    package var model: Int
    package var path: String
    package var settings: SegmentProvenance.Settings
    package var fingerprint: String
  }

  package var seconds: Double { passes.reduce(0) { $0 + $1.forecast.seconds } }
}

extension SegmentTask.Pass {
  var makesLabels: Bool { outputs.contains { $0.kind == .labels } }
}
