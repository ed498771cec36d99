import AisCore

/// A stretch of voxels of one row that belong together.
package struct VoxelRun: Hashable, Sendable {
  package var z: Int32
  package var y: Int32
  /// The first voxel, and the one after the last.
  package var lower: Int32
  package var upper: Int32
  /// Where the values of its voxels start in those of its slab, when they are kept.
  var firstValue: UInt32

  package var count: Int { Int(upper - lower) }
}

/// The runs of some consecutive slices, labelled as far as these slices tell.
struct RunSlab: Sendable {
  struct Labelled: Sendable {
    var run: VoxelRun
    var label: Int32
  }

  let slices: Range<Int>
  let rows: Range<Int>
  /// In scan order.
  private(set) var runs: [Labelled] = []
  /// Where the runs of each row start, and at the end their number.
  private(set) var rowStarts: [Int] = [0]
  private(set) var labelCount = 0
  /// For each label.
  private(set) var sums: [ValueSums] = []
  private(set) var voxelCounts: [Int] = []
  /// The values of the voxels of all runs, when they are kept.
  private(set) var values: [Float] = []
  /// Value sums of the runs of the row that is being read.
  private var pending: [ValueSums] = []

  func runs(z: Int, y: Int) -> ArraySlice<Labelled> {
    let row = (z - slices.lowerBound) * rows.count + y - rows.lowerBound
    return runs[rowStarts[row]..<rowStarts[row + 1]]
  }

  /// Frees the runs, which live on elsewhere.
  mutating func removeRuns() {
    runs = []
    rowStarts = []
    values = []
  }

  /// Reads the slices and finds and labels their runs.
  init(_ slices: Range<Int>, of search: ComponentSearch) throws(AisError) {
    self.slices = slices
    rows = search.region.y
    rowStarts.reserveCapacity(slices.count * rows.count + 1)
    let (source, columns) = (search.source, search.region.x)
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: source.shape.sliceCount)
    defer { buffer.deallocate() }
    buffer.initialize(repeating: 0)
    let maskBuffer = UnsafeMutableBufferPointer<Float>.allocate(
      capacity: search.mask == nil ? 0 : source.shape.sliceCount)
    defer { maskBuffer.deallocate() }
    maskBuffer.initialize(repeating: 0)

    var sets = DisjointSets()
    for z in slices {
      try search.cancellation?.check()
      try source.readSlice(z, into: buffer)
      if let mask = search.mask {
        try mask.readSlice(z, into: maskBuffer)
        // What the mask leaves out becomes NaN, which is above no threshold.
        for i in 0..<buffer.count where maskBuffer[i] == 0 || maskBuffer[i].isNaN { buffer[i] = .nan }
      }
      let before = (runs: runs.count, labels: sets.count, values: values.count)
      for y in rows {
        let start = y * source.shape.x
        let row = UnsafeBufferPointer(rebasing: buffer[start + columns.lowerBound..<start + columns.upperBound])
        collect(row, z: z, y: y, of: search)
        rowStarts.append(runs.count)
        label(runsFrom: runs.count - pending.count, z: z, y: y, connectivity: search.connectivity, sets: &sets)
      }
      try search.memory.spend(
        (runs.count - before.runs) * RunMemory.perRun + (sets.count - before.labels) * RunMemory.perLabel
          + (values.count - before.values) * RunMemory.perValue,
        threshold: search.threshold)
    }
    settle(&sets)
  }

  /// Appends the runs of one row of the region.
  @inline(__always)
  private mutating func collect(_ row: UnsafeBufferPointer<Float>, z: Int, y: Int, of search: ComponentSearch) {
    let first = search.region.x.lowerBound
    RunScanner.forEachRun(in: row, above: search.threshold) { lower, upper in
      var sum = ValueSums(of: row[lower..<upper], from: first + lower)
      sum.z = sum.value * Double(z)
      sum.y = sum.value * Double(y)
      let run = VoxelRun(
        z: Int32(z), y: Int32(y), lower: Int32(first + lower), upper: Int32(first + upper),
        firstValue: UInt32(search.keepsValues ? values.count : 0))
      if search.keepsValues { values.append(contentsOf: row[lower..<upper]) }
      runs.append(Labelled(run: run, label: -1))
      pending.append(sum)
    }
  }

  /// Gives the last row's runs the labels of the earlier runs that they touch, or new ones.
  private mutating func label(
    runsFrom start: Int, z: Int, y: Int, connectivity: Connectivity, sets: inout DisjointSets
  ) {
    guard start < runs.count else { return }
    for (dz, dy, reach) in connectivity.earlierRows
    where slices.contains(z + dz) && rows.contains(y + dy) {
      let row = (z + dz - slices.lowerBound) * rows.count + y + dy - rows.lowerBound
      let earlier = rowStarts[row]..<rowStarts[row + 1]
      runs.withUnsafeMutableBufferPointer { runs in
        RunScanner.forEachContact(
          runs.count - start, { runs[start + $0].run }, earlier.count, { runs[earlier.lowerBound + $0].run },
          reach: Int32(reach)
        ) { new, old in
          let label = runs[earlier.lowerBound + old].label
          let own = runs[start + new].label
          runs[start + new].label = own < 0 ? sets.root(of: label) : sets.unite(own, label)
        }
      }
    }
    for i in start..<runs.count {
      if runs[i].label < 0 {
        runs[i].label = sets.append()
        sums.append(ValueSums())
        voxelCounts.append(0)
      }
      sums[Int(runs[i].label)] += pending[i - start]
      voxelCounts[Int(runs[i].label)] += runs[i].run.count
    }
    pending.removeAll(keepingCapacity: true)
  }

  /// Numbers the labels without gaps and adds up what belongs together.
  private mutating func settle(_ sets: inout DisjointSets) {
    let (numbers, count) = sets.numbered()
    labelCount = count
    var total = [ValueSums](repeating: ValueSums(), count: count)
    var voxels = [Int](repeating: 0, count: count)
    for label in numbers.indices {
      total[Int(numbers[label])] += sums[label]
      voxels[Int(numbers[label])] += voxelCounts[label]
    }
    sums = total
    voxelCounts = voxels
    pending = []
    for i in runs.indices { runs[i].label = numbers[Int(runs[i].label)] }
  }
}
