import AisFormats
import Hummingbird

/// Jobs: what takes longer than an answer.
enum JobRoutes {
  static let all: [APIRoute] = [
    .get("/api/projects/{project}/jobs") { asked in
      .json(.object(["jobs": .array(try await asked.project().jobs.all.map(\.json))]))
    },
    .post("/api/projects/{project}/jobs") { asked in
      let project = try await asked.project()
      return .json(try await CopyJobs(project: project, author: asked.author).start(try await asked.json()).json)
    },
    .delete("/api/projects/{project}/jobs/{job}") { asked in
      .json(try await asked.project().jobs.cancel(try asked.text("job")).json)
    },
    .post("/api/projects/{project}/imports") { asked in
      let project = try await asked.project()
      let json = try await asked.json()
      return .json(
        try await ImportJobs(project: project, roots: asked.app.roots, author: asked.author).start(json).json)
    },
    .post("/api/projects/{project}/exports") { asked in
      let project = try await asked.project()
      return .json(try await ExportJobs(project: project, author: asked.author).start(try await asked.json()).json)
    },
  ]
}
