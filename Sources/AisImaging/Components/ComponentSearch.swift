import AisCore
import Synchronization

/// What is asked when components are looked for.
struct ComponentSearch: Sendable {
  let source: any SliceSource
  /// Voxels above it belong to components.
  let threshold: Float
  let connectivity: Connectivity
  /// The voxels that are looked at; inside the volume, not empty.
  let region: VoxelBox
  /// Of the volume's shape; voxels where it is 0 or NaN are left out.
  let mask: (any SliceSource)?
  let keepsValues: Bool
  let minimumVoxelCount: Int
  let memory: RunMemory
  let cancellation: Cancellation?
}

/// Counts the memory that a search takes while several threads collect runs. What is counted does not depend on their number.
final class RunMemory: Sendable {
  /// Bytes with the room that growing arrays keep: a run is held twice while runs are grouped by component.
  static let perRun = 64
  static let perLabel = 64
  static let perValue = 6
  static let perComponent = 512

  private let limit: ByteCount?
  private let used = Atomic<Int>(0)

  init(limit: ByteCount?) { self.limit = limit }

  /// Counts some more; throws `outOfMemory` when that is too much.
  func spend(_ bytes: Int, threshold: Float) throws(AisError) {
    let total = used.add(bytes, ordering: .relaxed).newValue
    guard let limit, total > limit.bytes else { return }
    throw AisError(
      .outOfMemory,
      "what lies above the threshold \(threshold) is too much to be divided into components with the \(limit) that are left "
        + "for it. Raise the threshold, bin the volume, or allow more memory.")
  }
}
