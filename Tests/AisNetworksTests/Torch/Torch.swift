import AisNetworks
import Foundation
import Testing

/// All tests of libtorch in this process, one after another: its memory budget and its seeds are the process's.
@Suite(.serialized, .enabled(if: Torch.isSetUp, "libtorch is not set up: 'make torch'"))
struct TorchTests {}

/// libtorch in the process of the tests, where 'make torch' has set it up.
enum Torch {
  /// The program that lies beside the tests, or would.
  static let program = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "ais").path

  static let installation = try? TorchInstallation.find(program: program)
  static var isSetUp: Bool { installation != nil }

  /// Opened once. Its gradients are switched by thread, so tests that need them switch them themselves.
  nonisolated(unsafe) private static var opened: TorchLibrary?
  private static let lock = NSLock()

  static func library() throws -> TorchLibrary {
    try lock.withLock {
      if let opened { return opened }
      let library = try TorchLibrary(TorchInstallation.find(program: program))
      opened = library
      return library
    }
  }
}
