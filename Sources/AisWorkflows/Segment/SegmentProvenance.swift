import AisCore
import AisFormats
import AisImaging
import AisNetworks
import AisSegmentation
import Foundation

/// How a segmentation was made: the JSON beside it and the labels in its header (schema `ais.segmentation/1`).
package struct SegmentProvenance: Sendable, Encodable {
  package struct Program: Sendable, Encodable {
    var name = "ais"
    var version = AisVersion.current
  }
  package struct Model: Sendable, Encodable {
    var title: String
    var path: String
    var contentHash: String
    var architecture: String?
    var depth: Int
    var dimensionality: Int
    var normalization: String
    var pixelSizeAngstrom: Double?
  }
  /// How the results of several models were made to agree.
  package struct Group: Sendable, Encodable {
    package struct Member: Sendable, Encodable {
      var title: String
      var contentHash: String
      var threshold: Double
      var emit: Bool
      var absorb: Bool
      /// Where the group says how the model is applied.
      var augmentations: Int?
      var tiling: String?
      var processing: String?
      /// The label of its voxels in a volume of labels.
      var label: Int
    }
    package struct Interaction: Sendable, Encodable {
      var type: String
      var child: String
      var parent: String
      var radiusNanometer: Double
      var threshold: Double
    }
    var title: String
    var path: String
    var dimension: Int
    var compatibility: String
    var models: [Member]
    /// In the order in which they were applied, after the competition.
    var interactions: [Interaction]
  }
  /// Everything that changes the voxels besides model and input.
  package struct Settings: Sendable, Encodable {
    var augmentations: Int
    var depthRange: String
    var processing: String
    var blurAngstromXYZ: [Double]
    var tiling: String
    var tileEdge: Int?
    var tileOverlap: Int?
    var slabStride: Int?
    var outputType: String
    var view: String
    var byteSign: String
    var compatibility: String
    var volume: Int?
    var isPermissive: Bool
    var voxelSizeAngstromXYZ: [Double]?
    /// The part that was segmented: the first voxel and the one behind the last, as far as they lie in the tomogram.
    var extentFirstXYZ: [Int]?
    var extentEndXYZ: [Int]?
  }
  package struct Input: Sendable, Encodable {
    var path: String
    var fingerprint: InputFingerprint
    var shapeXYZ: [Int]
    var voxelSizeAngstromXYZ: [Double]?
    var byteSign: String?
    var warnings: [String]
  }
  package struct Output: Sendable, Encodable {
    var file: String
    var elementType: String
    /// `segmentation`, `raw` (what a model of a group says by itself) or `labels`.
    var kind: SegmentTask.Output.Kind
    /// What the file holds where the probability is 1; not for labels.
    var valueAtProbabilityOne: Double?
  }
  package struct Processing: Sendable, Encodable {
    /// Pixels of a slice as the network worked on it, before padding.
    var workingSizeXY: [Int]
    var isRescaled: Bool
    /// Slices within the Z range that no slab covered and that are 0.
    var uncoveredSlices: Int
    var greyLevelCentre: Double?
    var greyLevelScale: Double?
    /// Wall time that the network took, of all of it.
    var networkSeconds: Double
  }

  static let schemaName = "ais.segmentation/1"

  var schema = SegmentProvenance.schemaName
  var program = Program()
  /// Not for labels, which are of all models of the group.
  var model: Model?
  var group: Group?
  var settings: Settings
  /// Equal fingerprints: the same model, settings and input, so the same voxels.
  package var fingerprint: String
  var input: Input
  var output: Output
  /// Not for labels.
  var processing: Processing?
  var engine: [String: String]
  var host: String
  var date: String
  var durationSeconds: Double

  func json() throws(AisError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do { return Array(try encoder.encode(self)) + [0x0A] } catch {
      throw AisError(.malformed, "the provenance of '\(output.file)' cannot be written as JSON", cause: error)
    }
  }

  /// The lines of the MRC header.
  static func labels(
    what: String, made: [String], input: String, settings: Settings, fingerprint: String, date: String
  ) -> [String] {
    (["Ais \(AisVersion.current) segment: \(what)"] + made + [
      "input \((input as NSString).lastPathComponent)",
      "settings tta \(settings.augmentations), z \(settings.depthRange), pixel \(settings.processing)",
      fingerprintLabel + fingerprint,
      date,
    ]).map { String($0.prefix(80)) }
  }

  static let fingerprintLabel = "ais fingerprint "

  /// The fingerprint that an MRC file's labels hold, if we wrote it.
  static func fingerprint(inLabels labels: [String]) -> String? {
    labels.first { $0.hasPrefix(fingerprintLabel) }.map {
      $0.dropFirst(fingerprintLabel.count).trimmingCharacters(in: .whitespaces)
    }
  }

  /// What model, settings and input have in common with those of an equal segmentation.
  static func fingerprint(
    model: ModelFile, title: String, settings: Settings, input: InputFingerprint
  ) -> String {
    var digest = SHA256()
    digest.update("\(schemaName) \(model.contentHash) \(title) ")
    digest.update("\(model.metadata.normalization.rawValue) \(model.metadata.apix ?? -1) \(model.metadata.zJitter) ")
    return finish(&digest, settings, input)
  }

  /// The same for what a group makes: everything in its recipe that can change a voxel, and all its networks.
  ///
  /// - Parameter output: the title of the model whose result it is; `nil` for labels.
  static func fingerprint(
    group: GroupRecipe, files: [ModelFile], output: String?, settings: Settings, input: InputFingerprint
  ) -> String {
    var digest = SHA256()
    digest.update("\(GroupRecipe.schemaName) \(group.dimension.rawValue) \(group.compatibility.rawValue)\n")
    for (model, file) in zip(group.models, files) {
      let metadata = file.metadata
      digest.update("\(model.title)\n\(file.contentHash) \(model.emits) \(model.absorbs) ")
      digest.update("\(metadata.normalization.rawValue) \(metadata.apix ?? -1) \(metadata.zJitter)")
      // Of all members, for each may change the others' results. Silent members leave fingerprints as they always were.
      if let count = model.augmentations { digest.update(" augmentations \(count)") }
      if let tiling = model.tiling { digest.update(" tiling \(tiling.rawValue)") }
      if let scaling = model.scaling { digest.update(" pixel \(scaling.words)") }
      digest.update(output == nil ? " \(model.threshold)\n" : "\n")
    }
    for rule in group.rules {
      digest.update("\(rule.kind.rawValue) \(rule.radiusNanometer) \(rule.threshold)\n\(rule.child)\n\(rule.parent)\n")
    }
    digest.update(output.map { "segmentation of \($0) " } ?? "labels ")
    return finish(&digest, settings, input)
  }

  private static func finish(_ digest: inout SHA256, _ settings: Settings, _ input: InputFingerprint) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    if let bytes = try? encoder.encode(settings) { bytes.withUnsafeBytes { digest.update($0) } }
    digest.update(" \(input.bytes) \(input.sampleHash)")
    return String(digest.finish().prefix(32))
  }
}

