import AisCore
import AisFormats

/// What a person asks of `ais extract-particles`.
package struct ExtractionRequest: Sendable {
  package var lists: [String]
  package var format: CoordinateFormat?
  package var outputFolder: String
  package var context: CoordinateContext
  package var reading = TomogramOptions()
  package var boxes: ParticleBoxes
  /// float16 halves the size of the files.
  package var elementType = ElementType.float32
  package var replaces = false
  /// Threads that fill, normalise and write boxes.
  package var threads = 1
  /// Bytes that boxes may take.
  package var memory = 1 << 30
  /// Cuts boxes again by the list that was written and measures where their mean lies.
  package var proves = false

  package init(lists: [String], outputFolder: String, context: CoordinateContext, boxes: ParticleBoxes) {
    self.lists = lists
    self.outputFolder = outputFolder
    self.context = context
    self.boxes = boxes
  }
}

/// Everything that changes the boxes, as the accounts have it.
struct ExtractionSettings: Encodable, Sendable {
  var size: Int
  var edge: String
  var normalisation: String
  var inverts: Bool
  var elementType: String
  var view: String
  var voxelSizeAngstromXYZ: [Double]?
  /// Of the list that will be written, without its comments.
  var rowsSHA256: String

  init(_ request: ExtractionRequest, rows: [UInt8]) {
    rowsSHA256 = SHA256.hex(of: rows)
    size = request.boxes.size
    edge = request.boxes.edge.rawValue
    normalisation = request.boxes.normalisation.rawValue
    inverts = request.boxes.inverts
    elementType = request.elementType.rawValue
    view = request.reading.view.summary
    voxelSizeAngstromXYZ = request.context.hints.voxelSize.map { [$0.x.angstrom, $0.y.angstrom, $0.z.angstrom] }
  }
}
