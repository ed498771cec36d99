import AisCore

/// How networks are applied to a tomogram: everything that changes the result, and nothing else.
package struct InferenceSettings: Sendable, Hashable {
  /// At which pixel size the network works.
  package enum Scaling: Sendable, Hashable {
    /// The pixel size it was trained at; the tomogram's own when the model does not say.
    case asTrained
    /// This one.
    case pixelSize(Length)
    /// The tomogram's own: never rescale.
    case native
  }

  /// Which slices are segmented; the others are 0.
  package enum DepthRange: Sendable, Hashable {
    case all
    /// The central percentage, 0 < percent ≤ 100.
    case centre(percent: Double)
    /// From the first to before the last, counted from 0.
    case slices(Range<Int>)
  }

  /// How 3D networks are laid over a slice, and what happens at the first and last slices.
  package enum Tiling: String, Sendable, Hashable, CaseIterable {
    /// As the reference program: tiles of `tileEdge` with `tileOverlap` dropped on each side; slices that no slab
    /// covers with a trained position stay 0.
    case standard
    /// As if the whole plane went through the network at once, and every slice covered: slabs reach beyond the first
    /// and last slice into its reflection.
    case exact
  }

  /// Standard deviations of the blur of the result.
  package struct Blur: Sendable, Hashable {
    package var z: Length
    package var y: Length
    package var x: Length
    package init(z: Length, y: Length, x: Length) {
      self.z = z
      self.y = y
      self.x = x
    }
    package static let none = Blur(z: .angstroms(0), y: .angstroms(0), x: .angstroms(0))
  }

  /// Orientations averaged, 1…8.
  package var augmentations = 1
  package var depthRange = DepthRange.all
  /// Only this box is computed, as far as it lies in the tomogram, and everything else is 0. Within it the result is that of the
  /// whole tomogram, bit for bit, also where slabs, or rules between models, reach beyond it.
  package var extent: VoxelBox?
  package var scaling = Scaling.asTrained
  package var blur = Blur.none
  package var tiling = Tiling.standard
  /// 3D networks: edge of a tile in pixels, rounded down to a multiple of 32, or of what the network needs; `nil` takes the whole plane.
  package var tileEdge: Int? = 512
  /// 3D networks: pixels dropped at each side of a tile, at most a third of it.
  package var tileOverlap = 64
  /// 3D networks: slices between slabs; `nil` is half the depth, or less where that would leave gaps.
  package var slabStride: Int?

  package init() {}

  /// Throws `usage` with a sentence for the first setting that makes no sense.
  package func validate() throws(AisError) {
    guard (1...8).contains(augmentations) else {
      throw AisError(
        .usage, "a slice has 8 orientations: ask for 1 to 8 with test-time augmentation, not \(augmentations)")
    }
    if case .centre(let percent) = depthRange, !(percent > 0 && percent <= 100) {
      throw AisError(.usage, "the central part of the Z range is a percentage above 0 and up to 100, not \(percent)")
    }
    if case .slices(let range) = depthRange, range.isEmpty || range.lowerBound < 0 {
      throw AisError(.usage, "the Z range \(range.lowerBound):\(range.upperBound) holds no slice")
    }
    if case .pixelSize(let length) = scaling, !(length.angstrom > 0 && length.angstrom.isFinite) {
      throw AisError(.usage, "a pixel size is a length above 0, not \(length.angstrom) Å")
    }
    for length in [blur.z, blur.y, blur.x] where !(length.angstrom >= 0 && length.angstrom.isFinite) {
      throw AisError(.usage, "the blur is a length of 0 or more, not \(length.angstrom) Å")
    }
    if let tileEdge, tileEdge < 1 {
      throw AisError(.usage, "a tile has an edge of at least 32 pixels, not \(tileEdge)")
    }
    if extent != nil, blur != .none || depthRange != .all {
      throw AisError(
        .usage, "a part of a tomogram is segmented without a blur and without a Z range: leave those out, or the part")
    }
    guard tileOverlap >= 0 else { throw AisError(.usage, "tiles overlap by 0 pixels or more, not \(tileOverlap)") }
    if let slabStride, slabStride < 1 { throw AisError(.usage, "slabs are at least 1 slice apart, not \(slabStride)") }
  }
}

extension InferenceSettings.DepthRange {
  /// The slices of a tomogram of `count` slices. Throws when a given range lies outside.
  package func slices(of count: Int) throws(AisError) -> Range<Int> {
    switch self {
    case .all: return 0..<count
    case .centre(let percent):
      let wanted = max(1, Int((Double(count) * percent / 100).rounded(.toNearestOrEven)))
      let first = (count - wanted) / 2
      return first..<first + wanted
    case .slices(let range):
      guard range.lowerBound < count else {
        throw AisError(
          .usage,
          "the Z range \(range.lowerBound):\(range.upperBound) lies outside the tomogram, which has \(count) slices")
      }
      return range.clamped(to: 0..<count)
    }
  }
}
