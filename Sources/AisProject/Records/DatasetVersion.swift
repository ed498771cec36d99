import AisCore
import GRDB

/// One file of a dataset: the same specimen, processed otherwise or binned otherwise.
package struct DatasetVersion: Sendable, Hashable, Identifiable {
  package enum Kind: String, Sendable, CaseIterable {
    case raw, denoised, deconvolved
    /// With the missing wedge filled, or otherwise restored.
    case corrected
    case even, odd, other
  }

  package var id: Int64
  package var dataset: Int64
  package var kind: Kind
  package var title: String
  package var position: Double
  package var reference: TomogramReference
  package var scale: VersionScale

  init(_ row: Row) {
    id = row["id"]
    dataset = row["dataset"]
    kind = Kind(rawValue: row["kind"]) ?? .other
    title = row["title"]
    position = row["position"]
    reference = TomogramReference(row)
    scale = VersionScale(up: row["scale_up"], down: row["scale_down"])
  }
}

/// How many voxels of the dataset's frame one voxel of a version is wide: `up / down`.
///
/// A version binned by 4 has 4/1; the unbinned version of a dataset that was annotated at bin 4 has 1/4. Volumes are binned
/// by blocks, so their edges agree, and the centre of the first voxel does not: point p of a version lies at
/// (p + ½)·s − ½ of the frame.
package struct VersionScale: Sendable, Hashable {
  package let up: Int
  package let down: Int

  /// In lowest terms; both above 0.
  package init(up: Int, down: Int) {
    precondition(up > 0 && down > 0, "a scale of \(up)/\(down)")
    var (a, b) = (up, down)
    while b != 0 { (a, b) = (b, a % b) }
    self.up = up / a
    self.down = down / a
  }

  package static let same = VersionScale(up: 1, down: 1)

  /// A point of the version, in the frame. Exact for all sizes that tomograms have: a scale is a ratio of whole numbers.
  package func framePoint(_ point: VoxelPoint) -> VoxelPoint {
    func frame(_ p: Double) -> Double { ((2 * p + 1) * Double(up) / Double(down) - 1) / 2 }
    return VoxelPoint(z: frame(point.z), y: frame(point.y), x: frame(point.x))
  }

  /// A point of the frame, in the version.
  package func versionPoint(_ point: VoxelPoint) -> VoxelPoint { inverse.framePoint(point) }

  package var inverse: VersionScale { VersionScale(up: down, down: up) }

  /// The version's slice in which the middle of slice `z` of the frame lies; of two, the later.
  package func versionSlice(_ z: Int) -> Int { (2 * z + 1) * down / (2 * up) }

  /// The slices of the frame that have a part of the version's slice `z`.
  package func frameSlices(_ z: Int) -> Range<Int> {
    let first = z * up / down
    let last = ((z + 1) * up + down - 1) / down
    return first..<last
  }

  /// The scale of a version of this shape in a frame of that shape, when they can be one volume binned otherwise.
  ///
  /// A side that a factor does not divide may have lost, or kept, its last incomplete block.
  package init?(version: Shape, frame: Shape, voxelSizes: (version: VoxelSize, frame: VoxelSize)? = nil) {
    func factor(_ large: Shape, _ small: Shape) -> Int? {
      guard small.x > 0, small.y > 0, small.z > 0 else { return nil }
      let guess = max(1, Int((Double(large.x) / Double(small.x)).rounded()))
      for factor in [guess, guess - 1, guess + 1] where factor > 0 {
        let fits = [(large.z, small.z), (large.y, small.y), (large.x, small.x)].allSatisfy { whole, part in
          whole / factor == part || (whole + factor - 1) / factor == part
        }
        if fits { return factor }
      }
      return nil
    }
    let scale: VersionScale
    if let factor = factor(frame, version) {
      scale = VersionScale(up: factor, down: 1)
    } else if let factor = factor(version, frame) {
      scale = VersionScale(up: 1, down: factor)
    } else {
      return nil
    }
    if let sizes = voxelSizes {
      let expected = sizes.frame.x.angstrom * Double(scale.up) / Double(scale.down)
      guard abs(sizes.version.x.angstrom - expected) <= 0.02 * expected else { return nil }
    }
    self = scale
  }
}
