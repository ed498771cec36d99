import AisCore
import AisFormats
import AisImaging
import Synchronization

/// Subvolumes around particles, and what is done with their values.
package struct ParticleBoxes: Sendable {
  /// What becomes of a box that reaches beyond the tomogram.
  package enum Edge: String, CaseIterable, Sendable, Encodable {
    /// The particle is left out.
    case skip
    /// Voxels outside get the mean of those inside.
    case mean
    /// Voxels outside repeat the nearest one inside.
    case repeated = "repeat"
  }

  /// How the values of a box are brought to a common scale.
  package enum Normalisation: String, CaseIterable, Sendable, Encodable {
    case none
    /// Mean 0 and standard deviation 1 of the whole box.
    case box
    /// Mean 0 and standard deviation 1 of what lies outside of the ball that fits the box, as RELION wants it.
    case background
  }

  /// Edge of a box in voxels.
  package var size: Int
  package var edge = Edge.skip
  package var normalisation = Normalisation.background
  /// Exchanges dark and bright: RELION and others want particles to be bright.
  package var inverts = false

  package init(size: Int) { self.size = size }

  /// The voxel that becomes the box's centre, number size div 2: the one that the particle lies in.
  package static func centre(of point: VoxelPoint) -> VoxelIndex {
    func whole(_ value: Double) -> Int { Int(max(-1e9, min(1e9, value.rounded()))) }
    return VoxelIndex(z: whole(point.z), y: whole(point.y), x: whole(point.x))
  }

  /// The first voxel of the box around a particle; it may lie outside of the tomogram.
  package func origin(of point: VoxelPoint) -> VoxelIndex {
    let centre = Self.centre(of: point)
    return VoxelIndex(z: centre.z - size / 2, y: centre.y - size / 2, x: centre.x - size / 2)
  }

  package func isInside(_ point: VoxelPoint, _ shape: Shape) -> Bool {
    let origin = origin(of: point)
    return origin.z >= 0 && origin.y >= 0 && origin.x >= 0 && origin.z + size <= shape.z
      && origin.y + size <= shape.y && origin.x + size <= shape.x
  }

  /// Cuts boxes out of a tomogram, which is read slice by slice; `body` gets each as soon as it is whole.
  ///
  /// With `Edge.skip` boxes that reach beyond the tomogram do not come. Where more boxes lie side by side than fit `memory`
  /// bytes, slices are read again for the rest; memory is that and two slices. Boxes are filled, normalised and given to
  /// `body` on up to `threads` threads at once, in any order.
  package func cut(
    _ points: [VoxelPoint], from source: any SliceSource, memory: Int = .max, threads: Int = 1,
    cancellation: Cancellation? = nil, progress: (Double) -> Void = { _ in },
    _ body: @Sendable (_ index: Int, _ box: Volume<Float>) throws(AisError) -> Void
  ) throws(AisError) {
    let wanted = points.indices.filter { edge != .skip || isInside(points[$0], source.shape) }
      .sorted { (origin(of: points[$0]).z, $0) < (origin(of: points[$1]).z, $1) }
    // Boxes that wait to be finished, and the copies they are finished in, besides those that slices are still missing to.
    let most = max(1, memory / (4 * size * size * size) - (threads > 1 ? 2 * threads : 0))
    var done = 0
    while done < wanted.count {
      // As many as may be open at once, and all that begin after the first of them has ended.
      var end = min(wanted.count, done + most)
      while end < wanted.count, origin(of: points[wanted[end]]).z >= origin(of: points[wanted[end - most]]).z + size {
        end += 1
      }
      let before = done
      try cut(
        wanted[done..<end], of: points, from: source, threads, cancellation,
        progress: { progress(Double(before + $0) / Double(wanted.count)) }, body)
      done = end
    }
  }

  /// A box that slices are still copied into, or that waits to be finished.
  private struct OpenBox: Sendable {
    var index: Int
    var origin: VoxelIndex
    var box: Volume<Float>
  }

  /// Cuts boxes that are sorted by their first slices.
  ///
  /// - Parameter progress: gets the number of those that are done.
  private func cut(
    _ wanted: ArraySlice<Int>, of points: [VoxelPoint], from source: any SliceSource, _ threads: Int,
    _ cancellation: Cancellation?, progress: (Int) -> Void,
    _ body: @Sendable (_ index: Int, _ box: Volume<Float>) throws(AisError) -> Void
  ) throws(AisError) {
    let shape = source.shape
    var open: [OpenBox] = []
    var whole: [OpenBox] = []
    var waiting = wanted
    func isWhole(_ entry: OpenBox, at z: Int) -> Bool { min(shape.z - 1, entry.origin.z + size - 1) <= z }
    for z in 0..<shape.z {
      try cancellation?.check()
      while let index = waiting.first, z == shape.z - 1 || origin(of: points[index]).z <= z {
        let empty = Volume<Float>(shape: Shape(z: size, y: size, x: size), repeating: .nan)
        open.append(OpenBox(index: index, origin: origin(of: points[index]), box: empty))
        waiting = waiting.dropFirst()
      }
      if open.isEmpty {
        if waiting.isEmpty { break }
        continue
      }
      let slice = try source.slice(z)
      for position in open.indices { copy(slice, z, shape, open[position].origin, &open[position].box) }
      for entry in open where isWhole(entry, at: z) {
        whole.append(entry)
        if whole.count >= threads { try finish(&whole, shape, threads, body) }
      }
      open.removeAll { isWhole($0, at: z) }
      progress(wanted.count - waiting.count - open.count - whole.count)
    }
    try finish(&whole, shape, threads, body)
    progress(wanted.count)
  }

  private func finish(
    _ whole: inout [OpenBox], _ shape: Shape, _ threads: Int,
    _ body: @Sendable (_ index: Int, _ box: Volume<Float>) throws(AisError) -> Void
  ) throws(AisError) {
    let entries = whole
    whole = []
    let failure = Mutex<AisError?>(nil)
    Slabs.forEachItem(count: entries.count, threads: threads) { item in
      var entry = entries[item]
      finish(&entry.box, origin: entry.origin, shape: shape)
      do throws(AisError) { try body(entry.index, entry.box) } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func copy(_ slice: [Float], _ z: Int, _ shape: Shape, _ origin: VoxelIndex, _ box: inout Volume<Float>) {
    let plane = z - origin.z
    let columns = max(0, origin.x)..<max(max(0, origin.x), min(shape.x, origin.x + size))
    guard plane >= 0, plane < size, !columns.isEmpty else { return }
    for y in max(0, origin.y)..<max(max(0, origin.y), min(shape.y, origin.y + size)) {
      let row = (plane * size + y - origin.y) * size - origin.x
      for x in columns { box.voxels[row + x] = slice[y * shape.x + x] }
    }
  }

  /// Fills what lies outside, inverts and normalises. Voxels that are not numbers are treated as outside.
  func finish(_ box: inout Volume<Float>, origin: VoxelIndex, shape: Shape) {
    if box.voxels.contains(where: { !$0.isFinite }) { fill(&box, origin: origin, shape: shape) }
    if inverts { for index in box.voxels.indices { box.voxels[index] = -box.voxels[index] } }
    normalise(&box)
  }

  private func fill(_ box: inout Volume<Float>, origin: VoxelIndex, shape: Shape) {
    let known = box.voxels.filter(\.isFinite)
    let mean = known.isEmpty ? 0 : Float(known.reduce(0.0) { $0 + Double($1) } / Double(known.count))
    let source = box
    func inside(_ value: Int, _ origin: Int, _ count: Int) -> Int { max(0, min(count - 1, value + origin)) - origin }
    for z in 0..<size {
      for y in 0..<size {
        for x in 0..<size where !source[z: z, y: y, x: x].isFinite {
          var value = mean
          if edge == .repeated {
            let near = (
              z: inside(z, origin.z, shape.z), y: inside(y, origin.y, shape.y), x: inside(x, origin.x, shape.x)
            )
            let isInBox = [near.z, near.y, near.x].allSatisfy { (0..<size).contains($0) }
            if isInBox, source[z: near.z, y: near.y, x: near.x].isFinite {
              value = source[z: near.z, y: near.y, x: near.x]
            }
          }
          box[z: z, y: y, x: x] = value
        }
      }
    }
  }

  private func normalise(_ box: inout Volume<Float>) {
    guard normalisation != .none else { return }
    let centre = Double(size / 2)
    let radius = Double(size) / 2
    var (count, sum, squares) = (0.0, 0.0, 0.0)
    for z in 0..<size {
      for y in 0..<size {
        for x in 0..<size {
          if normalisation == .background {
            let (dz, dy, dx) = (Double(z) - centre, Double(y) - centre, Double(x) - centre)
            if dz * dz + dy * dy + dx * dx <= radius * radius { continue }
          }
          let value = Double(box[z: z, y: y, x: x])
          count += 1
          sum += value
          squares += value * value
        }
      }
    }
    guard count > 0 else { return }
    let mean = sum / count
    let deviation = max(0, squares / count - mean * mean).squareRoot()
    // A box without contrast keeps its values, less the mean.
    let scale = deviation > 1e-12 * max(1, abs(mean)) ? 1 / deviation : 1
    for index in box.voxels.indices { box.voxels[index] = Float((Double(box.voxels[index]) - mean) * scale) }
  }
}
