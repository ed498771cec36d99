import AisCore

/// How well the surfaces of masks agree with that of a true one: the surface Dice coefficient (Nikolov et al. 2021), which a thin
/// membrane that is found one voxel too thick hardly changes.
///
/// A mask's surface are its voxels with a face to a voxel outside of it; the volume's own faces are no surface.
package struct SurfaceAgreement: Sendable {
  private let tolerance: Double
  private let spacing: (z: Double, y: Double, x: Double)
  private let threads: Int
  private let surface: Volume<UInt8>
  /// Squared, from each voxel to the true surface.
  private let distances: Volume<Float>

  /// Bytes that a comparison needs for each voxel, the two masks among them.
  package static let bytesPerVoxel = 12

  /// - Parameters:
  ///   - truth: `[z][y][x]`, any value but 0 is inside.
  ///   - tolerance: how far surfaces may be apart, in the unit of `spacing`.
  package init(
    truth: Volume<UInt8>, spacing: (z: Double, y: Double, x: Double), tolerance: Double, threads: Int
  ) {
    precondition(tolerance >= 0, "a distance is not below 0")
    self.tolerance = tolerance
    self.spacing = spacing
    self.threads = threads
    surface = Self.surface(of: truth, threads: threads)
    distances = DistanceTransform.squared(of: Self.inverted(surface), spacing: spacing, threads: threads)
  }

  /// The share of both surfaces that lies within the tolerance of the other; 1 when neither mask has a surface.
  package func dice(of tested: Volume<UInt8>) -> Double {
    precondition(tested.shape == surface.shape, "masks of one volume are compared")
    let other = Self.surface(of: tested, threads: threads)
    let otherDistances = DistanceTransform.squared(of: Self.inverted(other), spacing: spacing, threads: threads)
    // Distances are rounded to single precision.
    let limit = Float(tolerance * tolerance * (1 + 1e-6))
    var (near, all) = (0, 0)
    for i in surface.voxels.indices {
      if surface.voxels[i] != 0 {
        all += 1
        if otherDistances.voxels[i] <= limit { near += 1 }
      }
      if other.voxels[i] != 0 {
        all += 1
        if distances.voxels[i] <= limit { near += 1 }
      }
    }
    return all == 0 ? 1 : Double(near) / Double(all)
  }

  private static func inverted(_ mask: Volume<UInt8>) -> Volume<UInt8> {
    Volume(shape: mask.shape, voxels: mask.voxels.map { $0 == 0 ? 1 : 0 })
  }

  private static func surface(of mask: Volume<UInt8>, threads: Int) -> Volume<UInt8> {
    let shape = mask.shape
    var result = Volume<UInt8>(shape: shape, repeating: 0)
    mask.voxels.withUnsafeBufferPointer { voxels in
      result.voxels.withUnsafeMutableBufferPointer { target in
        nonisolated(unsafe) let (voxels, target) = (voxels, target)
        Slabs.forEach(count: shape.z, threads: threads) { slices in
          for z in slices {
            for y in 0..<shape.y {
              let row = (z * shape.y + y) * shape.x
              for x in 0..<shape.x where voxels[row + x] != 0 {
                let i = row + x
                let isSurface =
                  (x > 0 && voxels[i - 1] == 0) || (x + 1 < shape.x && voxels[i + 1] == 0)
                  || (y > 0 && voxels[i - shape.x] == 0) || (y + 1 < shape.y && voxels[i + shape.x] == 0)
                  || (z > 0 && voxels[i - shape.sliceCount] == 0)
                  || (z + 1 < shape.z && voxels[i + shape.sliceCount] == 0)
                if isSurface { target[i] = 1 }
              }
            }
          }
        }
      }
    }
    return result
  }
}
