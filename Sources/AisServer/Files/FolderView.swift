import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// What is in a folder, as the page's file browser shows it.
struct FolderView: Sendable {
  let roots: FolderRoots

  /// Folders with more entries are shown in part; no person scrolls through more.
  static let most = 5000

  /// Folders first, then files, each in the order of names with numbers in them. Hidden ones are left out. Blocks.
  func json(_ path: String) throws -> JSONValue {
    let real = try roots.resolve(path)
    var names = try FolderListing.names(in: real).filter { !$0.hasPrefix(".") }
    let count = names.count
    names.sort { $0.compare($1, options: [.numeric, .caseInsensitive]) == .orderedAscending }
    let entries = names.prefix(Self.most).compactMap { entry($0, in: real) }
    let parent = (real as NSString).deletingLastPathComponent
    return .object([
      "path": .string(real), "parent": real != "/" && roots.contains(parent) ? .string(parent) : .null,
      "isComplete": .bool(count <= Self.most),
      "entries": .array(
        (entries.filter { $0["isFolder"]?.bool == true } + entries.filter { $0["isFolder"]?.bool != true })),
    ])
  }

  /// Links are shown as what they lead to; those that lead nowhere are left out.
  private func entry(_ name: String, in folder: String) -> JSONValue? {
    let path = folder == "/" ? "/" + name : folder + "/" + name
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    guard isFolder || status.st_mode & S_IFMT == S_IFREG else { return nil }
    return .object([
      "name": .string(name), "path": .string(path), "isFolder": .bool(isFolder),
      "byteCount": isFolder ? .null : .number(Int(status.st_size)),
      "modified": .number(Double(status.st_mtim.tv_sec) * 1000), "kind": .string(kind(path, isFolder: isFolder)),
    ])
  }

  private func kind(_ path: String, isFolder: Bool) -> String {
    if isFolder { return path.hasSuffix(".ais") && ProjectFolder(path).exists ? "project" : "folder" }
    var name = path.lowercased()
    for ending in [".gz", ".bz2"] where name.hasSuffix(ending) { name = String(name.dropLast(ending.count)) }
    let ending = (name as NSString).pathExtension
    if InputKind.volumeEndings.contains(ending) { return "tomogram" }
    return ["scns", "star", "txt", "tbl", "mod", "csv"].contains(ending) ? "annotations" : "other"
  }
}
