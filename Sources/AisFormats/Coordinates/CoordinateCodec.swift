import AisCore

/// One format of coordinates: bytes to particles and back.
///
/// The frame that a format counts in is stated and applied in its codec and nowhere else.
protocol CoordinateCodec: Sendable {
  /// Reads a whole file. `path` names it in messages; its name may say which tomogram it belongs to.
  func read(_ bytes: [UInt8], path: String, hints: CoordinateHints) throws(AisError) -> CoordinateReading

  /// The file's bytes. `path` is where they will be, for messages and for companions that name it.
  func write(_ list: ParticleList, path: String, options: CoordinateOptions, provenance: [String]) throws(AisError)
    -> CoordinateEncoding
}

/// What reading a file of coordinates gave.
package struct CoordinateReading: Sendable {
  package var list: ParticleList
  package var format: CoordinateFormat
  /// What the file's numbers were taken for: zero, unit, rounding; a sentence.
  package var frame: String
  package var warnings: [String]
  /// What has to be known before the points may be converted to voxels of a tomogram.
  /// Empty unless the hints allow incomplete reading; see there what the points are then.
  package var missing: [CoordinateNeed]
  /// The other blocks of a STAR file (optics groups and the like), for files of the same kind made from this one.
  package var otherBlocks: [STARBlock]

  package init(
    list: ParticleList, format: CoordinateFormat, frame: String, warnings: [String] = [],
    missing: [CoordinateNeed] = [], otherBlocks: [STARBlock] = []
  ) {
    self.list = list
    self.format = format
    self.frame = frame
    self.warnings = warnings
    self.missing = missing
    self.otherBlocks = otherBlocks
  }
}

/// Something a file of coordinates does not say and a conversion needs.
package enum CoordinateNeed: String, Sendable {
  /// The file counts in ångström; without the voxel size points are in ångström too (voxels of 1 Å).
  case voxelSize
  /// The file counts from the middle of the unbinned volume; without its size and pixel size points are offsets from there, in the
  /// file's ångström (voxels of 1 Å).
  case tiltSeries
  /// The file turns an axis round or counts from another corner, for which the number of voxels is needed.
  case shape
}

/// What is known beyond the file, from the user or from the tomograms themselves.
package struct CoordinateHints: Sendable {
  /// The tomograms' own grids by name; they go before `shape` and `voxelSize`.
  package var frames: [String: TomogramFrame] = [:]
  /// Of every other tomogram.
  package var shape: Shape?
  /// Of every other tomogram.
  package var voxelSize: VoxelSize?
  /// The tomogram of a file that names none.
  package var tomogramName: String?
  /// The ångström per pixel that the file's numbers count in, in place of what its columns say.
  package var coordinateSpacing: Length?
  /// Names of tomograms by number, for the formats that number them (Dynamo, STOPGAP).
  package var tomogramNumbers: [Int: String] = [:]
  /// RELION's `tomograms.star`.
  package var tiltSeries = TiltSeriesTable()
  package var center = CenterRule.half
  package var alignment = GridAlignment.firstVoxels
  /// Points stay in the file's own ångström or offsets where something is missing, which `CoordinateReading.missing` says;
  /// otherwise that is an error.
  package var allowsIncomplete = false

  package init() {}

  /// What is known of a tomogram.
  package func frame(_ name: String) -> TomogramFrame {
    let known = frames[name]
    return TomogramFrame(name: name, shape: known?.shape ?? shape, voxelSize: known?.voxelSize ?? voxelSize)
  }
}

/// How a list is to be written.
package struct CoordinateOptions: Sendable {
  /// Digits after the point in text files. `nil`: what the format has always had (whole numbers in `.txt`, 6 in STAR files, as many
  /// as needed in the others).
  package var decimals: Int?
  /// RELION's `tomograms.star`, for the formats that count in its unbinned pixels.
  package var tiltSeries = TiltSeriesTable()
  package var center = CenterRule.half
  package var alignment = GridAlignment.firstVoxels
  /// The base name of the file the particles were picked from: part of the key of the reference's particle ids, which particles
  /// without an id then get.
  package var pickedFrom: String?
  /// What the particles are, for the formats that name it.
  package var objectName = "particle"
  /// Edge in voxels of the boxes that some formats draw (EMAN2) or count from the corner of (crYOLO).
  package var boxSize: Int?
  /// Where the tomograms' files lie, by name, for the formats that list them (Dynamo).
  package var tomogramPaths: [String: String] = [:]
  /// Blocks of the STAR file that the list was read from.
  package var otherBlocks: [STARBlock] = []

  package init() {}
}

/// A list as bytes, before it is written.
package struct CoordinateEncoding: Sendable {
  package var bytes: [UInt8]
  /// Further files the format needs, by the end of their name in place of the first file's extension.
  package var companions: [(fileExtension: String, bytes: [UInt8])]
  package var frame: String
  package var warnings: [String]

  package init(
    bytes: [UInt8], frame: String, warnings: [String] = [], companions: [(fileExtension: String, bytes: [UInt8])] = []
  ) {
    self.bytes = bytes
    self.frame = frame
    self.warnings = warnings
    self.companions = companions
  }
}
