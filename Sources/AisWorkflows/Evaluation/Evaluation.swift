import AisCore
import AisFormats
import AisImaging

/// Compares a segmentation with a ground truth of the same tomogram, voxel by voxel.
package struct Evaluation: Sendable {
  /// Which voxels of the ground truth count.
  package enum Truth: Sendable, Hashable {
    /// Those that hold exactly this number.
    case label(Int)
    /// Those that hold anything above zero.
    case anyLabel
  }

  package var segmentation: String
  package var groundTruth: String
  package var truth: Truth
  package var shape: Shape
  /// What the values of the segmentation were multiplied by to reach the scale 0 to 255.
  package var scale: Float
  package var histogram: OverlapHistogram

  /// Reads both files once, slice by slice.
  ///
  /// Values of 8-bit signed files (0 to 127) are multiplied by 255/127, those of floating-point files that stay within 0 to 1
  /// by 255; all others are taken as they are.
  ///
  /// - Throws: what reading throws; `.shapeMismatch` when the volumes differ in size; `.needsDecision` when no voxel of the
  ///   ground truth counts.
  package static func compare(
    segmentation: String, groundTruth: String, truth: Truth,
    cancellation: Cancellation = Cancellation()
  ) throws(AisError) -> Evaluation {
    let tested = try Tomogram.open(segmentation)
    var options = TomogramOptions()
    if case .label(let label) = truth { options.label = label }
    let known = try Tomogram.open(groundTruth, options: options)
    guard tested.shape == known.shape else {
      throw AisError(
        .shapeMismatch,
        "'\(segmentation)' has \(tested.shape) voxels, '\(groundTruth)' has \(known.shape). "
          + "A segmentation is compared with a ground truth of the same tomogram at the same binning.")
    }
    let scale = try scaleTo255(tested, cancellation)
    var histogram = OverlapHistogram()
    for z in 0..<tested.shape.z {
      try cancellation.check()
      let values = try tested.slice(z)
      let labels = try known.slice(z)
      for (value, label) in zip(values, labels) {
        histogram.add(value * scale, isTrue: label > 0)
      }
    }
    if histogram.truthCount == 0 {
      throw AisError(
        .needsDecision,
        "no voxel of '\(groundTruth)' \(truth.description): there is nothing to compare with. "
          + "'ais info \(groundTruth)' shows the range of its values; choose one with --label.")
    }
    return Evaluation(
      segmentation: segmentation, groundTruth: groundTruth, truth: truth, shape: tested.shape, scale: scale,
      histogram: histogram)
  }

  private static func scaleTo255(_ tomogram: Tomogram, _ cancellation: Cancellation) throws(AisError) -> Float {
    switch tomogram.info.elementType {
    case .int8: return 255.0 / 127
    case .float16, .float32, .float64:
      // Headers are often wrong about the range, so the voxels decide.
      for z in 0..<tomogram.shape.z {
        try cancellation.check()
        if try tomogram.slice(z).contains(where: { $0 > 1 }) { return 1 }
      }
      return 255
    default: return 1
    }
  }
}

extension Evaluation.Truth: CustomStringConvertible {
  /// The second half of the sentence "a voxel that …".
  package var description: String {
    switch self {
    case .label(let label): "holds \(label)"
    case .anyLabel: "is above 0"
    }
  }
}
