import AisCore
import AisFormats
import AisImaging

/// What a segmentation shows of where particles belong.
enum SegmentationEvidence {
  /// Smaller components are noise.
  private static let fewestVoxels = 8
  private static let fewestComponents = 8

  /// The centres of its components where these are particles; else, for membranes and filaments, the volume itself.
  static func make(
    _ path: String, threshold: Float?, threads: Int, cancellation: Cancellation?
  ) throws(AisError) -> any PlacementEvidence {
    let tomogram = try Tomogram.open(path)
    let level: Float
    if let threshold { level = threshold } else { level = try usualThreshold(tomogram) }
    let runs = try ComponentRuns.find(
      in: tomogram, above: level, minimumVoxelCount: fewestVoxels, threads: threads,
      cancellation: cancellation)
    let sizes = runs.components.map(\.voxelCount).sorted()
    guard sizes.count >= fewestComponents else {
      return VolumeEvidence(
        "'\(path)'", source: tomogram, smallestShift: 0.5, isConclusive: true,
        cancellation: cancellation)
    }
    let typical = sizes[sizes.count / 2]
    let all = sizes.reduce(0, +)
    let particles = runs.components.filter { $0.voxelCount <= 8 * typical }
    guard 5 * particles.reduce(0, { $0 + $1.voxelCount }) >= 3 * all else {
      return VolumeEvidence(
        "'\(path)'", source: tomogram, smallestShift: 0.5, isConclusive: true,
        cancellation: cancellation)
    }
    // The radius of a ball of as many voxels: a pick may lie that far from the centre, not farther.
    let radius = cubeRoot(Double(typical) * 3 / 4 / .pi)
    return PointEvidence(
      "the particles of '\(path)'", points: particles.map(\.centroid), shape: tomogram.shape, sharpness: max(3, radius),
      smallestShift: 0.4)
  }

  /// Half of what stands for certainty: 128 of 255, 64 of 127, 0.5 of 1.
  static func usualThreshold(_ tomogram: Tomogram) throws(AisError) -> Float {
    switch tomogram.info.elementType {
    case .int8: return 63.5
    case .float16, .float32, .float64:
      for index in 0..<min(16, tomogram.shape.z) {
        let z = (2 * index + 1) * tomogram.shape.z / (2 * min(16, tomogram.shape.z))
        if try tomogram.slice(z).contains(where: { $0 > 1 }) { return 127.5 }
      }
      return 0.5
    default:
      // Labels and masks count from 1.
      for index in 0..<min(16, tomogram.shape.z) {
        let z = (2 * index + 1) * tomogram.shape.z / (2 * min(16, tomogram.shape.z))
        if try tomogram.slice(z).contains(where: { $0 > 16 }) { return 127.5 }
      }
      return 0.5
    }
  }

  private static func cubeRoot(_ value: Double) -> Double {
    var root = max(value, 1e-9)
    for _ in 0..<60 { root = (2 * root + value / (root * root)) / 3 }
    return root
  }
}
