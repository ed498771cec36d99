import AisCore
import AisFormats
import AisProject
import Hummingbird
import NIOCore

/// Server-sent events of one page: every line of the journal from a number on, and what the notice board says.
///
/// Nothing is queued for a page: lines are read from the journal as the page takes them, so that a slow one costs nothing and
/// one that comes back misses nothing.
struct EventStream: Sendable {
  let project: OpenProject
  /// The number of the last line that the page has.
  var sequence: Int64
  let client: String
  /// What the page was asked to show while it was away, if anything.
  var missed: JSONValue?

  /// Silence after which a comment is sent, so that proxies and page see that the line is alive.
  static let heartbeat = Duration.seconds(15)

  func write(to writer: inout any ResponseBodyWriter) async throws {
    var sequence = sequence
    // Who is there is said at once; jobs are asked for by the page itself.
    var seen = project.board.generation
    let shown = missed.map { Self.event("show", $0.text) } ?? ""
    try await writer.write(ByteBuffer(string: ": Ais\n\n" + Self.event("presence", project.presence.json.text) + shown))
    while !Task.isCancelled, !project.board.isClosed {
      let (notices, generation) = project.board.news(after: seen)
      var text = notices.map { Self.event($0.event, $0.data) }.joined()
      let last = sequence
      let lines = try await project.session.run { (project) throws(AisError) in
        try project.entries(after: last, limit: 200)
      }
      for line in lines {
        text += "id: \(line.sequence)\n" + Self.event("entry", try line.json())
        sequence = line.sequence
      }
      seen = generation
      if text.isEmpty {
        await project.board.wait(after: seen, for: Self.heartbeat)
        if project.board.generation == seen, !project.board.isClosed, !Task.isCancelled { text = ":\n\n" }
      }
      if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
    }
  }

  private static func event(_ name: String, _ data: String) -> String { "event: \(name)\ndata: \(data)\n\n" }
}
