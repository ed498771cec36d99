import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// Edits that name files: what there is to know about a file is read here, on the server's side.
struct TomogramLinks: Sendable {
  let project: OpenProject
  let roots: FolderRoots

  /// The edits of a request; `relink-version` and `add-version` name a path, `separate-version` stands for three edits, all others
  /// are as the store has them.
  func edits(_ json: JSONValue) async throws -> [Edit] {
    guard let list = json["edits"]?.array, !list.isEmpty else {
      throw AisError(.usage, "the request has no 'edits': expected a list of them")
    }
    var edits: [Edit] = []
    for edit in list {
      switch edit["kind"]?.string {
      case "relink-version":
        edits.append(
          .relinkVersion(
            Int64(try edit.requiredInteger("version")), try await reference(try edit.required("path"))))
      case "add-version": edits.append(try await version(edit))
      case "separate-version": edits += try await separation(edit)
      default: edits.append(try Edit(json: edit))
      }
    }
    return edits
  }

  /// What is to be noted about a file. Throws `outside-roots`, and what opening a tomogram throws.
  func reference(_ path: String) async throws -> TomogramReference {
    let folder = project.project.folder
    let roots = roots
    return try await onDisk {
      _ = try roots.resolve(path)
      return try TomogramReference(path, in: folder)
    }
  }

  private func version(_ edit: JSONValue) async throws -> Edit {
    let dataset = try await project.dataset(try edit.requiredInteger("dataset"))
    let reference = try await reference(try edit.required("path"))
    guard let scale = VersionScale(version: reference.shape, frame: dataset.shape) else {
      throw AisError(
        .shapeMismatch,
        "'\(reference.path)' does not lie on '\(dataset.name)': it has \(reference.shape) voxels, the dataset "
          + "\(dataset.shape), and neither is the other binned")
    }
    let name = VersionName(reference.path)
    return .addVersion(
      dataset: dataset.id, kind: name.kind, title: edit["title"]?.string ?? name.title, reference: reference,
      scale: scale)
  }

  /// A version that is none, such as a file that was taken for one by its name, becomes a dataset of its own.
  private func separation(_ edit: JSONValue) async throws -> [Edit] {
    let number = try edit.requiredInteger("version")
    let (versions, datasets) = try await project.session.run { (store) throws(AisError) in
      (try store.versions(), try store.datasets())
    }
    guard let version = versions.first(where: { $0.id == number }) else {
      throw AisError(.notFound, "the project has no version \(number)")
    }
    guard versions.contains(where: { $0.dataset == version.dataset && $0.id != version.id }) else {
      throw AisError(
        .usage, "'\(version.title)' is the only version of its dataset: there is nothing to separate it from")
    }
    let frame = datasets.first { $0.id == version.dataset }
    let stem = OutputName.stem(of: version.reference.path)
    // Chosen here, since the version of the new dataset has to name it within the same step.
    let dataset = Int64.random(in: Int64(1) << 40..<Int64(1) << 53)
    return [
      .removeVersion(version.id),
      .addDataset(
        name: edit["name"]?.string ?? (stem == frame?.name ? "\(stem) (2)" : stem), shape: version.reference.shape,
        DatasetFields(voxelSize: .some(version.reference.voxelSize)), id: dataset),
      .addVersion(
        dataset: dataset, kind: version.kind, title: version.title, reference: version.reference, scale: .same),
    ]
  }

  // MARK: Many paths at once

  /// A version whose path holds the text that is sought.
  struct Match: Sendable {
    var version: DatasetVersion
    var path: String
    var exists: Bool

    var json: JSONValue {
      .object([
        "version": .number(version.id), "from": .string(version.reference.path), "to": .string(path),
        "exists": .bool(exists),
      ])
    }
  }

  /// The paths in which `text` would become `replacement`.
  func matches(of text: String, replacement: String) async throws -> [Match] {
    let versions = try await project.session.run { (store) throws(AisError) in try store.versions() }
    return await onDisk {
      versions.filter { $0.reference.path.contains(text) }.map { version in
        let path = version.reference.path.replacing(text, with: replacement)
        return Match(version: version, path: path, exists: FileManager.default.fileExists(atPath: path))
      }
    }
  }

  /// Edits that link the versions to their new paths. A file that is there is read, and must be the same tomogram; of one
  /// that is not there only the path is changed.
  func relinked(_ matches: [Match]) async throws -> [Edit] {
    let folder = project.project.folder
    let roots = roots
    return try await onDisk {
      try matches.map { match in
        var reference = match.version.reference
        if match.exists {
          _ = try roots.resolve(match.path)
          let found = try TomogramReference(match.path, in: folder)
          guard reference.sampleHash.isEmpty || found.sampleHash == reference.sampleHash else {
            throw AisError(
              .needsDecision,
              "'\(match.path)' is another tomogram than '\(reference.path)' was: nothing was changed. Link it by itself if it "
                + "is to take its place")
          }
          reference = found
        } else {
          reference.path = match.path
          reference.relativePath = folder.relativePath(to: match.path)
        }
        return .relinkVersion(match.version.id, reference)
      }
    }
  }
}
