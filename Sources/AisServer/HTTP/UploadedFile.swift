import AisCore
import Foundation
import Hummingbird
import NIOCore

extension AppRequest {
  static let largestUpload = 1 << 30

  /// Writes the body into a file of its own under `folder`, has `body` read it, and removes it.
  ///
  /// - Parameter name: of the file, without folders.
  func withUpload<Value: Sendable>(
    into folder: String, name: String, _ body: @escaping @Sendable (String) throws -> Value
  ) async throws -> Value {
    guard !name.isEmpty, !name.contains("/"), !name.hasPrefix("."), !name.utf8.contains(0), name.utf8.count < 200 else {
      throw AisError(.usage, "'\(name)' is no name of a file: the address needs 'name'")
    }
    let own = folder + "/.upload-\(UUID().uuidString)"
    let path = own + "/" + name
    defer { try? FileManager.default.removeItem(atPath: own) }
    let handle = try await onDisk { () throws -> FileHandle in
      try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
      guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path)
      else { throw AisError(.fileSystem, "'\(path)' cannot be written. Look at the disk and the folder's permissions") }
      return handle
    }
    defer { try? handle.close() }
    let end = ContinuousClock.now + Self.patience * 5
    var count = 0
    var waiting: [UInt8] = []
    for try await part in request.body {
      count += part.readableBytes
      guard count <= Self.largestUpload else {
        throw AisError(
          .limitExceeded, "'\(name)' is larger than \(Self.largestUpload >> 30) GiB, the most that is taken")
      }
      guard ContinuousClock.now < end else {
        throw Refusal(AisError(.limitExceeded, "'\(name)' did not arrive in time"), status: .requestTimeout)
      }
      waiting += part.readableBytesView
      if waiting.count >= 1 << 22 {
        let bytes = waiting
        waiting = []
        try await onDisk { try handle.write(contentsOf: bytes) }
      }
    }
    let rest = waiting
    return try await onDisk {
      try handle.write(contentsOf: rest)
      return try body(path)
    }
  }
}
