import AisCore
import AisFormats
import AisNetworks
import AisWorkflows
import Foundation
import Hummingbird
import Logging

/// What networks can be made of: listed, and the user's own added and removed.
enum ArchitectureRoutes {
  static let all: [APIRoute] = [
    .get("/api/architectures") { asked in
      let settings = asked.app.settings
      let list = await onDisk { ArchitectureList.json(folder: settings.architectureFolder) }
      guard case .object(var members) = list else { return .json(list) }
      members["allowsPrograms"] = .bool(settings.allowsPrograms)
      return .json(.object(members))
    },
    .post("/api/architectures") { asked in
      let json = try await asked.json()
      let path = try json.required("path")
      let roots = asked.app.roots
      var work = ArchitectureImport(folder: try folder(asked).path)
      work.allowsPrograms = asked.app.settings.allowsPrograms
      work.python = asked.app.settings.python
      work.replaces = json["replaces"]?.bool ?? false
      work.patience = patience
      let ready = work
      let added = try await onDisk { try ready.add(try roots.resolve(path)) }
      asked.app.logger.notice("an architecture was added", metadata: ["path": "\(path)", "kept": "\(added.path)"])
      return .json(
        .object([
          "name": .string(added.architecture.name), "parameters": .number(added.architecture.parameterCount()),
          "sideMultiple": .number(added.architecture.sideMultiple),
        ]))
    },
    .post("/api/architectures/remove") { asked in
      let name = try await asked.json().required("name")
      let folder = try folder(asked)
      let removed = try await onDisk { try folder.setAside(name) }
      return .json(.object(["name": .string(removed.title), "restore": .string(removed.name)]))
    },
    .post("/api/architectures/restore") { asked in
      let name = try await asked.json().required("restore")
      let folder = try folder(asked)
      try await onDisk { try folder.restore(name) }
      return .json(.object([:]))
    },
  ]

  /// Seconds that a program may take to build a network.
  private static let patience = 300.0

  private static func folder(_ asked: AppRequest) throws(AisError) -> ArchitectureFolder {
    guard let path = asked.app.settings.architectureFolder else {
      throw AisError(.notFound, "this program was started without a folder for architectures")
    }
    return ArchitectureFolder(path)
  }
}
