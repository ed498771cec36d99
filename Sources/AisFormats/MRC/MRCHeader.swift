import AisCore

/// The 1024 bytes at the start of an MRC file, field by field, in the file's own axis order
/// (columns, rows, sections). MRC2014: https://www.ccpem.ac.uk/mrc_format/mrc2014.php
package struct MRCHeader: Sendable, Equatable {
  /// Three numbers in the order columns, rows, sections, or x, y, z.
  package struct Triple<Value: Sendable & Equatable>: Sendable, Equatable {
    package var first: Value, second: Value, third: Value
    package init(_ first: Value, _ second: Value, _ third: Value) {
      (self.first, self.second, self.third) = (first, second, third)
    }
    package var values: [Value] { [first, second, third] }
  }

  package static let byteCount = 1024

  /// Columns, rows, sections (`nx ny nz`).
  package var size = Triple(0, 0, 0)
  /// How a voxel is stored.
  package var mode = 2
  /// Index of the first column, row, section in the unit cell (`nxstart nystart nzstart`).
  package var start = Triple(0, 0, 0)
  /// Sampling of the unit cell along x, y, z (`mx my mz`).
  package var sampling = Triple(0, 0, 0)
  /// Edges of the unit cell along x, y, z, ångström.
  package var cell: Triple<Float> = Triple(0, 0, 0)
  /// Angles of the unit cell, degrees.
  package var angles: Triple<Float> = Triple(90, 90, 90)
  /// Which axis (1 x, 2 y, 3 z) columns, rows and sections run along (`mapc mapr maps`).
  package var axes = Triple(1, 2, 3)
  package var minimum: Float = 0
  package var maximum: Float = -1
  package var mean: Float = -2
  package var spaceGroup = 1
  /// Bytes between this header and the voxels (`nsymbt`).
  package var extendedByteCount = 0
  /// What the extended header holds, four characters (`CCP4`, `SERI`, `FEI1`, …); empty when blank.
  package var extendedType = ""
  package var version = 20141
  /// 1146047817 ("IMOD" as an integer) when IMOD or a program that uses its flags wrote the file.
  package var imodStamp: Int32 = 0
  package var imodFlags: Int32 = 0
  /// Position of the first voxel or of the frame's origin, x, y, z, ångström, as stored.
  package var origin: Triple<Float> = Triple(0, 0, 0)
  /// Bytes 208–211; `MAP ` in every file since the year 2000.
  package var mapBytes: [UInt8] = Array("MAP ".utf8)
  /// Bytes 212–215; they say the byte order.
  package var machineStamp: [UInt8] = [0x44, 0x44, 0, 0]
  package var rms: Float = -1
  /// `nlabl` as stored; `labels` has what could be read.
  package var labelCount = 0
  /// Up to ten lines of 80 characters, trailing blanks removed.
  package var labels: [String] = []

  package init() {}

  package var hasMapID: Bool { mapBytes.starts(with: Array("MAP".utf8)) }

  /// IMOD's flags, or `nil` when the file has none.
  package var flags: IMODFlags? {
    imodStamp == IMODFlags.stamp ? IMODFlags(rawValue: imodFlags) : nil
  }

  /// The flags that IMOD keeps in bytes 156–159. https://bio3d.colorado.edu/imod/doc/mrc_format.txt
  package struct IMODFlags: OptionSet, Sendable, Equatable {
    package static let stamp: Int32 = 1_146_047_817
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }
    /// Mode 0 holds signed bytes.
    package static let signedBytes = IMODFlags(rawValue: 1)
    /// The voxel size came from the extended header.
    package static let sizeFromExtendedHeader = IMODFlags(rawValue: 2)
    /// The origin is stored with its sign inverted.
    package static let invertedOrigin = IMODFlags(rawValue: 4)
    /// A byte of mode 0 holds two voxels of 4 bits.
    package static let packed4Bit = IMODFlags(rawValue: 16)
  }
}
