import AisCore

/// A voxel that no neighbour exceeds.
package struct LocalMaximum: Hashable, Sendable {
  package var voxel: VoxelIndex
  package var value: Float

  package init(voxel: VoxelIndex, value: Float) {
    self.voxel = voxel
    self.value = value
  }
}

/// Local maxima of a volume.
package enum LocalMaxima {
  /// The maxima among the 26 neighbours, of which every two are at least `minimumDistance` voxels apart (Euclidean), highest
  /// first; equal ones in scan order. The higher of two that are too near stays.
  ///
  /// A plateau (touching voxels of equal value, 26 neighbours) is one maximum: its voxel nearest to its centroid, the first of
  /// equals. NaN is never a maximum and hides none. Memory: a byte a voxel.
  ///
  /// - Parameters:
  ///   - mask: of the same shape; voxels where it is 0 are neither maxima nor neighbours.
  ///   - border: leaves out maxima less than so many voxels from a face of the volume.
  package static func points(
    of volume: Volume<Float>, mask: Volume<UInt8>? = nil, minimumDistance: Double = 0, border: Int = 0,
    threads: Int = 1
  ) -> [LocalMaximum] {
    precondition(mask == nil || mask!.shape == volume.shape, "mask and volume must have the same shape")
    let shape = volume.shape
    let inner = (
      z: border..<max(border, shape.z - border), y: border..<max(border, shape.y - border),
      x: border..<max(border, shape.x - border)
    )
    var found: [LocalMaximum] = []
    volume.voxels.withUnsafeBufferPointer { values in
      func search(_ inside: UnsafePointer<UInt8>?) {
        let search = PlateauSearch(values: values.baseAddress!, inside: inside, shape: shape)
        search.forEachMaximum(threads: threads) { maximum in
          let voxel = maximum.voxel
          if inner.z.contains(voxel.z) && inner.y.contains(voxel.y) && inner.x.contains(voxel.x) {
            found.append(maximum)
          }
        }
      }
      guard shape.count > 0 else { return }
      if let mask { mask.voxels.withUnsafeBufferPointer { search($0.baseAddress) } } else { search(nil) }
    }
    return spaced(found, distance: minimumDistance, metric: .euclidean)
  }

  /// Highest first, equal ones in scan order, none nearer than `distance` to a higher one that stays.
  static func spaced(_ maxima: [LocalMaximum], distance: Double, metric: Metric) -> [LocalMaximum] {
    // Plateaus are reported at their first voxel, which may not be the one that stands for them.
    let inOrder = maxima.sorted { ($0.voxel.z, $0.voxel.y, $0.voxel.x) < ($1.voxel.z, $1.voxel.y, $1.voxel.x) }
    let kept = MinimumSpacing.kept(
      inOrder.map { VoxelPoint($0.voxel) }, weights: inOrder.map { Double($0.value) }, distance: distance,
      metric: metric)
    return kept.map { inOrder[$0] }
  }
}
