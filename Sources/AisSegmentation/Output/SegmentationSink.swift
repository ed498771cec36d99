import AisCore

/// Where segmented slices go.
package protocol SegmentationSink: Sendable {
  /// Takes slice `z` of the tomogram's shape. Slices come in ascending order, all of them, from one thread.
  func write(slice z: Int, _ values: UnsafeBufferPointer<Float>) throws(AisError)
}
