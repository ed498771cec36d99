import AisCore

/// What is known about a tomogram file, in the file's own terms, before any view is applied.
package struct TomogramInfo: Sendable {
  package enum Format: String, Sendable { case mrc, tiff }
  package enum Container: String, Sendable { case plain, gzip, bzip2 }

  /// Edges of a voxel on each axis, `nil` where the file does not say.
  package struct HeaderVoxelSize: Sendable, Hashable {
    package var z: Length?
    package var y: Length?
    package var x: Length?
    package init(z: Length? = nil, y: Length? = nil, x: Length? = nil) {
      self.z = z
      self.y = y
      self.x = x
    }
  }

  /// Ångström.
  package struct Origin: Sendable, Hashable {
    package var z: Double
    package var y: Double
    package var x: Double
    package static let zero = Origin(z: 0, y: 0, x: 0)
    package init(z: Double, y: Double, x: Double) {
      self.z = z
      self.y = y
      self.x = x
    }
  }

  /// What the header says about the values; not checked against them.
  package struct Statistics: Sendable, Hashable {
    package var minimum: Double
    package var maximum: Double
    package var mean: Double
    /// Standard deviation.
    package var rms: Double
  }

  /// How bytes are read, and why.
  package struct ByteSignDecision: Sendable, Hashable {
    package enum Reason: String, Sendable {
      case asked, imodFlag = "imod-flag", headerStatistics = "header-statistics", voxels, standard, compatibility
    }
    package var isSigned: Bool
    package var reason: Reason
    /// A sentence for people.
    package var explanation: String
  }

  /// Bytes between header and voxels.
  package struct ExtendedHeader: Sendable, Hashable {
    /// Four characters such as `FEI1`, `SERI`, `CCP4`; empty when blank.
    package var type: String
    package var byteCount: Int
    package init(type: String, byteCount: Int) {
      self.type = type
      self.byteCount = byteCount
    }
  }

  package var path: String
  package var format: Format
  package var container: Container = .plain
  /// Bytes of the file on disk.
  package var fileByteCount: Int
  /// Seconds since 1970 when the file last changed.
  package var modified: Double
  /// Sections, rows and columns as they follow each other in the file.
  package var storedShape: Shape
  /// Shape with the axes put in order x, y, z, before any view.
  package var shape: Shape
  /// As stored; bytes are `int8` or `uint8` as decided.
  package var elementType: ElementType
  /// MRC mode number; `nil` for other formats.
  package var mode: Int?
  package var byteOrder: ByteOrder
  /// How the byte order was found, a sentence part.
  package var byteOrderReason: String
  package var byteSign: ByteSignDecision?
  /// In the order x, y, z, before any view or override.
  package var voxelSize: HeaderVoxelSize
  /// Position of the first voxel, with IMOD's inverted sign undone.
  package var origin: Origin = .zero
  /// `nstart`: index of the first voxel in a larger grid.
  package var start = VoxelIndex(z: 0, y: 0, x: 0)
  package var labels: [String] = []
  package var extendedHeader: ExtendedHeader?
  package var statistics: Statistics?
  /// Along which axis columns, rows and sections run, as letters: `xyz` in most files.
  package var axisOrder = "xyz"
  package var spaceGroup: Int?
  /// More than 1 for a volume stack (MRC space groups 401…630).
  package var volumeCount = 1
  /// The whole MRC header.
  package var header: MRCHeader?
  /// Pages of a TIFF file are compressed with this scheme, if any.
  package var compression: String?
}
