import AisCore

/// The connected components of a volume as parts of one field: part n is component n.
///
/// Components must be those of faces above the level at which surfaces are made, all or some of them, found in the same
/// source. Then voxels that belong to none of them count as outside, and each surface is that of its component alone.
package struct ComponentField: SurfaceField {
  private struct Run: Sendable {
    var y: Int32
    var lower: Int32
    var upper: Int32
    var label: Int32
  }

  package let shape: Shape
  package let partCount: Int
  private let source: any SliceSource
  /// In the order of the slices.
  private let runs: [Run]
  private let firstRun: [Int]

  package init(_ components: ComponentRuns, source: any SliceSource) {
    precondition(components.shape == source.shape, "components belong to the volume that they were found in")
    self.source = source
    shape = components.shape
    partCount = components.components.count
    var firstRun = [Int](repeating: 0, count: components.shape.z + 1)
    for component in components.components {
      for run in components.runs(of: component.index) { firstRun[Int(run.z) + 1] += 1 }
    }
    for z in 0..<components.shape.z { firstRun[z + 1] += firstRun[z] }
    var next = firstRun
    runs = [Run](unsafeUninitializedCapacity: firstRun[components.shape.z]) { buffer, count in
      for component in components.components {
        for run in components.runs(of: component.index) {
          let place = next[Int(run.z)]
          buffer.initializeElement(
            at: place, to: Run(y: run.y, lower: run.lower, upper: run.upper, label: Int32(component.index + 1)))
          next[Int(run.z)] += 1
        }
      }
      count = firstRun[components.shape.z]
    }
    self.firstRun = firstRun
  }

  package func isEmpty(_ z: Int) -> Bool { firstRun[z] == firstRun[z + 1] }

  package func paint(_ z: Int, into labels: UnsafeMutableBufferPointer<Int32>) {
    for run in runs[firstRun[z]..<firstRun[z + 1]] {
      let row = Int(run.y) * shape.x
      labels[row + Int(run.lower)..<row + Int(run.upper)].update(repeating: run.label)
    }
  }

  package func readValues(_ z: Int, into values: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    try source.readSlice(z, into: values)
  }

  /// How many vertices the surface of each part will have: the pairs of neighbouring voxels of which one is inside.
  ///
  /// A closed surface has about twice as many triangles. Found from the runs alone, without reading.
  package func vertexCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: partCount)
    // A run of n voxels has 2 ends along x and 2n neighbours along each of y and z, less those that are inside too.
    for run in runs { counts[Int(run.label) - 1] += 2 + 4 * Int(run.upper - run.lower) }
    // Runs of one slice by row, and in each row in the order of x: rows of two components interleave.
    var before: [Run] = []
    for z in 0..<shape.z {
      let slice = runs[firstRun[z]..<firstRun[z + 1]].sorted { ($0.y, $0.lower) < ($1.y, $1.lower) }
      Self.takeAway(contacts: slice, slice, shift: 1, from: &counts)
      Self.takeAway(contacts: before, slice, shift: 0, from: &counts)
      before = slice
    }
    return counts
  }

  /// Counts the voxels of two sorted lists of runs that lie over each other, those of the second `shift` rows further, and
  /// takes two neighbours away for each.
  private static func takeAway(contacts first: [Run], _ second: [Run], shift: Int32, from counts: inout [Int]) {
    var (i, j) = (0, 0)
    while i < first.count && j < second.count {
      let (a, b) = (first[i], second[j])
      if (a.y + shift, a.upper) <= (b.y, b.lower) {
        i += 1
      } else if (b.y, b.upper) <= (a.y + shift, a.lower) {
        j += 1
      } else {
        counts[Int(a.label) - 1] -= 2 * Int(min(a.upper, b.upper) - max(a.lower, b.lower))
        if a.upper < b.upper { i += 1 } else { j += 1 }
      }
    }
  }
}
