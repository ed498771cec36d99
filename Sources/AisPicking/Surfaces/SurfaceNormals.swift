import AisCore
import AisImaging

/// Normals of a mid-surface that agree from voxel to voxel.
struct SurfaceNormals: Sendable {
  /// For each voxel, of length 1; zero where the surface is no sheet.
  private(set) var vectors: [SIMD3<Double>]
  /// The connected sheet that each voxel belongs to.
  private(set) var sheets: [Int32]
  private(set) var sheetCount = 0

  /// Takes each voxel's normal from the patch around it, and then lets the normals of touching voxels point the same
  /// way, going first where the surface is flattest (as Hoppe et al. 1992 do along a minimum spanning tree).
  ///
  /// - Parameter radius: of the patches.
  /// - Throws: `cancelled`.
  init(_ surface: MidSurface, radius: Double, threads: Int, cancellation: Cancellation) throws(AisError) {
    vectors = Self.unoriented(surface, radius: radius, threads: threads, cancellation)
    try cancellation.check()
    sheets = [Int32](repeating: -1, count: surface.count)
    orient(surface)
  }

  private static func unoriented(
    _ surface: MidSurface, radius: Double, threads: Int, _ cancellation: Cancellation
  ) -> [SIMD3<Double>] {
    [SIMD3<Double>](unsafeUninitializedCapacity: surface.count) { buffer, count in
      nonisolated(unsafe) let result = buffer.baseAddress!
      Slabs.forEach(count: surface.count, threads: threads, minimum: 2048) { range in
        var walk = PatchWalk(surface)
        var points: [SIMD3<Double>] = []
        for voxel in range {
          // Asked to stop, the rest is filled with nothing, and the caller throws.
          guard !cancellation.isCancelled else {
            (result + voxel).initialize(to: .zero)
            continue
          }
          points.removeAll(keepingCapacity: true)
          let centre = surface.positions[voxel]
          walk.visit(from: voxel, around: centre, radius: radius) { other, _ in
            points.append(surface.positions[other])
          }
          (result + voxel).initialize(to: LocalSheet(points, at: centre)?.normal ?? .zero)
        }
      }
      count = surface.count
    }
  }

  private mutating func orient(_ surface: MidSurface) {
    let steps = 64
    var queue = BucketQueue(priorities: steps)
    // The voxel from which each waiting voxel would be turned.
    var source = [Int32](repeating: -1, count: surface.count)
    var agreement = [Double](repeating: -1, count: surface.count)
    for first in 0..<surface.count where sheets[first] < 0 {
      let sheet = Int32(sheetCount)
      sheetCount += 1
      source[first] = Int32(first)
      queue.push(first, priority: 0)
      while let voxel = queue.pop() {
        guard sheets[voxel] < 0 else { continue }
        sheets[voxel] = sheet
        if (vectors[voxel] * vectors[Int(source[voxel])]).sum() < 0 { vectors[voxel] = -vectors[voxel] }
        for other in surface.neighbours(of: voxel).lazy.map(Int.init) where sheets[other] < 0 {
          let likeness = abs((vectors[voxel] * vectors[other]).sum())
          if likeness > agreement[other] {
            agreement[other] = likeness
            source[other] = Int32(voxel)
            queue.push(other, priority: Int((1 - likeness) * Double(steps)))
          }
        }
      }
    }
  }

  // MARK: Which side is outside

  /// Turns the normals of each sheet to the side that a rule names.
  mutating func turn(_ surface: MidSurface, _ rule: SurfaceSettings.Normals) {
    let signs = rule == .z ? [] : outwardSigns(surface)
    for voxel in vectors.indices {
      let sign: Double =
        switch rule {
        case .outward: signs[Int(sheets[voxel])]
        case .inward: -signs[Int(sheets[voxel])]
        case .z: vectors[voxel][0] < 0 ? -1 : 1
        }
      vectors[voxel] *= sign
    }
  }

  /// 1 or −1 for each sheet: what makes its normals point away from the sheet's own centre on average.
  ///
  /// For a closed surface that is the outside, whatever its shape: the sum of normal times position is three times the
  /// enclosed volume. For a part of a sphere or tube it is the convex side. A sheet that is flat has no such side: there
  /// the mean normal points to greater z, or where it lies along the slices, to greater y or x.
  private func outwardSigns(_ surface: MidSurface) -> [Double] {
    var counts = [Double](repeating: 0, count: sheetCount)
    var centres = [SIMD3<Double>](repeating: .zero, count: sheetCount)
    for voxel in 0..<surface.count {
      counts[Int(sheets[voxel])] += 1
      centres[Int(sheets[voxel])] += surface.positions[voxel]
    }
    for sheet in 0..<sheetCount { centres[sheet] /= counts[sheet] }
    var outward = [Double](repeating: 0, count: sheetCount)
    var extent = [Double](repeating: 0, count: sheetCount)
    var mean = [SIMD3<Double>](repeating: .zero, count: sheetCount)
    for voxel in 0..<surface.count {
      let sheet = Int(sheets[voxel])
      let arm = surface.positions[voxel] - centres[sheet]
      outward[sheet] += (arm * vectors[voxel]).sum()
      extent[sheet] += arm.length
      mean[sheet] += vectors[voxel]
    }
    return (0..<sheetCount).map { sheet in
      if abs(outward[sheet]) > Self.flatness * extent[sheet] { return outward[sheet] < 0 ? -1 : 1 }
      let normal = mean[sheet]
      let axis = (0..<3).first { abs(normal[$0]) > 0.1 * normal.length } ?? 0
      return normal[axis] < 0 ? -1 : 1
    }
  }

  /// Below this share of the mean distance from the centre, a sheet counts as flat. A cap that reaches 10° from a
  /// sphere's pole has 0.13.
  private static let flatness = 0.05
}
