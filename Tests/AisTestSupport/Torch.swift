import AisNetworks
import Foundation
import Testing

/// libtorch in the process of the tests, where 'make torch' has set it up.
package enum Torch {
  /// The program that lies beside the tests, or would.
  package static let program = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "ais").path

  package static let installation = try? TorchInstallation.find(program: program)
  package static var isSetUp: Bool { installation != nil }

  /// Opened once. Its gradients are switched by thread, so tests that need them switch them themselves.
  nonisolated(unsafe) private static var opened: TorchLibrary?
  private static let lock = NSLock()

  package static func library() throws -> TorchLibrary {
    try lock.withLock {
      if let opened { return opened }
      let library = try TorchLibrary(TorchInstallation.find(program: program))
      opened = library
      return library
    }
  }
}

/// Holds a test back while another one with this trait runs, whatever suite that is in: the memory budget, the seeds and the
/// threads of libtorch are the process's.
package struct AloneWithTorch: SuiteTrait, TestTrait, TestScoping {
  package let isRecursive = true

  package init() {}

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    await Turn.shared.take()
    do {
      try await function()
    } catch {
      await Turn.shared.pass()
      throw error
    }
    await Turn.shared.pass()
  }
}

extension Trait where Self == AloneWithTorch {
  package static var aloneWithTorch: Self { Self() }
}

/// One place, given to those who wait in the order in which they came.
private actor Turn {
  static let shared = Turn()

  private var isTaken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func take() async {
    if !isTaken {
      isTaken = true
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func pass() {
    if waiting.isEmpty {
      isTaken = false
    } else {
      waiting.removeFirst().resume()
    }
  }
}
