import AisCore
import AisFormats
import Foundation

/// One file that an extraction makes.
package struct ExtractSet: Sendable {
  /// What is to be found in its boxes.
  package let features: [String]
  package let path: String
  /// The account to be written; `nil` when there is nothing to do.
  package private(set) var record: WorkRecord?
  package private(set) var refusal: AisError?

  package static let schema = "ais.training-set/1"
  package static let coordinateSchema = "ais.box-coordinates/1"

  /// Whether the file is there already, made with the same settings of the same annotations.
  package var isFinished: Bool { record == nil && refusal == nil }

  init(features: [String], _ request: ExtractRequest) {
    self.features = features
    let titles = features.map(OutputName.safe)
    let name =
      request.writesCoordinates
      ? titles.joined(separator: "_") + "_coordinates.star"
      : TrainingSetMetadata(pixelSize: request.pixelSize, boxSize: request.boxSize, depth: request.depth, jitter: 0)
        .proposedName(titles)
    path = OutputFolder.prefix(request.outputFolder) + name
  }

  /// Looks at what is there already.
  mutating func settle(_ tasks: [ExtractTask], _ request: ExtractRequest) throws(AisError) {
    let titles = features + request.negatives
    let used = tasks.filter { !$0.source.features(titles).isEmpty }
    var files: [String] = []
    for file in used.flatMap(\.files) where !files.contains(file) { files.append(file) }
    let record = try WorkRecord(
      schema: request.writesCoordinates ? Self.coordinateSchema : Self.schema,
      settings: ExtractSettings(request, features: features, annotations: used.compactMap(\.source.digest)),
      inputs: files)
    switch request.replaces ? .absent : ExistingOutput.look(at: [path], record: record) {
    case .same: break
    case .other(let reason): refusal = AisError(.needsDecision, reason)
    case .absent: self.record = record
    }
  }
}

/// Everything that changes a set besides its inputs: what its record keeps.
struct ExtractSettings: Encodable, Sendable {
  var features: [String]
  var negatives: [String]
  var boxSize: Int
  var depth: Int
  var pixelSizeAngstrom: Double
  var flavours: [String]
  var takesVersions: Bool
  var labels: [Int]?
  var randomPositives: Int?
  var randomNegatives: Int?
  var seed: UInt64?
  /// Digests of what projects have annotated.
  var annotations: [String]
  var voxelSizeAngstromXYZ: [Double]?
  var byteSign: String
  var isInverted: Bool

  init(_ request: ExtractRequest, features: [String], annotations: [String]) {
    self.features = features
    negatives = request.negatives
    boxSize = request.boxSize
    depth = request.depth
    pixelSizeAngstrom = request.pixelSize.angstrom
    flavours = request.flavours.map(\.name)
    takesVersions = request.takesVersions
    labels = request.labels?.numbers
    if case .random(let positives, let negatives)? = request.labels?.placement {
      randomPositives = positives
      randomNegatives = negatives
      seed = request.seed
    }
    self.annotations = annotations
    voxelSizeAngstromXYZ = request.view.voxelSize.map { [$0.x.angstrom, $0.y.angstrom, $0.z.angstrom] }
    byteSign = request.view.byteSign.rawValue
    isInverted = request.view.view.isInverted
  }
}

/// What a set holds, for programs: the member `results` of its record and of the JSON line.
package struct ExtractResults: Encodable, Sendable {
  package var boxes: Int
  /// Boxes whose label shows the feature.
  package var positives: Int
  package var tomograms: Int
  package var flavours: [String]
}
