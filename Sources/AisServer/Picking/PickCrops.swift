import AisCore
import AisFormats
import AisImaging
import AisWorkflows

/// Small pictures around points: the slice through each, of the tomogram and of the segmentation.
struct PickCrops: Sendable {
  /// Rows and columns of a picture, in voxels.
  static let sides = 8...256
  static let most = 200

  /// The tomogram that the segmentation was made from, or the segmentation itself.
  let ground: any SliceSource
  let segmentation: any SliceSource
  let certainty: Double

  /// Grey values and then certainty, a byte a voxel by rows, picture after picture. What lies outside of the volume is 0.
  ///
  /// Slices are read once each. The contrast is that of the slice, as on the contact sheet.
  func bytes(around points: [VoxelPoint], side: Int, cancellation: Cancellation) throws(AisError) -> [UInt8] {
    let area = side * side
    var result = [UInt8](repeating: 0, count: points.count * 2 * area)
    let shape = ground.shape
    let slices = Dictionary(grouping: points.indices) { max(0, min(shape.z - 1, Int(points[$0].z.rounded()))) }
    for (z, indices) in slices.sorted(by: { $0.key < $1.key }) {
      try cancellation.check()
      let grey = try ground.slice(z)
      let certain = try segmentation.slice(z)
      let contrast = ContrastLimits.automatic(grey, height: shape.y, width: shape.x) ?? ContrastLimits(low: 0, high: 1)
      for index in indices {
        let (top, left) = (Int(points[index].y.rounded()) - side / 2, Int(points[index].x.rounded()) - side / 2)
        for y in max(0, -top)..<max(max(0, -top), min(side, shape.y - top)) {
          for x in max(0, -left)..<max(max(0, -left), min(side, shape.x - left)) {
            let source = (y + top) * shape.x + x + left
            let place = index * 2 * area + y * side + x
            result[place] = Self.byte(contrast.grey(grey[source]) * 255)
            result[place + area] = Self.byte((certain[source] * Float(255 / certainty) - 1e-3).rounded(.up))
          }
        }
      }
    }
    return result
  }

  private static func byte(_ value: Float) -> UInt8 { value.isFinite ? UInt8(max(0, min(255, value.rounded()))) : 0 }
}
