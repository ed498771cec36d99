import AisCore

/// How far a disc reaches along the second axis, given the distance along the first.
///
/// `values[d]` is 0 when the disc does not reach `d` voxels along x; otherwise 1 + the voxels that it reaches from there
/// along y, both ways. The last value is 0 and stands for everything beyond.
struct ReachTable: Sendable {
  let values: [UInt16]

  /// A voxel that lies beyond the radius by less than a millionth of it counts as at the radius: voxel sizes come from files
  /// as 32-bit numbers, and a radius of ten voxels of 1.35 Å has to reach the tenth.
  static let tolerance = 2e-6

  /// The voxels whose centres are at most `radius` away.
  ///
  /// - Parameters:
  ///   - spacing: the edges of a voxel.
  ///   - shape: reaches are cut to it.
  init(radius: Length, spacing: (y: Length, x: Length), y: Int, x: Int) {
    let limit = radius.angstrom * radius.angstrom * (1 + Self.tolerance)
    values = ReachTable.table(y: y, x: x) { distance in
      let along = Double(distance) * spacing.x.angstrom
      let rest = limit - along * along
      return rest >= 0 ? rest.squareRoot() / spacing.y.angstrom : nil
    }
  }

  /// The reference's disc: r = floor(R / pixel) voxels, of which those with dx² + dy² < r² belong to it, so that a radius
  /// below a pixel leaves nothing at all. The pixel is the x edge.
  init(referenceRadius radius: Length, pixel: Length, y: Int, x: Int) {
    let pixels = (radius.nanometer / pixel.nanometer).rounded(.down)
    let square = pixels * pixels
    values = ReachTable.table(y: y, x: x) { distance in
      let rest = square - Double(distance) * Double(distance)
      // dy² < rest: the largest whole dy below its square root.
      return rest > 0 ? rest.squareRoot().rounded(.up) - 1 : nil
    }
  }

  /// - Parameter reach: along y at a distance along x, or `nil` beyond the disc.
  private static func table(y: Int, x: Int, reach: (Int) -> Double?) -> [UInt16] {
    var values: [UInt16] = []
    let most = Double(min(y, Int(UInt16.max) - 1))
    for distance in 0..<max(1, x) {
      guard let voxels = reach(distance) else { break }
      values.append(UInt16(min(voxels.rounded(.down), most)) + 1)
    }
    return values + [0]
  }
}
