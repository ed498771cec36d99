import AisCore
import AisFormats
import Foundation
import Synchronization

/// The folders that the page may look into. Symbolic links are followed first: what counts is where a path leads.
package final class FolderRoots: Sendable {
  /// Real paths, without a slash at the end.
  private let folders: Mutex<[String]>

  package init(_ paths: [String]) {
    var real: [String] = []
    for path in paths.compactMap({ Self.realPath($0) }) where !real.contains(path) { real.append(path) }
    folders = Mutex(real)
  }

  package var all: [String] { folders.withLock { $0 } }

  /// Adds a folder. Throws `not-found` when there is none.
  package func add(_ path: String) throws(AisError) -> String {
    var isFolder: ObjCBool = false
    guard path.hasPrefix("/"), let real = Self.realPath(path),
      FileManager.default.fileExists(atPath: real, isDirectory: &isFolder), isFolder.boolValue
    else { throw AisError(.notFound, "'\(path)' is not there, or is no folder") }
    folders.withLock { if !$0.contains(real) { $0.append(real) } }
    return real
  }

  /// Where a path leads, inside the folders.
  ///
  /// - Throws: `not-found`; `outside-roots` with the remedy to add the folder, for targets elsewhere.
  package func resolve(_ path: String) throws -> String {
    guard path.hasPrefix("/"), !path.utf8.contains(0) else {
      throw AisError(.usage, "'\(path)' is no path from the root of the machine")
    }
    // Outside, it is not even said whether something is there, except where the way leads.
    guard let real = Self.realPath(path) else {
      let parent = (path as NSString).deletingLastPathComponent
      guard let folder = Self.realPath(parent), contains(folder) else { throw outside(path, path) }
      throw AisError(.notFound, "'\(path)' is not there")
    }
    guard contains(real) else { throw outside(path, real) }
    return real
  }

  func contains(_ real: String) -> Bool {
    folders.withLock { $0.contains { $0 == "/" || real == $0 || real.hasPrefix($0 + "/") } }
  }

  private func outside(_ path: String, _ real: String) -> Refusal {
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: real, isDirectory: &isFolder)
    let folder = isThere && isFolder.boolValue ? real : (real as NSString).deletingLastPathComponent
    let way = real == path ? "" : " It leads to '\(real)'."
    return Refusal(
      AisError(.outsideRoots, "'\(path)' lies outside the folders that Ais was given.\(way)"),
      remedy: .object([
        "kind": .string("add-root"), "path": .string(folder), "title": .string("Add the folder \(folder)"),
      ]))
  }

  /// The path without links (realpath(3)); `nil` when nothing is there.
  static func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
