import AisCore

/// Whether the program reads as it should, or as the reference program reads.
package enum Compatibility: String, Sendable, CaseIterable {
  case standard
  /// Bytes of mode 0 are signed unless `byteSign` says otherwise, and the axis order in the header is not looked at.
  case reference
}

/// How bytes (MRC mode 0) are read.
package enum ByteSign: String, Sendable, CaseIterable {
  /// Decided from the header and the voxels.
  case automatic
  case signed
  case unsigned
}

/// How to look at a tomogram file; everything defaults to "as it is".
package struct TomogramOptions: Sendable, Hashable {
  package var compatibility: Compatibility = .standard
  package var byteSign: ByteSign = .automatic
  /// Replaces the voxel size of the header; in the order of the axes **as viewed**.
  package var voxelSize: VoxelSize?
  package var view: TomogramView = .identity
  /// Makes a mask of a volume of labels: voxels that hold exactly this whole number become 1, all others 0. Stored numbers are
  /// compared, so that labels of 32 bits are told apart, which single precision cannot; contrast is not inverted.
  package var label: Int?
  /// Which volume of a volume stack, from 0; `nil` reads all sections as one volume.
  package var volume: Int?
  /// Header faults become warnings, and of a truncated file the whole sections are read.
  package var isPermissive = false
  /// Most bytes kept of what was read.
  package var cacheBytes = 64 << 20

  package init() {}
}
