import AisCore
import AisImaging
import Foundation

/// Labels of thin things: what matters is where the middle is, not how thick somebody drew it.
package enum FilamentLabels {
  /// Each slice's label as a soft tube around its skeleton: exp(−d²/2σ²) of the distance d, with the full width at half maximum
  /// `diameter` (σ = diameter / 2.3548). Unknown pixels (2) stay so; a slice without the feature stays 0.
  package static func softened(_ label: Volume<Float>, diameter: Double) -> Volume<Float> {
    precondition(diameter > 0, "a tube has a diameter")
    var result = label
    let (rows, columns) = (label.shape.y, label.shape.x)
    let plane = Shape(z: 1, y: rows, x: columns)
    let factor = -1 / (2 * (diameter / 2.3548) * (diameter / 2.3548))
    for z in 0..<label.shape.z {
      let slice = label.slice(z)
      let mask = Volume<UInt8>(shape: plane, voxels: slice.map { $0 > 0.5 && $0 < 1.5 ? 1 : 0 })
      // Nobody can cancel it, so it cannot fail.
      guard mask.voxels.contains(1), let skeleton = try? Thinning.skeleton(of: mask) else { continue }
      let background = Volume<UInt8>(shape: plane, voxels: skeleton.voxels.map { 1 - $0 })
      let squares = DistanceTransform.squared(of: background).voxels
      for (i, value) in slice.enumerated() where value <= 1.5 {
        result.voxels[z * rows * columns + i] = Float(exp(factor * Double(squares[i])))
      }
    }
    return result
  }
}
