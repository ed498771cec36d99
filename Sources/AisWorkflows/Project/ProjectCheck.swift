import AisCore
import AisFormats
import AisProject
import Foundation

/// Looks whether a project is whole: the database, the journal against the tables, and the tomograms.
package struct ProjectCheck: Sendable {
  /// One version of a dataset, and what became of its file.
  package struct Tomogram: Sendable {
    package var dataset: String
    package var version: DatasetVersion
    package var state: TomogramState
    package var wasRelinked = false

    /// A sentence, or `nil` when all is well.
    package var finding: String? {
      let noted = version.reference
      let name = "'\(dataset)' (\(version.title))"
      switch state {
      case .present: return nil
      case .moved(let found):
        return wasRelinked
          ? "\(name): linked to '\(found.path)'"
          : "\(name): '\(noted.path)' moved to '\(found.path)'. '--relink' notes it"
      case .changed(let found):
        let what =
          found.shape != noted.shape
          ? "has \(found.shape) voxels, \(noted.shape) were noted"
          : found.byteCount != noted.byteCount
            ? "has \(found.byteCount) bytes, \(noted.byteCount) were noted" : "has other content than was noted"
        return "\(name): '\(found.path)' \(what): it is not used. '--relink --accept-changed' takes it as it is now"
      case .unreadable(_, let error): return "\(name): \(error)"
      case .missing(let looked):
        return "\(name): '\(noted.path)' is not there, nor at \(looked) other places. Name its folder with '-t'"
      }
    }
  }

  package var problems: [String]
  package var tomograms: [Tomogram]
  package var entryCount: Int64

  package var isSound: Bool {
    problems.isEmpty
      && tomograms.allSatisfy { tomogram in
        switch tomogram.state {
        case .present, .moved: true
        case .changed: tomogram.wasRelinked
        case .unreadable, .missing: false
        }
      }
  }

  /// - Parameters:
  ///   - relinks: notes the new places of files that moved.
  ///   - acceptsChanged: with it also those whose content changed, if their size in voxels did not.
  package static func run(
    _ project: Project, folders: [String], relinks: Bool, acceptsChanged: Bool, author: Author
  ) throws(AisError) -> ProjectCheck {
    let finder = TomogramFinder(home: project.folder.path, others: folders)
    let names = Dictionary(uniqueKeysWithValues: try project.datasets().map { ($0.id, $0.name) })
    var check = ProjectCheck(problems: try project.problems(), tomograms: [], entryCount: try project.lastSequence())
    for version in try project.versions() {
      guard let dataset = names[version.dataset] else { continue }
      var tomogram = Tomogram(
        dataset: dataset, version: version, state: finder.look(for: version.reference, in: project.folder))
      switch tomogram.state {
      case .moved(let found) where relinks:
        _ = try project.apply([.relinkVersion(version.id, found)], by: author, label: "relink")
        tomogram.wasRelinked = true
      case .changed(let found) where relinks && acceptsChanged && found.shape == version.reference.shape:
        _ = try project.apply([.relinkVersion(version.id, found)], by: author, label: "accept changed file")
        tomogram.wasRelinked = true
      default: break
      }
      check.tomograms.append(tomogram)
    }
    return check
  }
}

/// A copy of a project that is open.
package enum ProjectBackup {
  /// Writes a whole project, `NAME.ais`, without the cache. Throws `usage` when something is at the destination.
  package static func write(_ project: Project, to destination: String) throws(AisError) {
    let target = ProjectFolder(destination)
    guard target.path.hasSuffix(".ais") else {
      throw AisError(.usage, "'\(destination)' is no name for a project: expected a folder that ends in '.ais'")
    }
    if FileManager.default.fileExists(atPath: target.path) {
      throw AisError(.usage, "'\(destination)' is there already. Choose another name")
    }
    // Whole or not at all: the folder takes its name when the copy is finished.
    let draft = target.path + ".part"
    try? FileManager.default.removeItem(atPath: draft)
    do {
      try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: true)
      try project.backup(to: draft + "/project.sqlite")
      let models = ModelStore(project.folder).folder
      if FileManager.default.fileExists(atPath: models) {
        try FileManager.default.copyItem(atPath: models, toPath: draft + "/models")
      }
      try FileManager.default.moveItem(atPath: draft, toPath: target.path)
    } catch {
      try? FileManager.default.removeItem(atPath: draft)
      if let error = error as? AisError { throw error }
      throw AisError(.fileSystem, "the backup '\(destination)' cannot be written: \(error.localizedDescription)")
    }
  }
}
