import AisCore
import AisImaging

/// Volumes made of ellipsoids whose places are known.
struct Phantom {
  /// An ellipsoid with half-axes along z, y, x.
  struct Body {
    var centre: VoxelPoint
    var radii: (z: Double, y: Double, x: Double)
    var value: Float = 1

    init(_ centre: VoxelPoint, radii: (z: Double, y: Double, x: Double), value: Float = 1) {
      self.centre = centre
      self.radii = radii
      self.value = value
    }

    init(z: Double, y: Double, x: Double, radius: Double, value: Float = 1) {
      self.init(VoxelPoint(z: z, y: y, x: x), radii: (radius, radius, radius), value: value)
    }

    /// Strictly inside.
    func contains(_ z: Double, _ y: Double, _ x: Double) -> Bool {
      let (dz, dy, dx) = ((z - centre.z) / radii.z, (y - centre.y) / radii.y, (x - centre.x) / radii.x)
      return dz * dz + dy * dy + dx * dx < 1
    }
  }

  static func volume(_ shape: Shape, _ bodies: [Body]) -> Volume<Float> {
    var volume = Volume<Float>(shape: shape, repeating: 0)
    for body in bodies {
      func range(_ centre: Double, _ radius: Double, _ count: Int) -> Range<Int> {
        let low = max(0, Int((centre - radius).rounded(.down)))
        return low..<max(low, min(count, Int((centre + radius).rounded(.up)) + 1))
      }
      for z in range(body.centre.z, body.radii.z, shape.z) {
        for y in range(body.centre.y, body.radii.y, shape.y) {
          for x in range(body.centre.x, body.radii.x, shape.x) where body.contains(Double(z), Double(y), Double(x)) {
            volume[z: z, y: y, x: x] = body.value
          }
        }
      }
    }
    return volume
  }
}

extension VoxelPoint {
  /// The Euclidean distance.
  func distance(to other: VoxelPoint) -> Double {
    let d = self - other
    return (d.z * d.z + d.y * d.y + d.x * d.x).squareRoot()
  }
}
