import AisCore

extension ComponentRuns {
  /// The components of a higher threshold, from the values that were kept: the volume is not read again.
  ///
  /// What comes out is what `find` gives for that threshold with the same connectivity, component by component; sums are those
  /// of the same values, in another order. Time is linear in the voxels that were found. The values are shared, not copied.
  ///
  /// - Parameters:
  ///   - threshold: at least the one that these were found with.
  ///   - minimumVoxelCount: drops smaller components.
  package func above(
    _ threshold: Float, connectivity: Connectivity = .faces, minimumVoxelCount: Int = 1,
    cancellation: Cancellation? = nil
  ) throws(AisError) -> ComponentRuns {
    precondition(values.depth > 0 || components.isEmpty, "values are there only when found with keepsValues")
    var found: [(component: Component, runs: [VoxelRun])] = []
    for component in components where component.voxelCount >= minimumVoxelCount {
      try cancellation?.check()
      var division = RunDivision(runs(of: component.index), values: values, above: threshold)
      division.unite(connectivity)
      found += division.components(minimumVoxelCount: minimumVoxelCount, bounds: VoxelBox(shape))
    }
    // As `find` numbers them: by their first voxels.
    found.sort { a, b in
      let (a, b) = (a.runs[0], b.runs[0])
      return (a.z, a.y, a.lower) < (b.z, b.y, b.lower)
    }
    var firstRun = [0]
    var all: [VoxelRun] = []
    all.reserveCapacity(found.reduce(0) { $0 + $1.runs.count })
    for index in found.indices {
      found[index].component.index = index
      all += found[index].runs
      firstRun.append(all.count)
    }
    return ComponentRuns(
      shape: shape, components: found.map(\.component), runs: all, firstRun: firstRun, values: values)
  }
}

/// The runs of one component above a higher threshold, and which of them touch.
private struct RunDivision {
  /// Runs of one row.
  private struct Row {
    var z: Int32
    var y: Int32
    var runs: Range<Int>
  }

  private var runs: [VoxelRun] = []
  private var sums: [ValueSums] = []
  private var rows: [Row] = []
  private var sets = DisjointSets()

  /// Cuts runs that are in scan order.
  init(_ whole: ArraySlice<VoxelRun>, values: SlabValues, above threshold: Float) {
    for run in whole {
      let slab = values.slabs[(Int(run.z) - values.firstSlice) / values.depth]
      slab.withUnsafeBufferPointer { slab in
        let start = Int(run.firstValue)
        let row = UnsafeBufferPointer(rebasing: slab[start..<start + run.count])
        RunScanner.forEachRun(in: row, above: threshold) { lower, upper in
          var part = run
          part.lower = run.lower + Int32(lower)
          part.upper = run.lower + Int32(upper)
          part.firstValue = run.firstValue + UInt32(lower)
          var sum = ValueSums(of: row[lower..<upper], from: Int(part.lower))
          sum.z = sum.value * Double(run.z)
          sum.y = sum.value * Double(run.y)
          append(part, sum)
        }
      }
    }
    sets = DisjointSets(count: runs.count)
  }

  private mutating func append(_ run: VoxelRun, _ sum: ValueSums) {
    if let last = rows.last, last.z == run.z, last.y == run.y {
      rows[rows.count - 1].runs = last.runs.lowerBound..<runs.count + 1
    } else {
      rows.append(Row(z: run.z, y: run.y, runs: runs.count..<runs.count + 1))
    }
    runs.append(run)
    sums.append(sum)
  }

  /// Unites the runs that touch.
  mutating func unite(_ connectivity: Connectivity) {
    // For each kind of earlier row a place that moves along with the row that is looked at.
    let kinds = connectivity.earlierRows
    var places = [Int](repeating: 0, count: kinds.count)
    for row in rows {
      for (kind, (dz, dy, reach)) in kinds.enumerated() {
        let wanted = (row.z + Int32(dz), row.y + Int32(dy))
        while places[kind] < rows.count, (rows[places[kind]].z, rows[places[kind]].y) < wanted { places[kind] += 1 }
        guard places[kind] < rows.count, (rows[places[kind]].z, rows[places[kind]].y) == wanted else { continue }
        let other = rows[places[kind]].runs
        runs.withUnsafeBufferPointer { runs in
          RunScanner.forEachContact(
            row.runs.count, { runs[row.runs.lowerBound + $0] }, other.count, { runs[other.lowerBound + $0] },
            reach: Int32(reach)
          ) { sets.unite(Int32(row.runs.lowerBound + $0), Int32(other.lowerBound + $1)) }
        }
      }
    }
  }

  /// What is united, measured; runs in scan order.
  mutating func components(minimumVoxelCount: Int, bounds: VoxelBox) -> [(component: Component, runs: [VoxelRun])] {
    let (numbers, count) = sets.numbered()
    var groups = [(places: PlaceSums, values: ValueSums, runs: [VoxelRun])](
      repeating: (PlaceSums(), ValueSums(), []), count: count)
    for (index, run) in runs.enumerated() {
      let number = Int(numbers[index])
      groups[number].places.add(z: Int(run.z), y: Int(run.y), lower: Int(run.lower), upper: Int(run.upper))
      groups[number].values += sums[index]
      groups[number].runs.append(run)
    }
    return groups.filter { $0.places.count >= minimumVoxelCount }
      .map { ($0.places.component(index: 0, values: $0.values, bounds: bounds), $0.runs) }
  }
}
