import AisCore
import AisFormats
import AisImaging

/// The surface Dice coefficient of a segmentation at several thresholds.
package struct SurfaceSweep: Sendable {
  /// By whole threshold on the scale 0 to 255.
  package private(set) var dice: [Int: Double] = [:]
  /// How far surfaces may be apart, and what that is counted in.
  package let tolerance: Double
  package let unit: String

  /// Thresholds that a sweep always looks at: few, for each needs a distance transform.
  package static let thresholds = [16, 32, 64, 96, 128, 160, 192, 224]

  /// Reads both volumes of an evaluation again, whole.
  ///
  /// - Parameters:
  ///   - tolerance: `nil` is the edge of a voxel.
  ///   - memory: bytes that may be used; `nil` is returned when they are too few.
  package static func measure(
    _ evaluation: Evaluation, thresholds: [Int], tolerance: Length?, memory: Int, threads: Int,
    cancellation: Cancellation
  ) throws(AisError) -> SurfaceSweep? {
    guard let count = evaluation.shape.countIfRepresentable, count <= memory / SurfaceAgreement.bytesPerVoxel else {
      return nil
    }
    let tested = try Tomogram.open(evaluation.segmentation)
    var options = TomogramOptions()
    if case .label(let label) = evaluation.truth { options.label = label }
    let known = try Tomogram.open(evaluation.groundTruth, options: options)
    let size = known.voxelSize ?? tested.voxelSize
    guard tolerance == nil || size != nil else {
      throw AisError(
        .needsDecision,
        "neither '\(evaluation.segmentation)' nor '\(evaluation.groundTruth)' says how large its voxels are, and '--tolerance' is a "
          + "length. Leave it away to allow one voxel")
    }
    let spacing = size.map { ($0.z.angstrom, $0.y.angstrom, $0.x.angstrom) } ?? (1.0, 1.0, 1.0)
    var sweep = SurfaceSweep(
      tolerance: tolerance?.angstrom ?? max(spacing.0, spacing.1, spacing.2), unit: size == nil ? "voxel" : "Å")
    let agreement = SurfaceAgreement(
      truth: try mask(known, cancellation) { $0 > 0 }, spacing: spacing, tolerance: sweep.tolerance, threads: threads)
    for threshold in Set(thresholds).sorted() {
      let found = try mask(tested, cancellation) { $0 * evaluation.scale > Float(threshold) }
      sweep.dice[threshold] = agreement.dice(of: found)
    }
    return sweep
  }

  private init(tolerance: Double, unit: String) {
    self.tolerance = tolerance
    self.unit = unit
  }

  private static func mask(
    _ source: Tomogram, _ cancellation: Cancellation, _ isInside: (Float) -> Bool
  ) throws(AisError) -> Volume<UInt8> {
    var mask = Volume<UInt8>(shape: source.shape, repeating: 0)
    var index = 0
    for z in 0..<source.shape.z {
      try cancellation.check()
      for value in try source.slice(z) {
        if isInside(value) { mask.voxels[index] = 1 }
        index += 1
      }
    }
    return mask
  }
}
