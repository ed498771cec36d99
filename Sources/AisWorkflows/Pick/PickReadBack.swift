import AisCore
import AisFormats

/// Reads a list of picks as anybody would, and compares it with what was found.
///
/// A frame that is wrong by half a voxel or a mirrored axis is no error to any program; here it is one.
package struct PickReadBack: Sendable, Hashable, Encodable {
  package var particles: Int
  /// The greatest distance between a point that was found and the same point read, in voxels.
  package var deviationVoxels: Double
  /// What the file's numbers were taken for.
  package var frame: String

  /// Formats in which a coordinate is a whole number have half a voxel of room on each axis.
  private static let room = 0.87

  /// - Throws: `malformed` when the file does not hold the points; what reading throws.
  init(_ path: String, of list: ParticleList, _ request: PickRequest) throws(AisError) {
    var hints = CoordinateHints()
    for frame in list.tomograms { hints.frames[frame.name] = frame }
    hints.tomogramName = list.tomograms.first?.name
    hints.shape = list.tomograms.first?.shape
    hints.voxelSize = list.tomograms.first?.voxelSize
    hints.tiltSeries = request.formatOptions.tiltSeries
    hints.center = request.formatOptions.center
    hints.alignment = request.formatOptions.alignment
    let reading = try CoordinateFile.read(path, format: request.format, hints: hints)
    particles = reading.list.particles.count
    frame = reading.frame
    guard particles == list.particles.count else {
      throw AisError(
        .malformed,
        "'\(path)' was written and read again: \(list.particles.count) points were found, and it holds \(particles). Do not use it"
      )
    }
    deviationVoxels = Self.deviation(list, reading.list)
    guard deviationVoxels <= Self.room else {
      throw AisError(
        .malformed,
        "'\(path)' was written and read again: a point lies \(angstromText(deviationVoxels)) voxels from where it was found. "
          + "Do not use it")
    }
  }

  /// Of lists with the same number of points. Filaments may be regrouped by a format; then each point's nearest counts.
  private static func deviation(_ found: ParticleList, _ read: ParticleList) -> Double {
    func distance(_ a: VoxelPoint, _ b: VoxelPoint) -> Double {
      ((a.z - b.z) * (a.z - b.z) + (a.y - b.y) * (a.y - b.y) + (a.x - b.x) * (a.x - b.x)).squareRoot()
    }
    func greatest(_ a: [VoxelPoint], _ b: [VoxelPoint]) -> Double {
      zip(a, b).reduce(0) { max($0, distance($1.0, $1.1)) }
    }
    let (a, b) = (found.particles.map(\.point), read.particles.map(\.point))
    let inOrder = greatest(a, b)
    if inOrder <= room { return inOrder }
    let before = { (a: VoxelPoint, b: VoxelPoint) in (a.z, a.y, a.x) < (b.z, b.y, b.x) }
    return min(inOrder, greatest(a.sorted(by: before), b.sorted(by: before)))
  }
}
