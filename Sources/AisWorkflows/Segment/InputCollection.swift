import AisCore
import AisFormats
import Foundation

/// The tomograms that files, folders, patterns and lists on a command line stand for: each once, in the order given.
package struct InputCollection: Sendable {
  package var paths: [String] = []
  /// Segmentations that lay in a folder and were passed over.
  package var skippedSegmentations: [String] = []

  /// Endings of tomograms that a folder is searched for. Tilt stacks and particle stacks are not tomograms.
  static let endings: Set<String> = ["mrc", "rec", "map", "ccp4", "tif", "tiff"]

  private var seen: Set<String> = []

  /// Throws `not-found` for what is not there, and for folders, patterns and lists that hold nothing.
  package init(_ inputs: [String]) throws(AisError) {
    for input in inputs {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: input, isDirectory: &isFolder) {
        if isFolder.boolValue {
          try add(folder: input)
        } else if (input as NSString).pathExtension.lowercased() == "txt" {
          try add(list: input)
        } else {
          add(input)
        }
      } else if input.contains(where: { "*?[".contains($0) }) {
        try add(pattern: input)
      } else {
        throw AisError(.notFound, "'\(input)' is not there. Expected a tomogram, a folder, a pattern or a .txt list")
      }
    }
  }

  private mutating func add(_ path: String) {
    let canonical = URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
    if seen.insert(canonical).inserted { paths.append(path) }
  }

  private mutating func add(folder: String) throws(AisError) {
    let names = try FolderListing.names(in: folder).filter {
      !$0.hasPrefix(".") && Self.endings.contains(Self.ending(of: $0))
    }
    let stems = Set(names.map(OutputName.stem(of:)))
    let base = folder.hasSuffix("/") ? folder : folder + "/"
    var found = 0
    for name in names {
      let stem = OutputName.stem(of: name)
      // `T__Membrane.mrc` beside `T.mrc`, or beside the account of how it was made, is a segmentation and not one more
      // tomogram.
      if let range = stem.range(of: "__"),
        stems.contains(String(stem[..<range.lowerBound]))
          || FileManager.default.fileExists(atPath: base + stem + ".json")
      {
        skippedSegmentations.append(base + name)
        continue
      }
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: base + name, isDirectory: &isFolder), !isFolder.boolValue else {
        continue
      }
      add(base + name)
      found += 1
    }
    if found == 0 {
      let isAllSegmentations = !names.isEmpty
      throw AisError(
        .notFound,
        "the folder '\(folder)' holds no tomogram\(isAllSegmentations ? ", only segmentations" : ""). Expected files ending in "
          + Self.endings.sorted().map { ".\($0)" }.joined(separator: ", ") + ", perhaps with .gz or .bz2")
    }
  }

  private mutating func add(pattern: String) throws(AisError) {
    var result = glob_t()
    defer { globfree(&result) }
    let status = glob(pattern, 0, nil, &result)
    guard status == 0, result.gl_pathc > 0 else {
      throw AisError(.notFound, "no file matches the pattern '\(pattern)'")
    }
    for index in 0..<Int(result.gl_pathc) {
      if let path = result.gl_pathv[index] { add(String(cString: path)) }
    }
  }

  /// One tomogram a line; blank lines and those that start with # are passed over. Relative paths count from the
  /// current folder, or else from the list's.
  private mutating func add(list: String) throws(AisError) {
    let bytes = try RandomAccessFile(list).contents(limit: 64 << 20)
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    if lines.isEmpty { throw AisError(.notFound, "the list '\(list)' names no tomogram. Expected one path a line") }
    let folder = (list as NSString).deletingLastPathComponent
    for line in lines {
      let beside = folder.isEmpty ? line : folder + "/" + line
      let path = !line.hasPrefix("/") && !FileManager.default.fileExists(atPath: line) ? beside : line
      guard FileManager.default.fileExists(atPath: path) else {
        throw AisError(.notFound, "the list '\(list)' names '\(line)', which is not there")
      }
      add(path)
    }
  }

  /// The ending, of compressed files the one before `.gz` or `.bz2`.
  private static func ending(of name: String) -> String {
    let name = name.lowercased() as NSString
    let ending = name.pathExtension
    guard ending == "gz" || ending == "bz2" else { return ending }
    return (name.deletingPathExtension as NSString).pathExtension
  }
}
