import AisCore
import AisFormats
import AisProject
import Foundation
import Synchronization

/// The projects that were open lately, in a file of the user's: the page's first screen shows them.
final class RecentProjects: Sendable {
  struct Item: Codable, Sendable {
    var path: String
    var name: String
    /// Milliseconds since 1970.
    var opened: Double
    var datasets: Int
  }

  private struct Document: Codable {
    var schema = "ais.recent/1"
    var projects: [Item]
  }

  private static let most = 50
  private let path: String
  private let items: Mutex<[Item]>

  /// - Parameter folder: where the file lies; it is made when there is something to write.
  init(folder: String) {
    path = folder + "/recent.json"
    let bytes = try? RandomAccessFile(path).contents(limit: 1 << 20)
    // A list that cannot be read is a list that is begun anew: it is a convenience, not work.
    let document = bytes.flatMap { try? JSONDecoder().decode(Document.self, from: Data($0)) }
    items = Mutex(document?.projects ?? [])
  }

  var all: [Item] { items.withLock { $0 } }

  /// Puts a project at the head of the list.
  func note(_ project: Project) {
    let item = Item(
      path: project.folder.path, name: project.folder.name, opened: (Date().timeIntervalSince1970 * 1000).rounded(),
      datasets: (try? project.datasets().count) ?? 0)
    write { items in items = Array(([item] + items.filter { $0.path != item.path }).prefix(Self.most)) }
  }

  /// Takes a project out of the list.
  func forget(_ path: String) { write { $0.removeAll { $0.path == path } } }

  private func write(_ change: (inout [Item]) -> Void) {
    let list = items.withLock { items in
      change(&items)
      return items
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(Document(projects: list)) else { return }
    let folder = (path as NSString).deletingLastPathComponent
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try? AtomicFile.write(Array(data), to: path)
  }

  var json: JSONValue {
    .array(
      all.map { item in
        .object([
          "path": .string(item.path), "name": .string(item.name), "opened": .number(item.opened),
          "datasets": .number(item.datasets), "isThere": .bool(ProjectFolder(item.path).exists),
        ])
      })
  }
}
