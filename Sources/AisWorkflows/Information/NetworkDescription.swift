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
  /// The picture of what it finds in a slice, that the file carries.
  package var preview: Preview?
  package var contentHash: String
  package var warnings: [String]

  /// A picture, and whether the slice that it was made of is there too.
  package struct Preview: Sendable, Encodable {
    package var width: Int
    package var height: Int
    package var hasSlice: Bool

    /// `nil` for what is no PNG.
    init?(_ png: [UInt8], hasSlice: Bool) {
      guard png.count >= 24, png.starts(with: [0x89, 0x50, 0x4E, 0x47]) else { return nil }
      func number(_ place: Int) -> Int { png[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
      (width, height) = (number(16), number(20))
      self.hasSlice = hasSlice
    }
  }

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
    preview = model.preview.flatMap { Preview($0, hasSlice: model.slice != nil) }
    contentHash = model.contentHash
    warnings = model.warnings
  }
}
