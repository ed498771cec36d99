import AisCore

extension ComponentRuns {
  /// Finds the connected components of `value > threshold` slice by slice, and measures them in the same pass.
  ///
  /// Slices are read once, by several threads, in slabs whose depth depends on the shape alone; what is found, and every sum,
  /// is the same with any number of threads. Memory: a slice (with a mask two) a thread, 64 bytes a run and 6 a kept value while
  /// it works, 20 and 4 afterwards. Time is linear in voxels. NaN is above no threshold.
  ///
  /// - Parameters:
  ///   - region: looks only at these voxels; the others count as outside.
  ///   - mask: looks only at voxels where this source, of the same shape, is neither 0 nor NaN.
  ///   - minimumVoxelCount: drops smaller components, which then cost next to no memory.
  ///   - keepsValues: keeps the values above the threshold for `values(of:)`.
  ///   - memory: stops with `outOfMemory` when runs, values and components need more.
  ///   - progress: called on this thread with the fraction done, 0…1.
  package static func find(
    in source: any SliceSource, above threshold: Float, connectivity: Connectivity = .faces, region: VoxelBox? = nil,
    mask: (any SliceSource)? = nil, minimumVoxelCount: Int = 1, keepsValues: Bool = false, memory: ByteCount? = nil,
    threads: Int = 1, cancellation: Cancellation? = nil, progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> ComponentRuns {
    let shape = source.shape
    if let mask, mask.shape != shape {
      throw AisError(
        .shapeMismatch, "the mask has \(mask.shape) voxels, the volume \(shape). Give a mask of the same volume.")
    }
    guard shape.countIfRepresentable != nil, max(shape.z, shape.sliceCount) < Int(Int32.max) else {
      throw AisError(
        .limitExceeded, "a volume of \(shape) voxels is too large to be divided into components. Bin or crop it first.")
    }
    let bounds = (region ?? VoxelBox(shape)).intersection(VoxelBox(shape))
    guard !bounds.isEmpty else {
      return ComponentRuns(shape: shape, components: [], runs: [], firstRun: [0], values: SlabValues())
    }
    // Deep enough that few borders are looked at twice, small enough that threads find work; never by their number.
    let depth = max(1, min(8, (1 << 26) / shape.sliceCount))
    let slices = stride(from: bounds.z.lowerBound, to: bounds.z.upperBound, by: depth).map {
      $0..<min($0 + depth, bounds.z.upperBound)
    }
    let search = ComponentSearch(
      source: source, threshold: threshold, connectivity: connectivity, region: bounds, mask: mask,
      keepsValues: keepsValues, minimumVoxelCount: minimumVoxelCount, memory: RunMemory(limit: memory),
      cancellation: cancellation)
    var slabs: [RunSlab] = []
    slabs.reserveCapacity(slices.count)
    let round = max(1, threads) * 4
    while slabs.count < slices.count {
      let some = Array(slices[slabs.count..<min(slabs.count + round, slices.count)])
      slabs += try Self.parallel(some, threads: threads) { (slices) throws(AisError) in
        try RunSlab(slices, of: search)
      }
      progress(Double(slabs.count) / Double(slices.count))
    }
    return try ComponentRuns(joining: &slabs, of: search, depth: depth)
  }

  /// Unites what touches across the borders of slabs, numbers the components and groups their runs.
  private init(joining slabs: inout [RunSlab], of search: ComponentSearch, depth: Int) throws(AisError) {
    let (bounds, connectivity) = (search.region, search.connectivity)
    var offsets: [Int32] = [0]
    for slab in slabs { offsets.append(offsets.last! + Int32(slab.labelCount)) }
    var sets = DisjointSets(count: Int(offsets.last!))
    for index in slabs.indices.dropFirst() {
      let (before, after) = (slabs[index - 1], slabs[index])
      let z = after.slices.lowerBound
      for y in bounds.y {
        let runs = after.runs(z: z, y: y)
        guard !runs.isEmpty else { continue }
        for (dz, dy, reach) in connectivity.earlierRows where dz < 0 && bounds.y.contains(y + dy) {
          let others = before.runs(z: z - 1, y: y + dy)
          RunScanner.forEachContact(
            runs.count, { runs[runs.startIndex + $0].run }, others.count, { others[others.startIndex + $0].run },
            reach: Int32(reach)
          ) { new, old in
            sets.unite(
              offsets[index] + runs[runs.startIndex + new].label,
              offsets[index - 1] + others[others.startIndex + old].label)
          }
        }
      }
    }

    // Numbers of the components that are large enough, in the order of their first voxels; −1 for the others.
    var (numbers, found) = sets.numbered()
    var voxelCounts = [Int](repeating: 0, count: found)
    for (index, slab) in slabs.enumerated() {
      for label in 0..<slab.labelCount {
        voxelCounts[Int(numbers[Int(offsets[index]) + label])] += slab.voxelCounts[label]
      }
    }
    var kept: Int32 = 0
    let renumbered = voxelCounts.map { count -> Int32 in
      if count < search.minimumVoxelCount { return -1 }
      kept += 1
      return kept - 1
    }
    try search.memory.spend(Int(kept) * RunMemory.perComponent, threshold: search.threshold)
    for i in numbers.indices { numbers[i] = renumbered[Int(numbers[i])] }

    var firstRun = [Int](repeating: 0, count: Int(kept) + 1)
    var sums = [ValueSums](repeating: ValueSums(), count: Int(kept))
    for (index, slab) in slabs.enumerated() {
      let offset = Int(offsets[index])
      for item in slab.runs {
        let number = numbers[offset + Int(item.label)]
        if number >= 0 { firstRun[Int(number) + 1] += 1 }
      }
      for label in 0..<slab.labelCount where numbers[offset + label] >= 0 {
        sums[Int(numbers[offset + label])] += slab.sums[label]
      }
    }
    for number in 0..<Int(kept) { firstRun[number + 1] += firstRun[number] }
    var next = firstRun
    var places = [PlaceSums](repeating: PlaceSums(), count: Int(kept))
    var values = SlabValues(depth: search.keepsValues ? depth : 0, firstSlice: bounds.z.lowerBound)
    let runs = [VoxelRun](unsafeUninitializedCapacity: firstRun.last!) { buffer, count in
      for index in slabs.indices {
        for item in slabs[index].runs {
          let number = Int(numbers[Int(offsets[index]) + Int(item.label)])
          guard number >= 0 else { continue }
          buffer.initializeElement(at: next[number], to: item.run)
          next[number] += 1
          places[number].add(
            z: Int(item.run.z), y: Int(item.run.y), lower: Int(item.run.lower), upper: Int(item.run.upper))
        }
        if search.keepsValues { values.slabs.append(slabs[index].values) }
        slabs[index].removeRuns()
      }
      count = firstRun.last!
    }
    let components = places.indices.map { places[$0].component(index: $0, values: sums[$0], bounds: bounds) }
    self.init(shape: search.source.shape, components: components, runs: runs, firstRun: firstRun, values: values)
  }

  /// What `body` makes of each item, on several threads; of several errors that of the first item is thrown.
  private static func parallel(
    _ items: [Range<Int>], threads: Int, _ body: @Sendable (Range<Int>) throws(AisError) -> RunSlab
  ) throws(AisError) -> [RunSlab] {
    var results = [Result<RunSlab, AisError>?](repeating: nil, count: items.count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each element is written by the one thread that has its item.
      nonisolated(unsafe) let results = buffer
      Slabs.forEachItem(count: items.count, threads: threads) { item in
        results[item] = Result { () throws(AisError) in try body(items[item]) }
      }
    }
    var slabs: [RunSlab] = []
    for result in results { slabs.append(try result!.get()) }
    return slabs
  }
}
