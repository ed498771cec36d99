/// Voxels in memory: `[z][y][x]`, x fastest.
///
/// Inlinable, because a generic function that is called for every voxel from another room is many times slower.
package struct Volume<Element: Sendable>: Sendable {
  package let shape: Shape
  package var voxels: [Element]

  @inlinable
  package init(shape: Shape, voxels: [Element]) {
    precondition(voxels.count == shape.count, "a volume of \(shape) needs \(shape.count) voxels, got \(voxels.count)")
    self.shape = shape
    self.voxels = voxels
  }

  @inlinable
  package init(shape: Shape, repeating value: Element) {
    self.init(shape: shape, voxels: Array(repeating: value, count: shape.count))
  }

  @inlinable
  package subscript(z z: Int, y y: Int, x x: Int) -> Element {
    get { voxels[(z * shape.y + y) * shape.x + x] }
    set { voxels[(z * shape.y + y) * shape.x + x] = newValue }
  }

  /// The voxels of one xy slice.
  @inlinable
  package func slice(_ z: Int) -> ArraySlice<Element> {
    voxels[z * shape.sliceCount..<(z + 1) * shape.sliceCount]
  }
}
