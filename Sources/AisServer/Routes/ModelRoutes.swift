import AisCore
import AisFormats
import AisNetworks
import AisProject
import AisWorkflows
import Foundation
import HTTPTypes
import Hummingbird
import Logging

/// The networks of a project: in, out, and what they are. What is changed of them goes by edits.
enum ModelRoutes {
  static let all: [APIRoute] = [
    .get("/api/projects/{project}/models") { asked in
      let project = try await asked.project()
      let (document, models) = (project.modelDocument, project.models)
      return .json(
        try await project.session.run { (store) throws(AisError) in
          var members = try document.members(store)
          members["trainingSets"] = nil
          members["combination"] = .string(try models.group(store).version)
          return .object(members)
        })
    },
    .post("/api/projects/{project}/models") { asked in
      let project = try await asked.project()
      let json = try await asked.json()
      let given = try json.required("path")
      let roots = asked.app.roots
      let (author, store) = (asked.author, project.models.store)
      let addition = try await onDisk { () throws -> ModelAddition in
        try ModelAddition(try roots.resolve(given), way: .file, author: author, store: store)
      }
      return try await added(addition, to: project, asked, id: json["id"]?.integer)
    },
    .post("/api/projects/{project}/models/upload") { asked in
      let project = try await asked.project()
      let (author, store) = (asked.author, project.models.store)
      let addition = try await asked.withUpload(
        into: project.project.folder.cachePath, name: asked.query("name") ?? ""
      ) { path in
        try ModelAddition(path, way: .upload, author: author, store: store)
      }
      return try await added(addition, to: project, asked, id: try asked.queryNumber("id"))
    },
    .get("/api/projects/{project}/models/{model}/file") { asked in
      let project = try await asked.project()
      let id = Int64(try asked.number("model"))
      let model = try await project.session.run { (store) throws(AisError) in try store.model(id) }
      guard let model else { throw AisError(.notFound, "the project has no model \(id)") }
      let store = project.models.store
      let shown = try await picture(of: model, asked, project)
      let bytes = try await onDisk { try ModelExport.model(model, from: store, shown: shown) }
      return .file(bytes, name: OutputName.safe(model.title) + ".scnm")
    },
    .get("/api/projects/{project}/models/group") { asked in
      let project = try await asked.project()
      let wanted = try asked.query("models").map { text in
        try text.split(separator: ",").map { word throws(AisError) -> Int64 in
          guard let id = Int64(word) else { throw AisError(.usage, "'models=\(text)': expected numbers with commas") }
          return id
        }
      }
      let title = asked.query("title")?.removingPercentEncoding ?? project.project.folder.name
      let (models, rules) = try await project.session.run { (store) throws(AisError) in
        (
          try store.models().filter { model in
            model.file != nil && (wanted?.contains(model.id) ?? model.isActive)
          }, try store.rules()
        )
      }
      let store = project.models.store
      let bytes = try await onDisk { try ModelExport.group(title, models: models, rules: rules, from: store) }
      return .file(bytes, name: OutputName.safe(title) + ".scnmgroup")
    },
  ]

  /// What the network finds in the slice that the address names; `nil` without one, and where it cannot be computed: the file is
  /// what was asked for, with the picture that it had.
  private static func picture(
    of model: Model, _ asked: AppRequest, _ project: OpenProject
  ) async throws -> ModelPreview.Parts? {
    guard model.file != nil, let id = try asked.queryNumber("dataset"), let slice = try asked.queryNumber("slice")
    else { return nil }
    let dataset = try await project.dataset(id)
    let wanted = try asked.queryNumber("version").map { Int64($0) }
    let versions = try await project.session.run { (store) throws(AisError) in try store.versions(of: dataset.id) }
    let usable = versions.filter { project.versions.state(of: $0)?.path != nil }
    guard let version = usable.first(where: { $0.id == wanted }) ?? usable.first,
      let path = project.versions.state(of: version)?.path
    else { return nil }
    let (settings, store, logger) = (asked.app.settings, project.models.store, asked.app.logger)
    let size = RunRequest.voxelSize(of: version, in: dataset)
    // Of the frame's slices this version may have fewer.
    let place = version.scale.versionSlice(slice)
    return try await ClientWatch.whilePresent(asked.context.channel) {
      let cancellation = Cancellation()
      return await withTaskCancellationHandler {
        await onDisk { () -> ModelPreview.Parts? in
          do throws(AisError) {
            let engine = CustomModelEngine(
              try CPUEngine(threads: settings.threads), folder: settings.architectureFolder, threads: settings.threads)
            return try ModelExport.shown(
              model, in: try ModelPreview(path: path, slice: place, voxelSize: size), from: store, engine: engine,
              memoryLimit: settings.memoryBytes, threads: settings.threads, cancellation: cancellation)
          } catch {
            logger.warning("a model was exported without a picture", metadata: ["reason": "\(error)"])
            return nil
          }
        }
      } onCancel: {
        cancellation.cancel()
      }
    }
  }

  private static func added(
    _ addition: ModelAddition, to project: OpenProject, _ asked: AppRequest, id: Int?
  ) async throws -> Response {
    let author = asked.author
    do throws(AisError) {
      let result = try await project.session.run { (store) throws(AisError) in
        try addition.apply(to: store, by: author, id: id.map { Int64($0) })
      }
      let models = result.models.map { "\($0)" }.joined(separator: ", ")
      let rules = result.rules.map { "\($0)" }.joined(separator: ", ")
      let warnings = JSONValue.array(result.warnings.map { .string($0) }).text
      return .text(
        "{\"entry\": \(try result.entry.json()), \"models\": [\(models)], \"rules\": [\(rules)], \"warnings\": \(warnings)}",
        type: "application/json")
    } catch {
      throw Refusal.ofEdit(error)
    }
  }
}
