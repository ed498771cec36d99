import AisCore
import Foundation
import GRDB

/// Pixels of one slice that become painted, and pixels that become unpainted.
package struct MaskPatch: Sendable, Equatable {
  package var dataset: Int64
  package var feature: Int64
  package var slice: Int
  /// Where both masks lie in the slice.
  package var rectangle: PixelRectangle
  /// Of the rectangle's size.
  package var painted: SliceMask
  /// Of the rectangle's size; no pixel is in both.
  package var erased: SliceMask

  package init(
    dataset: Int64, feature: Int64, slice: Int, rectangle: PixelRectangle, painted: SliceMask, erased: SliceMask
  ) {
    self.dataset = dataset
    self.feature = feature
    self.slice = slice
    self.rectangle = rectangle
    self.painted = painted
    self.erased = erased
  }

  /// A stroke that only paints, or only erases.
  package static func stroke(
    dataset: Int64, feature: Int64, slice: Int, rectangle: PixelRectangle, _ mask: SliceMask, erases: Bool = false
  ) -> MaskPatch {
    let none = SliceMask(height: mask.height, width: mask.width)
    return MaskPatch(
      dataset: dataset, feature: feature, slice: slice, rectangle: rectangle, painted: erases ? none : mask,
      erased: erases ? mask : none)
  }

  /// Makes a rectangle look like `mask`, whatever was there.
  package static func replacement(
    dataset: Int64, feature: Int64, slice: Int, rectangle: PixelRectangle, _ mask: SliceMask
  ) -> MaskPatch {
    MaskPatch(
      dataset: dataset, feature: feature, slice: slice, rectangle: rectangle, painted: mask, erased: mask.inverted)
  }

  package var isEmpty: Bool { painted.isEmpty && erased.isEmpty }

  /// Applies the patch to the mask of the whole slice.
  package func apply(to mask: inout SliceMask) {
    mask.set(painted, at: rectangle)
    mask.set(erased, at: rectangle, to: false)
  }

  /// Applies what concerns `part`, a rectangle of the slice, to the mask of that part.
  func apply(to mask: inout SliceMask, part: PixelRectangle) {
    guard let common = rectangle.intersection(part) else { return }
    let inPatch = PixelRectangle(
      y: common.y - rectangle.y, x: common.x - rectangle.x, height: common.height, width: common.width)
    let inPart = PixelRectangle(
      y: common.y - part.y, x: common.x - part.x, height: common.height, width: common.width)
    mask.set(painted.cropped(to: inPatch), at: inPart)
    mask.set(erased.cropped(to: inPatch), at: inPart, to: false)
  }
}

/// A patch as it is stored: small, however large the slice.
package struct StoredMaskPatch: Sendable, Equatable {
  package var dataset: Int64
  package var feature: Int64
  package var slice: Int
  package var rectangle: PixelRectangle
  /// As `MaskCodec` has them.
  package var painted: [UInt8]
  package var erased: [UInt8]

  init(_ patch: MaskPatch) {
    dataset = patch.dataset
    feature = patch.feature
    slice = patch.slice
    rectangle = patch.rectangle
    painted = MaskCodec.encode(patch.painted)
    erased = MaskCodec.encode(patch.erased)
  }

  init(_ row: Row) throws {
    dataset = row["dataset"]
    feature = row["feature"]
    slice = row["z"]
    rectangle = PixelRectangle(y: row["y"], x: row["x"], height: row["height"], width: row["width"])
    painted = Array(row["painted"] as Data)
    erased = Array(row["erased"] as Data)
  }

  /// The patch itself. Throws `malformed` when the bytes are no masks of the rectangle.
  package func decoded() throws(AisError) -> MaskPatch {
    guard rectangle.height > 0, rectangle.width > 0, max(rectangle.height, rectangle.width) <= MaskStore.largestSide,
      rectangle.count <= MaskStore.largestPixelCount
    else {
      throw AisError(.malformed, "the journal holds a mask of \(rectangle.width) × \(rectangle.height) pixels")
    }
    return MaskPatch(
      dataset: dataset, feature: feature, slice: slice, rectangle: rectangle,
      painted: try MaskCodec.decode(painted, height: rectangle.height, width: rectangle.width),
      erased: try MaskCodec.decode(erased, height: rectangle.height, width: rectangle.width))
  }
}
