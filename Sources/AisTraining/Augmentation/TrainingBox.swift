/// One box on its way into a batch: slices of an image and what is to be learned from them, both `[z][y][x]`.
package struct TrainingBox: Sendable, Equatable {
  package var image: [Float]
  /// 0 to 1, and 2 where it is unknown.
  package var label: [Float]
  package let depth: Int
  /// 1, or `depth`.
  package let labelDepth: Int
  /// Rows and columns.
  package let size: Int
  /// The slice of the image that a label of one slice belongs to.
  package let labelledSlice: Int

  package init(image: [Float], label: [Float], depth: Int, labelDepth: Int, size: Int, labelledSlice: Int) {
    precondition(
      image.count == depth * size * size && label.count == labelDepth * size * size,
      "a box of \(size) × \(size) × \(depth) pixels has other counts of values")
    self.image = image
    self.label = label
    self.depth = depth
    self.labelDepth = labelDepth
    self.size = size
    self.labelledSlice = labelledSlice
  }
}
