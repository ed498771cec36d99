import AisCore
import AisFormats
import Foundation

/// The places in a project's folder `NAME.ais`.
package struct ProjectFolder: Sendable, Hashable {
  /// Absolute, without links.
  package let path: String

  package init(_ path: String) {
    self.path = URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }

  /// The project's name: the folder's without its ending.
  package var name: String {
    let last = (path as NSString).lastPathComponent
    return last.hasSuffix(".ais") ? String(last.dropLast(4)) : last
  }

  package var databasePath: String { path + "/project.sqlite" }
  /// What can be made again at any time: thumbnails, pyramids.
  package var cachePath: String { path + "/cache" }

  /// Whether there is a project.
  package var exists: Bool { FileManager.default.fileExists(atPath: databasePath) }

  /// Makes the folder of a new project. Throws `usage` when something is there already.
  func make() throws(AisError) {
    guard path.hasSuffix(".ais"), !name.isEmpty else {
      throw AisError(.usage, "'\(path)' is no name for a project: expected a folder that ends in '.ais'")
    }
    if exists { throw AisError(.usage, "'\(path)' is a project already. Open it, or choose another name") }
    let isThere = FileManager.default.fileExists(atPath: path)
    if isThere, !((try? FolderListing.names(in: path)) ?? ["?"]).isEmpty {
      throw AisError(.usage, "'\(path)' is there already and holds other things. Choose another name")
    }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    } catch {
      if isThere { return }
      throw AisError(
        .fileSystem, "the project's folder '\(path)' cannot be made: \(error.localizedDescription)")
    }
  }

  /// The way from the folder to a file, for when both are moved together; `nil` for the root's own folders.
  package func relativePath(to file: String) -> String? {
    let from = path.split(separator: "/")
    let to = URL(filePath: file).standardizedFileURL.path.split(separator: "/")
    let common = zip(from, to).prefix { $0 == $1 }.count
    guard common > 0 else { return nil }
    return (Array(repeating: "..", count: from.count - common) + to.dropFirst(common)).joined(separator: "/")
  }

  /// Where a relative path leads.
  package func absolutePath(of relativePath: String) -> String {
    URL(filePath: path + "/" + relativePath).standardizedFileURL.path
  }
}
