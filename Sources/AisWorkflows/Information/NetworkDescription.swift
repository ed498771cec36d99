import AisCore
import AisNetworks

/// What is in a network's file, with units in the names.
package struct NetworkDescription: Sendable, Encodable {
  package var title: String
  package var container: String
  package var architecture: String?
  /// 2 or 3.
  package var dimensions: Int
  /// Slices that the network looks at together.
  package var inputSlices: Int
  package var parameterCount: Int
  /// The pixel size that it was trained at; `nil` when the file does not say.
  package var pixelSizeAngstrom: Double?
  package var boxSize: Int?
  package var normalization: String
  /// 0 to 1.
  package var threshold: Double
  package var contentHash: String
  package var warnings: [String]

  package init(_ model: ModelFile) {
    title = model.metadata.title
    container = model.container.rawValue
    architecture = model.metadata.architecture
    dimensions = model.graph.dimensionality == .two ? 2 : 3
    inputSlices = dimensions == 2 ? model.graph.inputChannels : model.metadata.modelDepth
    parameterCount = model.graph.parameterCount
    pixelSizeAngstrom = model.metadata.apix
    boxSize = model.metadata.boxSize
    normalization = model.metadata.normalization.rawValue
    threshold = model.metadata.threshold
    contentHash = model.contentHash
    warnings = model.warnings
  }
}