extension SegmentProvenance.Settings {
  init(_ request: SegmentRequest, options: TomogramOptions, model loaded: SegmentPlan.LoadedModel) {
    let settings = loaded.settings(request.settings)
    let model = loaded.model
    augmentations = settings.augmentations
    depthRange =
      switch settings.depthRange {
      case .all: "all"
      case .centre(let percent): "centre \(number(percent))%"
      case .slices(let range): "\(range.lowerBound):\(range.upperBound)"
      }
    processing = settings.scaling.words
    blurAngstromXYZ = [settings.blur.x.angstrom, settings.blur.y.angstrom, settings.blur.z.angstrom]
    tiling = settings.tiling.rawValue
    // Settings that only 3D networks know must not make the outputs of others look different.
    let isTiled = model.isThreeDimensional && settings.tiling == .standard
    tileEdge = isTiled ? settings.tileEdge ?? -1 : nil
    tileOverlap = isTiled ? settings.tileOverlap : nil
    slabStride = model.isThreeDimensional ? settings.slabStride : nil
    if !model.isThreeDimensional { tiling = InferenceSettings.Tiling.standard.rawValue }
    outputType = request.outputType.rawValue
    view = options.view.summary
    byteSign = options.byteSign.rawValue
    compatibility = options.compatibility.rawValue
    volume = options.volume
    isPermissive = options.isPermissive
    voxelSizeAngstromXYZ = options.voxelSize.map { [$0.x.angstrom, $0.y.angstrom, $0.z.angstrom] }
    extentFirstXYZ = settings.extent.map { [$0.x.lowerBound, $0.y.lowerBound, $0.z.lowerBound] }
    extentEndXYZ = settings.extent.map { [$0.x.upperBound, $0.y.upperBound, $0.z.upperBound] }
  }
}

extension InferenceSettings.Scaling {
  /// For accounts.
  var words: String {
    switch self {
    case .asTrained: "as trained"
    case .native: "native"
    case .pixelSize(let length): "\(angstromText(length.angstrom)) A"
    }
  }
}
