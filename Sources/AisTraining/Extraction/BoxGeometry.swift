import AisCore

/// How large boxes are, in the set and in a tomogram.
package struct BoxGeometry: Sendable, Hashable {
  /// Edge of a stored box, pixels.
  package let size: Int
  /// Slices that a network will see.
  package let depth: Int
  /// Slices stored beyond `depth`.
  package let jitter: Int
  /// Edge of a box in the tomogram's own pixels.
  package let nativeSize: Int

  /// Slices beyond the depth of slabs: eight on each side, so that the annotated slice can lie anywhere.
  package static let slabJitter = 16
  /// Pixel sizes nearer than this share are taken as one: boxes are then not resampled.
  package static let tolerance = 0.05

  /// - Parameters:
  ///   - target: the pixel size of the set.
  ///   - native: that of the tomogram; `nil` takes pixels as they are.
  package init(size: Int, depth: Int, target: Length, native: Length?) {
    precondition(size >= 1 && depth >= 1, "a box has pixels")
    self.size = size
    self.depth = depth
    jitter = depth > 1 ? Self.slabJitter : 0
    if let native, abs(native / target - 1) >= Self.tolerance {
      nativeSize = max(1, Int((Double(size) * (target / native)).rounded(.toNearestOrEven)))
    } else {
      nativeSize = size
    }
  }

  package var storedDepth: Int { depth + jitter }
  package var isResampled: Bool { nativeSize != size }

  /// Slices of a box around `centre`, not held within the volume.
  func slices(_ centre: VoxelIndex) -> Range<Int> {
    centre.z - storedDepth / 2..<centre.z - storedDepth / 2 + storedDepth
  }

  /// Rows or columns of a box around a pixel, not held within the volume.
  func pixels(_ centre: Int) -> Range<Int> { centre - nativeSize / 2..<centre - nativeSize / 2 + nativeSize }
}
