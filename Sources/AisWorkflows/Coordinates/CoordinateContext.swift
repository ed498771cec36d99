import AisCore
import AisFormats
import Foundation

/// What is known of the tomograms that lists of coordinates lie in, from options and from the tomograms' own files.
package struct CoordinateContext: Sendable {
  package var hints = CoordinateHints()
  /// Paths of tomograms by name.
  package private(set) var paths: [String: String] = [:]
  /// The volume list that was named; else the one beside a table is taken.
  package var volumeList: String?
  /// RELION's table of tilt series, where one was named.
  private var tiltSeriesPath: String?

  package init() {}

  /// Files that decide where the points of a list lie, besides the tomograms.
  package var files: [String] { [tiltSeriesPath, volumeList].compactMap { $0 } }

  /// Reads RELION's `tomograms.star`.
  package mutating func add(tiltSeries path: String) throws(AisError) {
    hints.tiltSeries = try TiltSeriesTable(path: path)
    tiltSeriesPath = path
  }

  /// Looks into the headers of tomograms; `voxelSize` replaces theirs.
  ///
  /// A single tomogram stands for that of any list, whatever the list calls it; of several, each stands for its own name.
  package mutating func add(tomograms inputs: [String], options: TomogramOptions) throws(AisError) {
    if inputs.isEmpty { return }
    let files = try InputCollection(inputs).paths
    for path in files {
      let tomogram = try Tomogram.open(path, options: options)
      let name = SegmentationName.stem(of: path)
      if let other = paths[name] {
        throw AisError(
          .needsDecision,
          "'\(other)' and '\(path)' are both called '\(name)': a list could mean either. Give one of them.")
      }
      paths[name] = path
      hints.frames[name] = TomogramFrame(
        name: name, shape: tomogram.shape, voxelSize: tomogram.voxelSize ?? hints.voxelSize)
    }
    if files.count == 1, let only = hints.frames.values.first {
      hints.shape = hints.shape ?? only.shape
      hints.voxelSize = hints.voxelSize ?? only.voxelSize
    }
  }

  /// Reads a list; a Dynamo table's volumes are looked up beside it.
  package func read(_ path: String, format: CoordinateFormat? = nil) throws(AisError) -> CoordinateReading {
    try CoordinateFile.read(path, format: format, hints: hints(for: path))
  }

  /// What is known of the tomograms of one list.
  package func hints(for path: String) throws(AisError) -> CoordinateHints {
    var hints = hints
    if let list = volumeList ?? Self.volumeList(beside: path) {
      let bytes = try RandomAccessFile(list).contents(limit: 64 << 20)
      let volumes = try DynamoVolumeList(parsing: bytes, name: list)
      hints.tomogramNumbers = volumes.paths.mapValues { SegmentationName.stem(of: $0) }
    }
    return hints
  }

  /// `particles.tbl` has its volumes in `particles.doc` or `particles.vll`.
  private static func volumeList(beside path: String) -> String? {
    guard path.lowercased().hasSuffix(".tbl") else { return nil }
    let stem = (path as NSString).deletingPathExtension
    return [".doc", ".vll"].map { stem + $0 }.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// The file of a list's tomogram: of that name, or the only one there is.
  package func path(of frame: TomogramFrame) -> String? {
    paths[frame.name] ?? (paths.count == 1 ? paths.values.first : nil)
  }
}

/// A distance that a person gave: with a unit, or in voxels.
package enum CoordinateExtent: Sendable, Hashable {
  case length(Length)
  case voxels(Double)

  /// In voxels of a tomogram; throws when that needs a voxel size that is not known.
  package func voxels(in frame: TomogramFrame) throws(AisError) -> Double {
    switch self {
    case .voxels(let count): return count
    case .length(let length):
      guard let voxelSize = frame.voxelSize else {
        throw AisError(
          .needsDecision,
          "the voxel size of '\(frame.name)' is not known, so that \(angstromText(length.angstrom)) Å cannot be measured in it. Give '--voxel-size', '--tomogram', or the distance in voxels (15px)."
        )
      }
      return length / voxelSize.x
    }
  }
}
