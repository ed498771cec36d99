import AisCore
import AisFormats
import Foundation

/// The files that are to be brought into a project, each with what it is.
package struct ProjectInputs: Sendable {
  package enum Kind: String, Sendable { case annotatedDataset, volume, coordinates, library, tomogram }

  package struct File: Sendable {
    package var path: String
    package var kind: Kind
  }

  package private(set) var files: [File] = []

  /// Looks at names. Of folders all annotated datasets and volumes are taken; a tomogram whose annotated dataset is among the
  /// files comes with it.
  ///
  /// - Parameter isAnnotation: volumes are annotations whatever they are called.
  package init(_ inputs: [String], isAnnotation: Bool) throws(AisError) {
    let endings = InputKind.volumeEndings.union(["scns"])
    let lists: Set<String> = ["star", "txt", "tsv", "csv", "json", "ndjson", "mod", "tbl", "box", "cbox", "em"]
    for input in inputs {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: input, isDirectory: &isFolder) else {
        throw AisError(.notFound, "'\(input)' is not there. Expected a file or a folder")
      }
      let kind = InputKind.files("annotation or tomogram", endings: isFolder.boolValue ? endings : lists.union(endings))
      for path in try InputCollection([input], of: kind).paths {
        files.append(File(path: path, kind: Self.kind(path, isAnnotation: isAnnotation)))
      }
    }
    let annotated = Set(
      files.filter { $0.kind == .annotatedDataset }.map { OutputName.stem(of: $0.path) + " " + Self.folder($0.path) })
    files.removeAll {
      $0.kind == .tomogram && annotated.contains(OutputName.stem(of: $0.path) + " " + Self.folder($0.path))
    }
    // Tomograms first, so that annotations of them find their datasets.
    files =
      files.filter { $0.kind == .tomogram || $0.kind == .annotatedDataset }
      + files.filter { $0.kind != .tomogram && $0.kind != .annotatedDataset }
  }

  private static func folder(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.deletingLastPathComponent().path
  }

  private static func kind(_ path: String, isAnnotation: Bool) -> Kind {
    var name = (path as NSString).lastPathComponent.lowercased()
    for ending in [".gz", ".bz2"] where name.hasSuffix(ending) { name = String(name.dropLast(ending.count)) }
    let ending = (name as NSString).pathExtension
    if ending == "scns" { return .annotatedDataset }
    if InputKind.volumeEndings.contains(ending) {
      return isAnnotation || OutputName.stem(of: path).contains("__") ? .volume : .tomogram
    }
    return isLibrary(path) ? .library : .coordinates
  }

  /// The reference's library is JSON in a file `feature_library.txt`; lists of coordinates in text begin with numbers.
  private static func isLibrary(_ path: String) -> Bool {
    guard path.lowercased().hasSuffix(".txt"), let file = try? RandomAccessFile(path),
      let head = try? file.bytes(0..<min(file.byteCount, 4096))
    else { return false }
    let first = head.first { ![0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }
    return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
  }
}
