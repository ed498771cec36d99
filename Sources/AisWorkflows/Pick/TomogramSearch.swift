import AisCore
import AisFormats
import Foundation

/// Finds the tomogram that a segmentation was made from.
package enum TomogramSearch {
  /// The tomogram, or `nil` when there is none of the same size where one would look: in the place given, where the account
  /// beside the segmentation says, or beside it.
  ///
  /// - Parameters:
  ///   - folder: a file or a folder; when it is given and holds nothing that fits, that is an error.
  ///   - known: files by the names of their tomograms, looked at before the rest.
  package static func tomogram(
    of reading: PredictionReading, folder: String?, known: [String: String] = [:]
  ) throws(AisError) -> Tomogram? {
    var options = TomogramOptions()
    options.view = reading.tomogram.options.view
    options.voxelSize = reading.tomogram.options.voxelSize
    let first = folder == nil ? known[SegmentationName.tomogram(of: reading.path)] : nil
    for path in [first].compactMap(\.self) + candidates(reading.path, folder) {
      guard let tomogram = try? Tomogram.open(path, options: options) else { continue }
      if tomogram.shape == reading.tomogram.shape { return tomogram }
    }
    if let folder {
      throw AisError(
        .notFound,
        "'\(folder)' gives no tomogram of '\(reading.path)': expected one named "
          + "'\(SegmentationName.tomogram(of: reading.path)).mrc' of \(reading.tomogram.shape) voxels")
    }
    return nil
  }

  private static func candidates(_ path: String, _ folder: String?) -> [String] {
    var isFolder: ObjCBool = false
    if let folder {
      guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
        return [folder]
      }
      return named(path, in: folder)
    }
    var found: [String] = []
    if let origin = ExistingOutput.json(ExistingOutput.provenancePath(of: path))?["input"]?["path"]?.string {
      found.append(origin)
    }
    let beside = (path as NSString).deletingLastPathComponent
    return found + named(path, in: beside.isEmpty ? "." : beside)
  }

  /// Volumes in a folder under the tomogram's name.
  private static func named(_ path: String, in folder: String) -> [String] {
    let name = SegmentationName.tomogram(of: path)
    if name == SegmentationName.stem(of: path) { return [] }
    let names = (try? FolderListing.names(in: folder)) ?? []
    return names.filter { InputKind.tomograms.fits($0) && SegmentationName.stem(of: $0) == name }
      .map { OutputFolder.prefix(folder) + $0 }
  }
}
