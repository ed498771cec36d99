import AisNetworks
import Foundation
import Synchronization
import Testing

/// All tests that train, one after another: seeds and threads of libtorch are the process's.
@Suite(.serialized, .enabled(if: Torch.isSetUp, "libtorch is not set up: 'make torch'"))
struct TrainingTests {}

/// libtorch in the process of the tests, where 'make torch' has set it up.
enum Torch {
  /// The program that lies beside the tests, or would.
  static let program = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "ais").path

  static var isSetUp: Bool { (try? TorchInstallation.find(program: program)) != nil }

  /// Opened once; the suite above uses it from one thread at a time.
  nonisolated(unsafe) private static var opened: TorchLibrary?
  private static let lock = Mutex(())

  static func library() throws -> TorchLibrary {
    try lock.withLock { _ in
      if let opened { return opened }
      let library = try TorchLibrary(TorchInstallation.find(program: program))
      opened = library
      return library
    }
  }
}
