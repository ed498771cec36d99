import AisCore
import AisFormats
import AisServer
import AisTestSupport
import Foundation
import Logging
import Synchronization
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

@Suite("The server over loopback", .serialized)
struct ServerTests {
  /// A server with a project of one small tomogram, for the time of `body`.
  private func serve(_ body: @escaping @Sendable (Client) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let web = folder.root + "/web"
    try FileManager.default.createDirectory(atPath: web + "/vendor", withIntermediateDirectories: true)
    try Data("<!doctype html>".utf8).write(to: URL(filePath: web + "/index.html"))
    try Data().write(to: URL(filePath: web + "/vendor/complete"))
    try SliceFixture.write(
      SliceFixture.volume(Shape(z: 4, y: 20, x: 30), seed: 1), .float32, to: folder.root + "/T.mrc")
    var settings = AppSettings(
      hosts: HostRules(allowing: []), roots: [folder.root], token: AccessToken(), author: "Anna",
      stateFolder: folder.root + "/state", dataFolder: folder.root + "/data", threads: 2, memoryBytes: 1 << 30)
    settings.webRoot = web
    let server = try AppServer(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let key = try await server.open([folder.root + "/T.mrc"], creates: true)
    let (ports, source) = AsyncStream<Int>.makeStream()
    let running = Task { try await server.run(port: 0, stopsOnSignals: false) { source.yield($0) } }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    let client = Client(port: port, token: settings.token.text, project: "/api/projects/\(key)")
    do { try await body(client) } catch {
      running.cancel()
      _ = try? await running.value
      throw error
    }
    running.cancel()
    #expect(try await running.value.sentence == nil)
    // The project is free again, and its log folded in.
    let project = folder.root + "/" + (folder.root as NSString).lastPathComponent + ".ais"
    #expect(!FileManager.default.fileExists(atPath: project + "/lease.json"))
  }

  struct Client: Sendable {
    let port: Int
    let token: String
    let project: String

    func ask(
      _ path: String, _ body: String? = nil, headers: [String: String] = [:], isSigned: Bool = true
    ) async throws -> (status: Int, json: JSONValue?) {
      var request = URLRequest(url: URL(string: "http://127.0.0.1:\(port)\(path)")!)
      if let body {
        request.httpMethod = "POST"
        request.httpBody = Data(body.utf8)
      }
      if isSigned { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
      for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
      let (data, response) = try await URLSession.shared.data(for: request)
      return ((response as! HTTPURLResponse).statusCode, try? JSONValue(parsing: Array(data), name: path))
    }
  }

  @Test("without the token nothing is answered, with it the project is")
  func access() async throws {
    try await serve { client in
      #expect(try await client.ask("/api/session", isSigned: false).status == 401)
      #expect(try await client.ask(client.project, isSigned: false).status == 401)
      #expect(try await client.ask("/", isSigned: false).status == 401)
      let state = try await client.ask(client.project)
      #expect(state.status == 200)
      #expect(state.json?["datasets"]?.array?.first?["shape"]?["x"]?.integer == 30)
      #expect(try await client.ask("/api/nothing").status == 404)
      let foreign = ["Origin": "https://evil.example"]
      #expect(try await client.ask("/api/open", "{}", headers: foreign).status == 403)
    }
  }

  @Test("an edit is answered with its line, once, and undone once")
  func edits() async throws {
    try await serve { client in
      let edit = #"{"id": "a", "edits": [{"kind": "create-feature", "title": "Membrane"}]}"#
      let first = try await client.ask(client.project + "/edits", edit, headers: ["X-Ais-Author": "B%C3%A9la"])
      let again = try await client.ask(client.project + "/edits", edit)
      #expect(first.status == 200 && first.json == again.json)
      #expect(first.json?["entry"]?["author"]?.string == "Béla")
      let undo = try await client.ask(
        client.project + "/undo", #"{"id": "u"}"#, headers: ["X-Ais-Author": "B%C3%A9la"])
      #expect(undo.json?["entry"]?["target"] == first.json?["entry"]?["sequence"])
      #expect(try await client.ask(client.project).json?["features"]?.array?.isEmpty == true)
      let nothing = try await client.ask(client.project + "/undo", "{}", headers: ["X-Ais-Author": "Nobody"])
      #expect(nothing.status == 200 && nothing.json?["entry"]?.isNull == true)
      let wrong = try await client.ask(client.project + "/edits", #"{"edits": [{"kind": "paint"}]}"#)
      #expect(wrong.status == 400 && wrong.json?["schema"]?.string == "ais.error/1")
    }
  }

  @Test("a stream brings the lines after the one that is known, and new ones as they are made")
  func events() async throws {
    try await serve { client in
      _ = try await client.ask(
        client.project + "/edits", #"{"edits": [{"kind": "create-feature", "title": "A"}]}"#)
      var request = URLRequest(url: URL(string: "http://127.0.0.1:\(client.port)\(client.project)/events?after=1")!)
      request.setValue("Bearer \(client.token)", forHTTPHeaderField: "Authorization")
      let lines = StreamLines()
      let session = URLSession(configuration: .ephemeral, delegate: lines, delegateQueue: nil)
      let task = session.dataTask(with: request)
      task.resume()
      await lines.wait { $0.contains("id: 2\nevent: entry\n") }
      _ = try await client.ask(
        client.project + "/edits", #"{"edits": [{"kind": "create-feature", "title": "B"}]}"#)
      await lines.wait { $0.contains("id: 3\nevent: entry\n") }
      #expect(!lines.text.contains("id: 1\n") && lines.text.contains("event: presence\n"))
      task.cancel()
      session.invalidateAndCancel()
    }
  }
}

/// Gathers what a stream sends, and wakes who waits for something in it.
private final class StreamLines: NSObject, URLSessionDataDelegate, Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var waiting: (test: @Sendable (String) -> Bool, continuation: CheckedContinuation<Void, Never>)?
  }

  private let state = Mutex(State())
  var text: String { String(decoding: state.withLock { $0.bytes }, as: UTF8.self) }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
      state.bytes += data
      guard let waiting = state.waiting, waiting.test(String(decoding: state.bytes, as: UTF8.self)) else { return nil }
      state.waiting = nil
      return waiting.continuation
    }
    continuation?.resume()
  }

  func wait(_ test: @escaping @Sendable (String) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if test(String(decoding: state.bytes, as: UTF8.self)) { return true }
        state.waiting = (test, continuation)
        return false
      }
      if isThere { continuation.resume() }
    }
  }
}
