import AisCore
import AisFormats
import Foundation

/// The files that files, folders, patterns and lists on a command line stand for: each once, in the order given.
package struct InputCollection: Sendable {
  package var paths: [String] = []
  /// Files of folders that end as they should and are not what is wanted: for tomograms, their segmentations.
  package var passedOver: [String] = []

  private let kind: InputKind
  private var seen: Set<String> = []

  /// Throws `not-found` for what is not there, and for folders, patterns and lists that hold nothing.
  package init(_ inputs: [String], of kind: InputKind = .tomograms) throws(AisError) {
    self.kind = kind
    for input in inputs {
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: input, isDirectory: &isFolder) {
        if isFolder.boolValue {
          try add(folder: input)
        } else if kind.readsLists, (input as NSString).pathExtension.lowercased() == "txt" {
          try add(list: input)
        } else {
          add(input)
        }
      } else if input.contains(where: { "*?[".contains($0) }) {
        try add(pattern: input)
      } else {
        let list = kind.readsLists ? " or a .txt list" : ""
        throw AisError(
          .notFound, "'\(input)' is not there. Expected \(kind.withArticle), a folder, a pattern\(list)")
      }
    }
  }

  private mutating func add(_ path: String) {
    let canonical = URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
    if seen.insert(canonical).inserted { paths.append(path) }
  }

  private mutating func add(folder: String) throws(AisError) {
    let names = try FolderListing.names(in: folder).filter(kind.fits)
    let stems = Set(names.map(OutputName.stem(of:)))
    let base = folder.hasSuffix("/") ? folder : folder + "/"
    var found = 0
    for name in names {
      guard kind.takes(name, in: base, stems: stems) else {
        passedOver.append(base + name)
        continue
      }
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: base + name, isDirectory: &isFolder), !isFolder.boolValue else {
        continue
      }
      add(base + name)
      found += 1
    }
    if found == 0 { throw nothing(in: folder, passedOver: names.isEmpty ? 0 : names.count) }
  }

  /// The error for a folder without a single file of the kind, `count` of which ended right.
  private func nothing(in folder: String, passedOver count: Int) -> AisError {
    let expected =
      "files ending in " + kind.endings.sorted().map { ".\($0)" }.joined(separator: ", ") + ", perhaps with .gz or .bz2"
    switch kind.rule {
    case .tomograms where count > 0:
      return AisError(
        .notFound, "the folder '\(folder)' holds no \(kind.noun), only segmentations. Expected \(expected)")
    case .segmentations(let feature?):
      return AisError(
        .notFound,
        "the folder '\(folder)' holds no segmentation of '\(feature)'. Expected files named <tomogram>__\(feature).mrc")
    case .segmentations(nil):
      return AisError(
        .notFound,
        "the folder '\(folder)' holds no \(kind.noun). Expected files named <tomogram>__<feature>.mrc; a file with "
          + "another name can be given itself")
    default:
      return AisError(.notFound, "the folder '\(folder)' holds no \(kind.noun). Expected \(expected)")
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

  /// One path a line; blank lines and those that start with # are passed over. Relative paths count from the
  /// current folder, or else from the list's.
  private mutating func add(list: String) throws(AisError) {
    let bytes = try RandomAccessFile(list).contents(limit: 64 << 20)
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    if lines.isEmpty { throw AisError(.notFound, "the list '\(list)' names no \(kind.noun). Expected one path a line") }
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
}
