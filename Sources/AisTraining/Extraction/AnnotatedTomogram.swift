import AisCore
import Synchronization

/// A tomogram and what was annotated in it, wherever the annotation was read from.
package struct AnnotatedTomogram: Sendable {
  /// The file's name without folder and type, as boxes record it.
  package var name: String
  package var path: String
  package var features: [AnnotatedFeature]

  package init(name: String, path: String, features: [AnnotatedFeature]) {
    self.name = name
    self.path = path
    self.features = features
  }
}

/// One kind of thing that was annotated: boxes, and what is painted in the slices.
package struct AnnotatedFeature: Sendable {
  package var title: String
  /// Edge of a box, pixels of the tomogram; `nil` when the mask is true everywhere and no box limits where it is trusted.
  package var boxSize: Int?
  /// Centres of boxes: pixels counted from 0.
  package var boxes: [VoxelIndex]
  private let painted: MaskReader

  /// - Parameter mask: the painted pixels of a slice, `nil` where nothing was painted. It is asked once in a while for each
  ///   slice, from any thread.
  package init(
    title: String, boxSize: Int?, boxes: [VoxelIndex],
    mask: @escaping @Sendable (Int) throws(AisError) -> SliceMask?
  ) {
    self.title = title
    self.boxSize = boxSize
    self.boxes = boxes
    painted = MaskReader(mask)
  }

  /// The painted pixels of a slice, `nil` where nothing was painted.
  package func mask(_ slice: Int) throws(AisError) -> SliceMask? { try painted.mask(slice) }
}

/// Keeps the masks that were read last: boxes of one slice follow each other.
private final class MaskReader: Sendable {
  private let read: @Sendable (Int) throws(AisError) -> SliceMask?
  private let kept = Mutex<[Int: SliceMask?]>([:])
  private static let most = 64

  init(_ read: @escaping @Sendable (Int) throws(AisError) -> SliceMask?) { self.read = read }

  func mask(_ slice: Int) throws(AisError) -> SliceMask? {
    if let mask = kept.withLock({ $0[slice] }) { return mask }
    let mask = try read(slice)
    kept.withLock {
      if $0.count >= Self.most { $0.removeAll() }
      $0[slice] = mask
    }
    return mask
  }
}
