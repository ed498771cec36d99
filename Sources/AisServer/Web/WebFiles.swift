import AisCore
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The page's own files.
package struct WebFiles: Sendable {
  let root: String

  /// The files that were built into the program's bundle, or a folder for those who work on the page.
  package init(root: String? = nil) throws(AisError) {
    let folder = root ?? Bundle.module.resourceURL?.appending(path: "Web").path
    guard let folder, let real = FolderRoots.realPath(folder),
      FileManager.default.fileExists(atPath: real + "/index.html")
    else {
      throw AisError(
        .notFound, "the page's files are not at '\(folder ?? "")': expected index.html there. Install the program again"
      )
    }
    guard FileManager.default.fileExists(atPath: real + "/vendor/complete") else {
      throw AisError(
        .notFound,
        "the page's files in '\(real)' lack the folder 'vendor'. 'make build' fetches it (Scripts/browser-files)")
    }
    self.root = real
  }

  private static let types = [
    "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
    "ttf": "font/ttf", "txt": "text/plain; charset=utf-8", "svg": "image/svg+xml", "png": "image/png",
    "json": "application/json",
  ]

  /// The page itself, for its address and those of its projects.
  func index(_ request: Request) throws -> Response { try file("index.html", request) }

  /// A file below the root, found by the address.
  func answer(_ request: Request) throws -> Response {
    guard let path = request.uri.path.removingPercentEncoding else { throw Self.nothing(request.uri.path) }
    return try file(String(path.drop { $0 == "/" }), request)
  }

  private func file(_ path: String, _ request: Request) throws -> Response {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.contains(where: { $0.isEmpty || $0.hasPrefix(".") || $0.utf8.contains(0) }),
      let type = Self.types[(path as NSString).pathExtension], let real = FolderRoots.realPath(root + "/" + path),
      real.hasPrefix(root + "/"), let data = FileManager.default.contents(atPath: real)
    else { throw Self.nothing(path) }
    let date = (try? FileManager.default.attributesOfItem(atPath: real)[.modificationDate] as? Date) ?? .distantPast
    let tag = "\"\(data.count)-\(Int(date.timeIntervalSince1970 * 1000))\""
    // Kept by the browser, and asked for each time: a newer program has newer files under the same names.
    var headers: HTTPFields = [.contentType: type, .cacheControl: "no-cache", .eTag: tag]
    if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
    headers[.contentLength] = String(data.count)
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
  }

  private static func nothing(_ path: String) -> AisError {
    AisError(.notFound, "'\(path)' is no file of the page")
  }
}
