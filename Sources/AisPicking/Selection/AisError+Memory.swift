import AisCore
import AisImaging

extension AisError {
  /// A connected piece that cannot be worked on within the memory.
  ///
  /// - Parameters:
  ///   - work: what is done with it, such as `thinning it`.
  ///   - needed: in bytes; `Int.max` where that is beyond counting.
  static func tooLarge(
    _ component: Component, for work: String, needed: Int, allowed: ByteCount
  ) -> AisError {
    let amount = needed == .max ? "more than can be counted" : "\(ByteCount(needed))"
    return AisError(
      .outOfMemory,
      "a connected piece of \(component.voxelCount) voxels reaches over \(component.box.shape) of them, and \(work) needs "
        + "\(amount); \(allowed) are left for it. Raise the threshold, bin the volume (--binning 2), or allow more (--memory)."
    )
  }
}
