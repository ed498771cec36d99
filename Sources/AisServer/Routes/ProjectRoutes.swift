import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation
import HTTPTypes
import Hummingbird

/// A project as a whole: its state, what happens in it, who is there.
enum ProjectRoutes {
  static let all: [APIRoute] = [
    .get("/api/projects/{project}") { asked in
      let project = try await asked.project()
      let author = asked.author.name
      let people = project.presence.people
      return .json(
        try await project.session.run { (store) throws(AisError) in
          try ProjectDocument(store, versions: project.versions).snapshot(
            author: author, people: people, models: try project.modelDocument.members(store))
        })
    },
    .get("/api/projects/{project}/history") { asked in
      let project = try await asked.project()
      let before = try asked.queryNumber("before").map(Int64.init) ?? .max
      let limit = min(max(try asked.queryNumber("limit") ?? 100, 1), 1000)
      let dataset = try asked.queryNumber("dataset").map(Int64.init)
      let author = asked.query("author")
      let entries = try await project.session.run { (store) throws(AisError) in
        try store.history(before: before, author: author, dataset: dataset, limit: limit)
      }
      return try lines(entries)
    },
    .get("/api/projects/{project}/entries") { asked in
      let project = try await asked.project()
      let after = try asked.queryNumber("after").map(Int64.init) ?? 0
      let limit = min(max(try asked.queryNumber("limit") ?? 200, 1), 1000)
      return try lines(
        try await project.session.run { (store) throws(AisError) in try store.entries(after: after, limit: limit) })
    },
    .get("/api/projects/{project}/events") { asked in
      let project = try await asked.project()
      // The browser's own word on where it stopped counts more than the address, which is that of the first time.
      let resumed = asked.request.headers[HTTPField.Name("Last-Event-ID")!].flatMap { Int64($0) }
      let asking = try asked.queryNumber("after").map(Int64.init)
      let latest = try await project.session.run { (store) throws(AisError) in try store.lastSequence() }
      let stream = EventStream(project: project, sequence: resumed ?? asking ?? latest, client: asked.client)
      let name = asked.author.name
      let body = asked.request.body
      let showing = asked.app.showing
      return Response(
        status: .ok,
        headers: [
          .contentType: "text/event-stream", .cacheControl: "no-store", HTTPField.Name("X-Accel-Buffering")!: "no",
          // Watching for the end of the stream takes the connection's other side along: it serves nothing afterwards.
          .connection: "close",
        ],
        body: ResponseBody { writer in
          var stream = stream
          stream.missed = showing.missed(by: stream.client)
          project.presence.join(stream.client, name: name)
          showing.join(stream.client, project: project.key)
          defer {
            project.presence.leave(stream.client)
            showing.leave(stream.client)
          }
          // Writes notice a closed connection late; the reading side at once.
          var streamed = writer
          try await body.consumeWithCancellationOnInboundClose { _ in
            try await stream.write(to: &streamed)
          }
          try await writer.finish(nil)
        })
    },
    .post("/api/projects/{project}/copy") { asked in
      let project = try await asked.project()
      let path = try await asked.json().required("path")
      let roots = asked.app.roots
      let name = path.hasSuffix(".ais") ? path : path + ".ais"
      let folder = try await onDisk { () throws -> String in
        // The copy is not there yet: the folder in which it is to be must be one of those given.
        let parent = try roots.resolve((name as NSString).deletingLastPathComponent)
        return (parent == "/" ? "" : parent) + "/" + (name as NSString).lastPathComponent
      }
      // On the project's own thread: no edit comes in between.
      try await project.session.run { (store) throws(AisError) in try ProjectBackup.write(store, to: folder) }
      return .json(.object(["path": .string(folder)]))
    },
    .post("/api/projects/{project}/presence") { asked in
      let project = try await asked.project()
      let json = try await asked.json()
      guard !asked.client.isEmpty else { throw AisError(.usage, "presence needs the header X-Ais-Client") }
      if json["isUsed"]?.bool ?? false { asked.app.showing.use(asked.client) }
      project.presence.move(
        Presence.Person(
          name: asked.author.name, client: asked.client, dataset: json["dataset"]?.integer,
          slice: json["slice"]?.integer, feature: json["feature"]?.integer, y: json["y"]?.number, x: json["x"]?.number,
          stroke: Presence.Stroke(json["stroke"])))
      return .json(.object([:]))
    },
  ]

  private static func lines(_ entries: [JournalEntry]) throws(AisError) -> Response {
    var texts: [String] = []
    for entry in entries { texts.append(try entry.json()) }
    return .text("{\"entries\": [\(texts.joined(separator: ", "))]}", type: "application/json")
  }
}
