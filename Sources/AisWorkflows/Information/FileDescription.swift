import AisCore
import AisFormats
import AisNetworks
import Foundation

/// What is in a file, whatever it is.
package struct FileDescription: Sendable {
  package enum Content: Sendable {
    case tomogram(TomogramDescription)
    case network(NetworkDescription)
    case trainingSet(TrainingSetDescription)
    /// A kind of file that is known by its name but not looked into: what it is, and what it is for.
    case other(kind: String, note: String)
    case unreadable(AisError)
  }

  package var path: String
  package var content: Content

  /// Looks into a file. Nothing is thrown: what cannot be read is described as such.
  package init(path: String, options: TomogramOptions = .init()) {
    self.path = path
    let name = (path as NSString).lastPathComponent.lowercased()
    if let known = Self.kinds.first(where: { name.hasSuffix($0.suffix) }) {
      content =
        FileManager.default.fileExists(atPath: path)
        ? .other(kind: known.kind, note: known.note)
        : .unreadable(AisError(.notFound, "'\(path)' is not there."))
      return
    }
    var options = options
    options.isPermissive = true
    do throws(AisError) {
      if [".scnm", ".h5", ".hdf5", ".keras"].contains(where: name.hasSuffix) {
        content = .network(NetworkDescription(try ModelFile.read(path)))
        return
      }
      if name.hasSuffix(".scnt") {
        let bytes = try RandomAccessFile(path).byteCount
        content = .trainingSet(try TrainingSetDescription(TrainingSetFile.open(path), fileBytes: bytes))
        return
      }
      content = .tomogram(TomogramDescription(try Tomogram.open(path, options: options)))
    } catch {
      content = .unreadable(error)
    }
  }

  /// Endings of the files of this trade that hold no volume.
  private static let kinds: [(suffix: String, kind: String, note: String)] = [
    (".scns", "annotated tomogram", "a project file of Ais-cryoET; this version does not look into it"),
    (
      ".scnmgroup", "group of networks",
      "names several networks with their settings; this version does not look into it"
    ),
    (".star", "STAR table", "coordinates or metadata (RELION, Warp); this version does not look into it"),
    (".cbox", "crYOLO boxes", "particle coordinates; this version does not look into it"),
    (".tbl", "Dynamo table", "particle coordinates; this version does not look into it"),
    (".mod", "IMOD model", "points and contours; this version does not look into it"),
    (".tlt", "tilt angles", "a text file with one angle a line"),
    (".xf", "IMOD transforms", "a text file with one alignment a line"),
    (".obj", "surface mesh", "Wavefront OBJ; open it with ChimeraX or Blender"),
    (".zarr", "Zarr store", "Zarr tomograms are not read; convert them to MRC"),
    (".eer", "EER movie", "a movie, not a tomogram: align and reconstruct it first"),
    (".mdoc", "SerialEM metadata", "a text file that describes a tilt series"),
  ]

  /// Endings of the files that a folder is searched for.
  private static let listed: Set<String> = [
    "mrc", "rec", "map", "st", "ali", "mrcs", "ccp4", "gz", "bz2", "tif", "tiff", "scnm", "h5", "hdf5", "scnt", "scns",
    "scnmgroup", "star", "cbox", "tbl", "mod", "obj", "eer",
  ]

  /// The files of this trade in a folder, in the order of their names; folders in it are not entered.
  package static func files(inFolder folder: String) throws(AisError) -> [String] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
      throw AisError(.fileSystem, "the folder '\(folder)' cannot be listed", cause: error)
    }
    let base = folder.hasSuffix("/") ? folder : folder + "/"
    return names.filter { !$0.hasPrefix(".") && listed.contains(($0 as NSString).pathExtension.lowercased()) }
      .sorted { $0.localizedStandardCompare($1) == .orderedAscending }
      .map { base + $0 }
      .filter { !isFolder($0) }
  }

  package static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}

extension FileDescription: Encodable {
  private enum Keys: String, CodingKey { case path, kind, tomogram, network, trainingSet, note, error, code }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(path, forKey: .path)
    switch content {
    case .tomogram(let tomogram):
      try container.encode("tomogram", forKey: .kind)
      try container.encode(tomogram, forKey: .tomogram)
    case .network(let network):
      try container.encode("network", forKey: .kind)
      try container.encode(network, forKey: .network)
    case .trainingSet(let set):
      try container.encode("training set", forKey: .kind)
      try container.encode(set, forKey: .trainingSet)
    case .other(let kind, let note):
      try container.encode(kind, forKey: .kind)
      try container.encode(note, forKey: .note)
    case .unreadable(let error):
      try container.encode("unreadable", forKey: .kind)
      try container.encode("\(error)", forKey: .error)
      try container.encode(error.code.rawValue, forKey: .code)
    }
  }
}
