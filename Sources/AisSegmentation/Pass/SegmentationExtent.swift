import AisCore

/// The part of a tomogram that a pass answers for, and the part that it computes for that.
struct SegmentationExtent: Sendable, Hashable {
  /// Stored; every voxel outside is 0.
  let kept: VoxelBox
  /// What the kept voxels depend on: they themselves, and what rules between models bring in from around them.
  let computed: VoxelBox

  /// Throws `usage` when nothing of the box lies in the tomogram.
  init(_ box: VoxelBox, shape: Shape, combination: Combination?, voxelSize: VoxelSize?) throws(AisError) {
    let whole = VoxelBox(shape)
    kept = box.intersection(whole)
    guard !kept.isEmpty else {
      throw AisError(
        .usage,
        "the part to be segmented, slices \(Self.text(box.z)), rows \(Self.text(box.y)), columns \(Self.text(box.x)), lies "
          + "outside the tomogram of \(shape) voxels")
    }
    let reach = combination?.reach(shape: shape, voxelSize: voxelSize) ?? (z: 0, y: 0, x: 0)
    computed = VoxelBox(
      z: kept.z.lowerBound - reach.z..<kept.z.upperBound + reach.z,
      y: kept.y.lowerBound - reach.y..<kept.y.upperBound + reach.y,
      x: kept.x.lowerBound - reach.x..<kept.x.upperBound + reach.x
    ).intersection(whole)
  }

  private static func text(_ range: Range<Int>) -> String {
    "\(range.lowerBound):\(range.upperBound == .max ? "" : "\(range.upperBound)")"
  }

  /// The rows and columns that a network has to answer for, when the planes that it works on are those of the tomogram; `nil` for
  /// whole planes.
  func region(in shape: Shape, rescales: Bool) -> (rows: Range<Int>, columns: Range<Int>)? {
    guard !rescales, computed.y != 0..<shape.y || computed.x != 0..<shape.x else { return nil }
    return (computed.y, computed.x)
  }

  /// Makes everything of slice `z` 0 that is not kept.
  ///
  /// - Parameter width: voxels in a row.
  func clear(_ values: UnsafeMutableBufferPointer<Float>, z: Int, width: Int) {
    guard kept.z.contains(z) else {
      values.update(repeating: 0)
      return
    }
    for row in 0..<values.count / max(1, width) {
      let start = row * width
      let isKept = kept.y.contains(row)
      for x in 0..<(isKept ? kept.x.lowerBound : width) { values[start + x] = 0 }
      if isKept { for x in kept.x.upperBound..<width { values[start + x] = 0 } }
    }
  }
}

extension Combination {
  /// Voxels on each side of one whose result is wanted that its result can depend on, at most the whole tomogram.
  func reach(shape: Shape, voxelSize: VoxelSize?) -> (z: Int, y: Int, x: Int) {
    guard let voxelSize else { return (0, 0, 0) }
    // The reference's discs count pixels of the x edge along y, too.
    let edge = rounding == .reference ? min(voxelSize.x, voxelSize.y) : voxelSize.y
    func voxels(_ edge: Length) -> Int {
      let most = Double(max(shape.y, shape.x))
      return interactions.reduce(0) { $0 + Int(min(most, ($1.radius / edge).rounded(.up))) + 1 }
    }
    return (
      reach(slices: shape.z, voxelSize: voxelSize), min(shape.y, voxels(edge)), min(shape.x, voxels(voxelSize.x))
    )
  }
}

extension WindowSchedule {
  /// The windows that give something of the wanted slices; what they say of others does not count.
  func limited(to wanted: Range<Int>) -> WindowSchedule {
    WindowSchedule(
      windows: windows.compactMap { window in
        var window = window
        window.outputs = window.outputs.map { z in z.flatMap { wanted.contains($0) ? $0 : nil } }
        return window.outputs.contains { $0 != nil } ? window : nil
      }, coverage: coverage.enumerated().map { wanted.contains($0.offset) ? $0.element : 0 })
  }
}
