import Foundation

/// A fresh folder of one test, removed with everything in it when the test lets go of it.
package final class TemporaryFolder: Sendable {
  package let root: String

  package init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "ais-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    root = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// The path of a file in the folder.
  package func path(_ name: String) -> String { root + "/" + name }

  /// The names in the folder, hidden ones too.
  package var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted() }
}
