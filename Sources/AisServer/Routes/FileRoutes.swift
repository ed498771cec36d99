import AisCore
import AisFormats
import AisProject
import Hummingbird

/// Files on the server's side.
enum FileRoutes {
  static let all: [APIRoute] = [
    .get("/api/files") { asked in
      let roots = asked.app.roots
      let path = asked.query("path") ?? roots.all.first
      guard let path, !path.isEmpty else {
        throw AisError(.usage, "the program was given no folder to look into: start it with '--root FOLDER'")
      }
      return .json(try await onDisk { try FolderView(roots: roots).json(path) })
    },
    .get("/api/download") { asked in
      guard let path = asked.query("path") else { throw AisError(.usage, "the address has no 'path'") }
      let roots = asked.app.roots
      // What a project wrote into its own folder may be fetched, wherever that lies.
      let projects = await asked.app.projects.all.map { $0.project.folder.path + "/exports/" }
      let real = try await onDisk { () throws -> String in
        if let real = FolderRoots.realPath(path), projects.contains(where: { real.hasPrefix($0) }) { return real }
        return try roots.resolve(path)
      }
      return try await FileDownload.response(real)
    },
  ]
}
