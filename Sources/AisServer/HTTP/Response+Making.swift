import AisFormats
import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
  /// A JSON document. Answers of the interface are never kept by browsers.
  static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
    .text(value.text, type: "application/json", status: status)
  }

  static func text(_ text: String, type: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: type, .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  static func octets(_ bytes: [UInt8], type: String = "application/octet-stream", _ headers: HTTPFields = [:])
    -> Response
  {
    var response = Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    response.headers[.contentType] = type
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    return response
  }

  /// A file that the browser saves.
  static func file(_ bytes: [UInt8], name: String) -> Response {
    .octets(bytes, [.contentDisposition: "attachment; filename*=UTF-8''\(FileDownload.escaped(name))"])
  }
}

extension HTTPField.Name {
  static let aisAuthor = Self("X-Ais-Author")!
  static let aisClient = Self("X-Ais-Client")!
  static let aisHeight = Self("X-Ais-Height")!
  static let aisWidth = Self("X-Ais-Width")!
  static let aisOffset = Self("X-Ais-Offset")!
  static let aisStep = Self("X-Ais-Step")!
  static let aisSketch = Self("X-Ais-Sketch")!
  static let aisSequence = Self("X-Ais-Sequence")!
  static let aisY = Self("X-Ais-Y")!
  static let aisX = Self("X-Ais-X")!
  static let aisSeconds = Self("X-Ais-Seconds")!
  static let aisVersion = Self("X-Ais-Version")!
  static let secFetchSite = Self("Sec-Fetch-Site")!
}
