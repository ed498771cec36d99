import AisCore
import AisFormats
import Foundation

/// The boxes of one tomogram: a folder of them, and the list of them beside.
package struct ExtractionTask: Sendable {
  package let tomogram: TomogramFrame
  /// The tomogram's file.
  package let path: String
  /// Indices of the particles in the list of all.
  package let particles: [Int]
  /// The particles that get a box, by index within `particles`, and the names of the boxes' files, counted from the output
  /// folder.
  let images: [Int: String]
  package var boxCount: Int { images.count }
  /// Boxes that reach beyond the tomogram, filled there or left out.
  let beyondCount: Int
  /// Where the boxes lie.
  package let folder: String
  /// The list of this tomogram's boxes.
  package var list: String { folder + "/particles.star" }
  /// The account to be written; `nil` when there is nothing to do.
  private(set) var record: WorkRecord?
  package private(set) var refusals: [AisError] = []

  package var isFinished: Bool { record == nil && refusals.isEmpty }

  /// Looks at the tomogram's header.
  init(
    _ tomogram: TomogramFrame, path: String, particles: [Int], of list: ParticleList, _ request: ExtractionRequest
  ) throws(AisError) {
    // The name is whatever a list says, and becomes a folder's.
    guard !["", ".", ".."].contains(tomogram.name), !tomogram.name.contains("/") else {
      throw AisError(
        .malformed,
        "'\(tomogram.name)' cannot be the name of a tomogram's folder. Name the tomogram in the list as its file is called."
      )
    }
    self.tomogram = tomogram
    self.path = path
    self.particles = particles
    folder = OutputFolder.prefix(request.outputFolder) + tomogram.name
    let shape = try Tomogram.open(path, options: request.reading).shape
    var images: [Int: String] = [:]
    var beyondCount = 0
    for (index, particle) in particles.enumerated() {
      let isInside = request.boxes.isInside(list.particles[particle].point, shape)
      if !isInside { beyondCount += 1 }
      guard isInside || request.boxes.edge != .skip else { continue }
      let number = String(index + 1)
      let padding = String(repeating: "0", count: max(0, 6 - number.count))
      images[index] = "\(tomogram.name)/\(tomogram.name)_\(padding)\(number).mrc"
    }
    self.images = images
    self.beyondCount = beyondCount
  }

  /// Looks at what is there already.
  ///
  /// - Parameter rows: the list of this tomogram's boxes as it will be written, without its comments.
  mutating func settle(rows: [UInt8], _ request: ExtractionRequest) throws(AisError) {
    let record = try WorkRecord(
      schema: ParticleExtraction.schema, settings: ExtractionSettings(request, rows: rows), inputs: [path])
    switch request.replaces ? .absent : ExistingOutput.look(at: [list], record: record) {
    case .other(let reason): refusals = [AisError(.needsDecision, reason)]
    case .same where hasAllBoxes(request): break
    case .same, .absent: self.record = record
    }
  }

  /// Whether every box is there and whole. Its bytes are not looked at: there may be millions.
  private func hasAllBoxes(_ request: ExtractionRequest) -> Bool {
    let size = request.boxes.size
    let bytes = 1024 + size * size * size * request.elementType.byteCount
    let folder = OutputFolder.prefix(request.outputFolder)
    return images.values.allSatisfy { name in
      let attributes = try? FileManager.default.attributesOfItem(atPath: folder + name)
      return attributes?[.size] as? Int == bytes
    }
  }
}
