import AisCore

/// Finds voxels, and plateaus of equal voxels, that no neighbour exceeds.
final class PlateauSearch {
  private let values: UnsafePointer<Float>
  private let inside: UnsafePointer<UInt8>?
  private let shape: Shape
  /// What is known of each voxel.
  private var states: [State]
  private let steps: [(z: Int, y: Int, x: Int, offset: Int)]

  private enum State: UInt8 {
    /// A neighbour is higher, or the voxel is left out.
    case low
    /// All neighbours are lower.
    case peak
    /// None is higher, some are equal: part of a plateau.
    case flat
    /// Part of a plateau that is dealt with.
    case done
  }

  init(values: UnsafePointer<Float>, inside: UnsafePointer<UInt8>?, shape: Shape) {
    self.values = values
    self.inside = inside
    self.shape = shape
    states = [State](repeating: .low, count: shape.count)
    var steps: [(z: Int, y: Int, x: Int, offset: Int)] = []
    for z in -1...1 {
      for y in -1...1 {
        for x in -1...1 where (z, y, x) != (0, 0, 0) { steps.append((z, y, x, (z * shape.y + y) * shape.x + x)) }
      }
    }
    // Neighbours across a face first: most voxels are no maxima, and these say so soonest.
    self.steps = steps.enumerated().sorted {
      let a = abs($0.element.z) + abs($0.element.y) + abs($0.element.x)
      let b = abs($1.element.z) + abs($1.element.y) + abs($1.element.x)
      return (a, $0.offset) < (b, $1.offset)
    }.map { $0.element }
  }

  /// Calls `body` for every maximum, in scan order of the first voxels.
  func forEachMaximum(threads: Int, _ body: (LocalMaximum) -> Void) {
    states.withUnsafeMutableBufferPointer { buffer in
      // Each slice is written by the one thread that has it.
      nonisolated(unsafe) let (states, search) = (buffer, self)
      Slabs.forEach(count: shape.z, threads: threads) { slices in
        for z in slices { search.judge(slice: z, into: states) }
      }
    }
    for index in states.indices {
      switch states[index] {
      case .low, .done: continue
      case .peak: body(LocalMaximum(voxel: voxel(index), value: values[index]))
      case .flat: if let top = plateau(from: index) { body(top) }
      }
    }
  }

  private func judge(slice z: Int, into states: UnsafeMutableBufferPointer<State>) {
    var index = z * shape.sliceCount
    for y in 0..<shape.y {
      for x in 0..<shape.x {
        if inside == nil || inside![index] != 0 { states[index] = state(VoxelIndex(z: z, y: y, x: x), index) }
        index += 1
      }
    }
  }

  @inline(__always)
  private func state(_ voxel: VoxelIndex, _ index: Int) -> State {
    let value = values[index]
    if value.isNaN { return .low }
    var isFlat = false
    let isInner =
      voxel.z > 0 && voxel.y > 0 && voxel.x > 0 && voxel.z < shape.z - 1 && voxel.y < shape.y - 1
      && voxel.x < shape.x - 1
    for step in steps {
      if !isInner && !contains(voxel, step) { continue }
      let other = index + step.offset
      if let inside, inside[other] == 0 { continue }
      if values[other] > value { return .low }
      if values[other] == value { isFlat = true }
    }
    return isFlat ? .flat : .peak
  }

  @inline(__always)
  private func contains(_ voxel: VoxelIndex, _ step: (z: Int, y: Int, x: Int, offset: Int)) -> Bool {
    (0..<shape.z).contains(voxel.z + step.z) && (0..<shape.y).contains(voxel.y + step.y)
      && (0..<shape.x).contains(voxel.x + step.x)
  }

  private func voxel(_ index: Int) -> VoxelIndex {
    let (row, x) = index.quotientAndRemainder(dividingBy: shape.x)
    let (z, y) = row.quotientAndRemainder(dividingBy: shape.y)
    return VoxelIndex(z: z, y: y, x: x)
  }

  /// Follows a plateau to its end; its most central voxel when nothing beside it is higher.
  private func plateau(from start: Int) -> LocalMaximum? {
    let value = values[start]
    var members = [start]
    states[start] = .done
    var isTop = true
    var next = 0
    while next < members.count {
      let index = members[next]
      next += 1
      let here = voxel(index)
      for step in steps where contains(here, step) {
        let other = index + step.offset
        if let inside, inside[other] == 0 { continue }
        if values[other] > value {
          isTop = false
        } else if values[other] == value && states[other] != .done {
          states[other] = .done
          members.append(other)
        }
      }
    }
    guard isTop else { return nil }
    // Whole numbers: n·(place − centroid) = n·place − sum of places.
    let places = members.map(voxel)
    let n = places.count
    let sum = places.reduce((z: 0, y: 0, x: 0)) { ($0.z + $1.z, $0.y + $1.y, $0.x + $1.x) }
    func distance(_ place: VoxelIndex) -> Double {
      let (dz, dy, dx) = (Double(n * place.z - sum.z), Double(n * place.y - sum.y), Double(n * place.x - sum.x))
      return dz * dz + dy * dy + dx * dx
    }
    let centre = places.indices.min { (distance(places[$0]), members[$0]) < (distance(places[$1]), members[$1]) }!
    return LocalMaximum(voxel: places[centre], value: value)
  }
}
