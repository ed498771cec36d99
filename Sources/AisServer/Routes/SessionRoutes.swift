import AisCore
import AisFormats
import AisProject
import Hummingbird
import Logging

/// What the page asks before a project is open.
enum SessionRoutes {
  static let all: [APIRoute] = [
    .get("/api/session") { asked in
      let app = asked.app
      let open = await app.projects.all.map { project in
        JSONValue.object([
          "key": .string(project.key), "name": .string(project.project.folder.name),
          "path": .string(project.project.folder.path),
        ])
      }
      let recent = await onDisk { app.recent.json }
      return .json(
        .object([
          "schema": .string("ais.session/1"), "version": .string(AisVersion.current),
          "roots": .array(app.roots.all.map { .object(["path": .string($0), "name": .string(name(of: $0))]) }),
          "recent": recent, "open": .array(open),
          "machine": .object([
            "threads": .number(app.settings.threads), "memoryBytes": .number(app.settings.memoryBytes),
            "name": .string(HostName.current),
          ]), "author": .string(app.settings.author), "log": .optional(app.settings.logPath),
        ]))
    },
    .post("/api/open") { asked in
      let json = try await asked.json()
      let paths = try json.requiredTexts("paths")
      let project = try await ProjectOpening(app: asked.app).open(
        paths, creates: json["create"]?.bool ?? false, author: asked.author, checksRoots: true)
      return .json(.object(["project": .string(project.key)]))
    },
    .post("/api/show") { asked in
      let request = try ShowRequest(try await asked.json(), app: asked.app, author: asked.author)
      let wish = try await request.wish()
      let (client, event) = asked.app.showing.show(wish)
      for project in await asked.app.projects.all { project.board.post("show", event: "show", event.text) }
      return .json(
        .object([
          "schema": .string("ais.show/1"), "project": .string(wish.project), "name": .string(wish.name),
          "dataset": .optional(wish.dataset), "slice": .optional(wish.slice), "isShown": .bool(client != nil),
          "address": .string(wish.address),
        ]))
    },
    .post("/api/roots") { asked in
      let path = try await asked.json().required("path")
      let roots = asked.app.roots
      let real = try await onDisk { try roots.add(path) }
      asked.app.logger.notice("a folder was opened to the page", metadata: ["path": "\(real)"])
      return .json(.object(["path": .string(real), "name": .string(name(of: real))]))
    },
  ]

  private static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "/" }
}
