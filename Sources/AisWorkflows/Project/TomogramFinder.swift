import AisCore
import AisFormats
import AisProject
import Foundation

/// Finds tomograms that were moved since their path was noted.
package struct TomogramFinder: Sendable {
  /// Folders under which a file may be, the likeliest first.
  package var folders: [String]

  /// - Parameters:
  ///   - home: the folder of the file that names tomograms: a project's, or that of a `.scns`.
  ///   - others: folders that the user named.
  package init(home: String, others: [String] = []) {
    let home = URL(filePath: home).standardizedFileURL
    folders = [home.path, FileManager.default.currentDirectoryPath]
    var ancestor = home
    while ancestor.path != "/" {
      ancestor.deleteLastPathComponent()
      folders.append(ancestor.path)
    }
    folders += others
  }

  /// The first file there is: at the path as noted, then at ever shorter ends of it, the longest first, under the folders in
  /// their order. Backslashes separate too, and drive letters do not count.
  package func find(_ noted: String) -> String? {
    candidates(noted).first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Where `find` looks.
  package func candidates(_ noted: String) -> [String] {
    var path = noted.replacing("\\", with: "/")
    if path.count >= 2, path.dropFirst().first == ":", path.first?.isLetter == true { path.removeFirst(2) }
    let parts = path.split(separator: "/").filter { $0 != "." }
    var result = noted.hasPrefix("/") ? [noted] : []
    for first in parts.indices {
      let end = parts[first...].joined(separator: "/")
      for folder in folders { result.append(folder == "/" ? "/" + end : folder + "/" + end) }
    }
    return result
  }

  /// The file of a version, with what is to be said about it.
  package func look(for reference: TomogramReference, in project: ProjectFolder) -> TomogramState {
    var noted = [reference.path]
    if let relative = reference.relativePath { noted.insert(project.absolutePath(of: relative), at: 0) }
    let path = noted.first { FileManager.default.fileExists(atPath: $0) } ?? find(reference.path)
    guard let path else { return .missing(looked: Array(Set(candidates(reference.path)).prefix(200)).count) }
    let found: TomogramReference
    do throws(AisError) { found = try TomogramReference(path, in: project) } catch { return .unreadable(path, error) }
    if !reference.sampleHash.isEmpty, found.sampleHash != reference.sampleHash || found.byteCount != reference.byteCount
    {
      return .changed(found)
    }
    if found.shape != reference.shape { return .changed(found) }
    return found.path == reference.path && found.relativePath == reference.relativePath
      ? .present(found) : .moved(found)
  }
}

/// What became of a tomogram's file.
package enum TomogramState: Sendable {
  /// Where it was, and the same.
  case present(TomogramReference)
  /// The same file at another place.
  case moved(TomogramReference)
  /// Another file at its place: never used unasked.
  case changed(TomogramReference)
  case unreadable(String, AisError)
  /// Not found at any of so many places.
  case missing(looked: Int)

  /// The file that may be used.
  package var usablePath: String? {
    switch self {
    case .present(let reference), .moved(let reference): reference.path
    case .changed, .unreadable, .missing: nil
    }
  }

  /// For programs.
  package var code: String {
    switch self {
    case .present: "present"
    case .moved: "moved"
    case .changed: "changed"
    case .unreadable: "unreadable"
    case .missing: "missing"
    }
  }
}

extension TomogramReference {
  /// What there is to note about a tomogram's file; reads its header and samples of its bytes.
  package init(_ path: String, in project: ProjectFolder, options: TomogramOptions = .init()) throws(AisError) {
    let absolute = URL(filePath: path).standardizedFileURL.path
    let tomogram = try Tomogram.open(absolute, options: options)
    let fingerprint = try InputFingerprint(absolute)
    self.init(
      path: absolute, relativePath: project.relativePath(to: absolute), byteCount: fingerprint.bytes,
      modified: fingerprint.modified, sampleHash: fingerprint.sampleHash, shape: tomogram.shape,
      voxelSize: tomogram.voxelSize)
  }

  /// The same for many files, which are waited for together; each is there or its error.
  package static func all(_ paths: [String], in project: ProjectFolder) -> [Result<TomogramReference, AisError>] {
    FarStorage.map(paths) { path in
      Result { () throws(AisError) -> TomogramReference in try TomogramReference(path, in: project) }
    }
  }

  /// A tomogram that nobody here has seen: its path and size as a file says them.
  init(unseen path: String, shape: Shape, voxelSize: VoxelSize?) {
    self.init(
      path: path, relativePath: nil, byteCount: 0, modified: 0, sampleHash: "", shape: shape, voxelSize: voxelSize)
  }
}
