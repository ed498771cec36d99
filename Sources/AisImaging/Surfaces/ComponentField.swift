import AisCore
import Synchronization

/// Connected components of a volume as parts of one field.
///
/// They must be those of faces above the level at which surfaces are made, all or some of them, found in the same source.
/// Then voxels that belong to none of them count as outside, and each surface is that of its component alone.
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

  /// - Parameter order: the component of each part; without it all of them, in their own order.
  package init(_ components: ComponentRuns, order: [Int]? = nil, source: any SliceSource) {
    precondition(components.shape == source.shape, "components belong to the volume that they were found in")
    let order = order ?? Array(components.components.indices)
    self.source = source
    shape = components.shape
    partCount = order.count
    var firstRun = [Int](repeating: 0, count: components.shape.z + 1)
    for index in order {
      for run in components.runs(of: index) { firstRun[Int(run.z) + 1] += 1 }
    }
    for z in 0..<components.shape.z { firstRun[z + 1] += firstRun[z] }
    var next = firstRun
    runs = [Run](unsafeUninitializedCapacity: firstRun[components.shape.z]) { buffer, count in
      for (part, index) in order.enumerated() {
        for run in components.runs(of: index) {
          buffer.initializeElement(
            at: next[Int(run.z)], to: Run(y: run.y, lower: run.lower, upper: run.upper, label: Int32(part + 1)))
          next[Int(run.z)] += 1
        }
      }
      count = firstRun[components.shape.z]
    }
    self.firstRun = firstRun
  }

  /// Memory in bytes.
  package var byteCount: Int { runs.count * MemoryLayout<Run>.stride }

  package func isEmpty(_ z: Int) -> Bool { firstRun[z] == firstRun[z + 1] }

  package func forEachRun(_ z: Int, _ body: (_ y: Int, _ lower: Int, _ upper: Int, _ part: Int32) -> Void) {
    runs.withUnsafeBufferPointer { runs in
      for i in firstRun[z]..<firstRun[z + 1] {
        body(Int(runs[i].y), Int(runs[i].lower), Int(runs[i].upper), runs[i].label - 1)
      }
    }
  }

  package func readValues(_ z: Int, into values: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    try source.readSlice(z, into: values)
  }

  /// How many vertices a surface will have.
  package struct VertexCounts: Sendable {
    package var ofParts: [Int]
    /// Those on edges along x and y of each slice and on the edges to its neighbours, of which each counts half.
    package var ofSlices: [Int]
  }

  /// How many vertices the surfaces will have: one for each pair of neighbouring voxels of which one is inside. Found from
  /// the runs alone, without reading.
  package func vertexCounts(threads: Int = 1) -> VertexCounts {
    let total = Mutex(
      VertexCounts(ofParts: [Int](repeating: 0, count: partCount), ofSlices: [Int](repeating: 0, count: shape.z)))
    Slabs.forEach(count: shape.z, threads: threads) { range in
      let counts = vertexCounts(of: range)
      total.withLock { total in
        for part in counts.ofParts.indices { total.ofParts[part] += counts.ofParts[part] }
        for z in counts.ofSlices.indices { total.ofSlices[z] += counts.ofSlices[z] }
      }
    }
    return total.withLock { $0 }
  }

  /// The share of some slices, and of the edges that lead down from them.
  private func vertexCounts(of range: Range<Int>) -> VertexCounts {
    var counts = [Int](repeating: 0, count: partCount)
    var slices = [Int](repeating: 0, count: shape.z)
    // A run of n voxels has 2 neighbours along x and 2n along each of y and z, less those that are inside too.
    var before = range.lowerBound > 0 ? runsInOrder(range.lowerBound - 1) : []
    for z in range {
      let slice = runsInOrder(z)
      for run in slice {
        let neighbours = 2 + 4 * Int(run.upper - run.lower)
        counts[Int(run.label) - 1] += neighbours
        slices[z] += neighbours
      }
      Self.forEachContact(slice, slice, shift: 1) { label, count in
        counts[label - 1] -= 2 * count
        slices[z] -= 2 * count
      }
      Self.forEachContact(before, slice, shift: 0) { label, count in
        counts[label - 1] -= 2 * count
        slices[z] -= count
        slices[z - 1] -= count
      }
      before = slice
    }
    return VertexCounts(ofParts: counts, ofSlices: slices)
  }

  /// The runs of a slice by row, and in each row in the order of x, for components interleave.
  private func runsInOrder(_ z: Int) -> [Run] {
    runs[firstRun[z]..<firstRun[z + 1]].sorted { ($0.y, $0.lower) < ($1.y, $1.lower) }
  }

  /// Calls `body` with the label and the number of voxels of each stretch in which two sorted lists of runs lie over each
  /// other, those of the second `shift` rows further.
  private static func forEachContact(
    _ first: [Run], _ second: [Run], shift: Int32, _ body: (_ label: Int, _ count: Int) -> Void
  ) {
    var (i, j) = (0, 0)
    while i < first.count && j < second.count {
      let (a, b) = (first[i], second[j])
      if (a.y + shift, a.upper) <= (b.y, b.lower) {
        i += 1
      } else if (b.y, b.upper) <= (a.y + shift, a.lower) {
        j += 1
      } else {
        body(Int(a.label), Int(min(a.upper, b.upper) - max(a.lower, b.lower)))
        if a.upper < b.upper { i += 1 } else { j += 1 }
      }
    }
  }
}
