import AisCore
import AisFormats
import AisProject
import AisWorkflows

/// The file that slices are read from, and what it must be: another file at its place is refused.
package struct SliceFile: Hashable, Sendable {
  /// Absolute.
  package var path: String
  /// What tells the file from others: the first letters, at least 16, of the SHA-256 of samples of it.
  package var key: String

  package init(path: String, key: String) {
    self.path = path
    self.key = key
  }

  package init(_ reference: TomogramReference) { self.init(path: reference.path, key: Self.key(reference.sampleHash)) }

  /// The key of a file with this fingerprint, short enough for addresses and names of files.
  package static func key(_ sampleHash: String) -> String { String(sampleHash.prefix(32)) }

  /// Whether a file with this fingerprint is the one that is meant.
  func accepts(_ sampleHash: String) -> Bool { key.utf8.count >= 16 && sampleHash.hasPrefix(key) }

  /// Letters and digits only: keys become names in the cache's folder.
  var isWellFormed: Bool { !key.isEmpty && key.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) } }
}

/// Along which axis one looks, and so which axes are the rows and columns of a slice.
package enum SlicePlane: String, Sendable, CaseIterable {
  /// Rows are y, columns x.
  case xy
  /// Rows are z, columns x.
  case xz
  /// Rows are z, columns y.
  case yz
}

/// How the values of a tile are stored: value = offset + step · stored.
package enum TileEncoding: String, Sendable, CaseIterable {
  /// Whole numbers 0 to 255 between robust limits; values beyond them are cut, what is no number is 0.
  case bytes = "u8"
  /// Half floats, little-endian; NaN stays NaN.
  case halves = "f16"

  var byteCount: Int { self == .bytes ? 1 : 2 }
}

/// A part of a slice.
package struct Tile: Sendable {
  /// `height × width` values by rows, as the encoding says.
  package var bytes: [UInt8]
  package var height: Int
  package var width: Int
  /// Value = offset + step · stored; the same for all tiles of a slice.
  package var offset: Float
  package var step: Float
  /// Made in a hurry from a few slices: to be shown until the real one comes, and not to be kept.
  package var isSketch = false

  /// Rows and columns of a tile that does not lie at an edge.
  package static let edge = 1024
}
