import AisCore
import AisImaging

/// The squared distance from each voxel of components to the nearest voxel outside, slice by slice; NaN outside.
///
/// Memory grows with what was found, not with the volume: 4 bytes a voxel and 24 a run; while it is made, 5 bytes a voxel of
/// the largest component's box besides.
struct ComponentDistances: SliceSource {
  private struct Run: Sendable {
    var y: Int32
    var lower: Int32
    var upper: Int32
    /// Where the run's distances begin.
    var first: Int
  }

  let shape: Shape
  let voxelSize: VoxelSize? = nil
  /// In the order of the slices.
  private let runs: [Run]
  private let firstRun: [Int]
  /// In the order of the components.
  private let distances: [Float]

  init(_ found: ComponentRuns, threads: Int, cancellation: Cancellation) throws(AisError) {
    shape = found.shape
    var firstRun = [Int](repeating: 0, count: found.shape.z + 1)
    for component in found.components {
      for run in found.runs(of: component.index) { firstRun[Int(run.z) + 1] += 1 }
    }
    for z in 0..<found.shape.z { firstRun[z + 1] += firstRun[z] }
    var next = firstRun
    var runs = [Run](repeating: Run(y: 0, lower: 0, upper: 0, first: 0), count: firstRun[found.shape.z])
    var distances: [Float] = []
    distances.reserveCapacity(found.components.reduce(0) { $0 + $1.voxelCount })
    for component in found.components {
      try cancellation.check()
      // A piece's own box is enough, see `ComponentSplitter`.
      let (mask, origin) = found.mask(of: component.index, margin: 1)
      let part = DistanceTransform.squared(of: mask, spacing: (z: 1, y: 1, x: 1), threads: threads)
      for run in found.runs(of: component.index) {
        runs[next[Int(run.z)]] = Run(y: run.y, lower: run.lower, upper: run.upper, first: distances.count)
        next[Int(run.z)] += 1
        let row = ((Int(run.z) - origin.z) * mask.shape.y + Int(run.y) - origin.y) * mask.shape.x - origin.x
        distances += part.voxels[row + Int(run.lower)..<row + Int(run.upper)]
      }
    }
    (self.runs, self.firstRun, self.distances) = (runs, firstRun, distances)
  }

  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    destination.update(repeating: .nan)
    for run in runs[firstRun[z]..<firstRun[z + 1]] {
      let row = Int(run.y) * shape.x
      for x in Int(run.lower)..<Int(run.upper) { destination[row + x] = distances[run.first + x - Int(run.lower)] }
    }
  }

  /// What making it takes in bytes, the components themselves aside.
  static func byteCount(of found: ComponentRuns) -> Int {
    var (kept, largest) = (0, 0)
    for component in found.components {
      kept += component.voxelCount * 4 + found.runs(of: component.index).count * MemoryLayout<Run>.stride
      largest = max(largest, found.box(of: component.index, margin: 1).shape.count * 5)
    }
    return kept + largest
  }
}
