import Foundation

/// Where test files are.
package enum Fixtures {
  /// The root of the checkout.
  package static let repository = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Files kept in the repository for the demo and tests.
  package static let examples = repository.appending(path: "Examples")

  /// Small files with known answers, kept in the repository.
  package static let kept = repository.appending(path: "Tests/Fixtures")

  /// Other people's files, beside the checkout when present; tests that need them are skipped, visibly, when missing.
  package static let shared = repository.deletingLastPathComponent().appending(path: "shared/data")

  package static var hasShared: Bool { FileManager.default.fileExists(atPath: shared.path) }
}
