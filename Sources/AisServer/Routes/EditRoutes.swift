import AisCore
import AisFormats
import AisProject
import Hummingbird

/// Changes of a project. Each is on the disk when it is answered, and harmless when it is sent again with the same `id`.
enum EditRoutes {
  static let all: [APIRoute] = [
    .post("/api/projects/{project}/edits") { asked in
      let project = try await asked.project()
      let json = try await asked.json(limit: AppRequest.largestEdit)
      let author = asked.author
      let edits = try await TomogramLinks(project: project, roots: asked.app.roots).edits(json)
      return try await applied(project) { (store) throws(AisError) in
        try store.apply(edits, by: author, label: json["label"]?.string, token: json["id"]?.string)
      }
    },
    .post("/api/projects/{project}/undo") { asked in try await step(asked, isUndo: true) },
    .post("/api/projects/{project}/redo") { asked in try await step(asked, isUndo: false) },
  ]

  private static func step(_ asked: AppRequest, isUndo: Bool) async throws -> Response {
    let project = try await asked.project()
    let json = try await asked.json()
    let author = asked.author
    let token = json["id"]?.string
    let target = json["sequence"]?.integer.map { Int64($0) }
    return try await applied(project) { (store) throws(AisError) in
      switch (isUndo, target) {
      case (true, let target?): try store.undo(target, by: author, token: token)
      case (true, nil): try store.undo(by: author, token: token)
      case (false, let target?): try store.redo(target, by: author, token: token)
      case (false, nil): try store.redo(by: author, token: token)
      }
    }
  }

  /// The new line of the journal, or `null` when there was nothing to undo.
  static func applied(
    _ project: OpenProject, _ change: @escaping @Sendable (Project) throws(AisError) -> JournalEntry?
  ) async throws -> Response {
    do throws(AisError) {
      let entry = try await project.session.run(change)
      return .text("{\"entry\": \(try entry?.json() ?? "null")}", type: "application/json")
    } catch {
      throw Refusal.ofEdit(error)
    }
  }
}
