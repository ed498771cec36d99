import AisCore

/// The connected components of a volume as runs of voxels: memory grows with what was found, not with the volume.
package struct ComponentRuns: Sendable {
  /// Of the volume that was looked at.
  package let shape: Shape
  /// In the order of their first voxels (z, then y, then x), as SciPy numbers them.
  package let components: [Component]
  /// Grouped by component, in scan order within each.
  let runs: [VoxelRun]
  private let firstRun: [Int]
  let values: SlabValues

  init(shape: Shape, components: [Component], runs: [VoxelRun], firstRun: [Int], values: SlabValues) {
    self.shape = shape
    self.components = components
    self.runs = runs
    self.firstRun = firstRun
    self.values = values
  }

  /// Runs of all components together.
  package var runCount: Int { runs.count }

  /// The runs of one component in scan order.
  package func runs(of index: Int) -> ArraySlice<VoxelRun> { runs[firstRun[index]..<firstRun[index + 1]] }

  /// The box of a component with `margin` more voxels on each side, cut off at the faces of the volume.
  package func box(of index: Int, margin: Int) -> VoxelBox {
    components[index].box.grown(by: margin).intersection(VoxelBox(shape))
  }

  /// One component alone: 1 inside, 0 outside, cropped to its box and `margin` voxels more.
  ///
  /// The margin ends at the faces of the volume, so that distances within the mask are those within the whole volume. With
  /// `goesBeyondFaces` it is there on every side, for surfaces that must close; the origin may then be negative.
  package func mask(
    of index: Int, margin: Int = 1, goesBeyondFaces: Bool = false
  ) -> (mask: Volume<UInt8>, origin: VoxelIndex) {
    let box = goesBeyondFaces ? components[index].box.grown(by: margin) : box(of: index, margin: margin)
    var mask = Volume<UInt8>(shape: box.shape, repeating: 0)
    paint(index, box: box, with: 1, into: &mask)
    return (mask, box.origin)
  }

  /// The values of one component's voxels, 0 elsewhere, cropped as its `mask`; found with `keepsValues`.
  package func values(of index: Int, margin: Int = 1) -> Volume<Float> {
    precondition(values.depth > 0, "values are there only when the components were found with keepsValues")
    let box = box(of: index, margin: margin)
    let shape = box.shape
    var result = Volume<Float>(shape: shape, repeating: 0)
    result.voxels.withUnsafeMutableBufferPointer { buffer in
      for run in runs(of: index) {
        let row = ((Int(run.z) - box.z.lowerBound) * shape.y + Int(run.y) - box.y.lowerBound) * shape.x
        let start = row + Int(run.lower) - box.x.lowerBound
        let kept = values.slabs[(Int(run.z) - values.firstSlice) / values.depth]
        kept.withUnsafeBufferPointer { kept in
          for i in 0..<run.count { buffer[start + i] = kept[Int(run.firstValue) + i] }
        }
      }
    }
    return result
  }

  /// Every component's `index` + 1 in the whole volume, 0 elsewhere.
  package func labels() -> Volume<Int32> { labels(in: VoxelBox(shape)) }

  /// Every component's `index` + 1 in a box of the volume, 0 elsewhere.
  package func labels(in box: VoxelBox) -> Volume<Int32> {
    var labels = Volume<Int32>(shape: box.shape, repeating: 0)
    for component in components where !component.box.intersection(box).isEmpty {
      paint(component.index, box: box, with: Int32(component.index + 1), into: &labels)
    }
    return labels
  }

  /// Sets the voxels of a component in a cut-out of the volume.
  @inline(__always)
  private func paint<Element>(_ index: Int, box: VoxelBox, with value: Element, into volume: inout Volume<Element>) {
    let shape = volume.shape
    volume.voxels.withUnsafeMutableBufferPointer { buffer in
      for run in runs(of: index) where box.z.contains(Int(run.z)) && box.y.contains(Int(run.y)) {
        let columns = (Int(run.lower)..<Int(run.upper)).clamped(to: box.x)
        let row = ((Int(run.z) - box.z.lowerBound) * shape.y + Int(run.y) - box.y.lowerBound) * shape.x
        for x in columns { buffer[row + x - box.x.lowerBound] = value }
      }
    }
  }
}

/// The values above the threshold as the slabs were read, so that they need not be copied.
struct SlabValues: Sendable {
  /// Slices of a slab; 0 when no values were kept.
  var depth = 0
  var firstSlice = 0
  var slabs: [[Float]] = []
}
