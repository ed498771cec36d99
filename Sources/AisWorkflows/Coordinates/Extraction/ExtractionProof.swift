import AisCore
import AisFormats
import AisImaging

/// The test of the pudding: the list that was written is read again by its own format's rule, boxes are cut where it says, and the
/// place of what they have in common is measured.
package enum ExtractionProof {
  /// So many boxes are cut again.
  package static let boxes = 50

  package struct Result: Sendable, Encodable {
    /// Boxes that were cut.
    package var boxes: Int
    /// Greatest distance between a particle as it was given and as the list says, in voxels.
    package var greatestShift: Double
    /// Where the centre of the mean density lies from the particles, in voxels, x, y, z; `nil` when nothing stands out.
    package var offsetXYZ: [Double]?
    /// Standard errors of the offset.
    package var errorXYZ: [Double]?

    /// For people.
    package var sentence: String {
      let read =
        "the list was read again and \(boxes) boxes were cut by it: it moves no particle by more than \(PointTransform.text(greatestShift)) voxels"
      guard let offset = offsetXYZ, let error = errorXYZ else {
        return read + "; their mean shows nothing that stands out, so that its centre cannot be measured."
      }
      func text(_ values: [Double]) -> String {
        values.map { PointTransform.text(($0 * 100).rounded() / 100) }.joined(separator: ", ")
      }
      return read
        + "; the centre of their mean density lies \(text(offset)) voxels from the middle (± \(text(error))) in x, y, z."
    }
  }

  static func prove(
    _ bytes: [UInt8], _ extraction: ParticleExtraction, cancellation: Cancellation
  ) throws(AisError) -> Result {
    var hints = CoordinateHints()
    for frame in extraction.list.tomograms { hints.frames[frame.name] = frame }
    let again = try CoordinateFile.read(bytes, path: "particles.star", hints: hints).list
    var chosen: [Particle] = []
    let count = min(boxes, again.particles.count)
    for number in 0..<count { chosen.append(again.particles[number * again.particles.count / count]) }
    var greatest = 0.0
    var parts: [MeanBox] = (0..<4).map { _ in MeanBox(radius: max(4, min(16, extraction.request.boxes.size / 2 - 1))) }
    var number = 0
    for task in extraction.tasks {
      let tomogram = try Tomogram.open(task.path, options: extraction.request.reading)
      var own: [MeanBox] = parts.map { $0.empty }
      let grid = PointGrid(task.particles.map { extraction.list.particles[$0].point }, edge: 4)
      for particle in chosen where again.tomograms[particle.tomogram].name == task.tomogram.name {
        greatest = max(greatest, grid.nearest(to: particle.point)?.distance ?? .infinity)
        own[number % 4].add(particle.point, shape: tomogram.shape)
        number += 1
      }
      try MeanBox.fill(&own, from: tomogram, cancellation)
      for index in parts.indices { parts[index] = MeanBox.joined([parts[index], own[index]]) }
    }
    var result = Result(boxes: number, greatestShift: greatest)
    if let centre = MeanBox.joined(parts).centre(near: nil) {
      let single = parts.compactMap { $0.centre(near: centre) }
      func error(_ key: KeyPath<VoxelPoint, Double>) -> Double {
        guard single.count > 1 else { return .nan }
        let values = single.map { $0[keyPath: key] }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
        return (variance / Double(values.count)).squareRoot()
      }
      result.offsetXYZ = [centre.x, centre.y, centre.z]
      result.errorXYZ = [error(\.x), error(\.y), error(\.z)]
    }
    return result
  }
}
