import AisCore

/// Measures the groups of a labelled volume, connected or not, in one pass.
package enum RegionStatistics {
  /// One component for each label 1…`count`, in that order; a label without voxels has count 0, an empty box and places of 0.
  ///
  /// - Parameters:
  ///   - labels: [z][y][x], 0 outside; labels above `count` are passed over.
  ///   - values: of the same shape; without them every voxel counts as 1.
  ///   - origin: where the first voxel of `labels` lies in the whole volume. Places and boxes are given in the whole volume.
  ///   - whole: its shape, which says what touches a face.
  package static func measure(
    labels: Volume<Int32>, count: Int, values: Volume<Float>? = nil, origin: VoxelIndex = VoxelIndex(z: 0, y: 0, x: 0),
    within whole: Shape? = nil
  ) -> [Component] {
    let shape = labels.shape
    precondition(values == nil || values!.shape == shape, "labels and values must have the same shape")
    let bounds = VoxelBox(whole ?? shape)
    var places = [PlaceSums](repeating: PlaceSums(), count: count)
    var sums = [ValueSums](repeating: ValueSums(), count: count)
    labels.voxels.withUnsafeBufferPointer { labels in
      for z in 0..<shape.z {
        for y in 0..<shape.y {
          let row = (z * shape.y + y) * shape.x
          var x = 0
          while x < shape.x {
            let label = Int(labels[row + x])
            let lower = x
            x += 1
            while x < shape.x && Int(labels[row + x]) == label { x += 1 }
            guard label > 0 && label <= count else { continue }
            let run = lower + origin.x..<x + origin.x
            places[label - 1].add(z: z + origin.z, y: y + origin.y, lower: run.lowerBound, upper: run.upperBound)
            var sum = ValueSums()
            if let values {
              values.voxels.withUnsafeBufferPointer {
                sum = ValueSums(of: $0[row + lower..<row + x], from: run.lowerBound)
              }
            } else {
              sum.value = Double(run.count)
              sum.x = Double(run.count * (run.lowerBound + run.upperBound - 1)) / 2
            }
            sum.z = sum.value * Double(z + origin.z)
            sum.y = sum.value * Double(y + origin.y)
            sums[label - 1] += sum
          }
        }
      }
    }
    return places.indices.map { places[$0].component(index: $0, values: sums[$0], bounds: bounds) }
  }
}
