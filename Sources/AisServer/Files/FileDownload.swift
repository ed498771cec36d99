import AisCore
import AisFormats
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Hands out a file in pieces, however large it is.
struct FileDownload: Sendable {
  private static let piece = 1 << 20

  /// - Parameter path: without links, and allowed.
  static func response(_ path: String) async throws -> Response {
    let file = try await onDisk { () throws -> RandomAccessFile in
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
        throw AisError(.usage, "'\(path)' is no file that can be sent")
      }
      return try RandomAccessFile(path)
    }
    let name = (path as NSString).lastPathComponent
    let headers: HTTPFields = [
      .contentType: "application/octet-stream", .cacheControl: "no-store",
      .contentDisposition: "attachment; filename*=UTF-8''\(escaped(name))",
    ]
    let body = ResponseBody(contentLength: file.byteCount) { writer in
      var start = 0
      while start < file.byteCount {
        let range = start..<min(start + piece, file.byteCount)
        // A file that shrinks ends the connection: the receiver sees that bytes are missing.
        let bytes = try await onDisk { try file.bytes(range) }
        try await writer.write(ByteBuffer(bytes: bytes))
        start = range.upperBound
      }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: headers, body: body)
  }

  static func escaped(_ name: String) -> String {
    let safe = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
    return name.addingPercentEncoding(withAllowedCharacters: safe) ?? "file"
  }
}
