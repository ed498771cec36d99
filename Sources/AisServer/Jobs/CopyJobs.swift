import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// Copies of tomograms and cubes out of them, made in the background.
struct CopyJobs: Sendable {
  let project: OpenProject
  let author: Author

  /// `binned-copy` joins the dataset as one more version; `flip` becomes a dataset of its own, since annotations do not lie on a
  /// mirror image; `cut-template` is a file to be fetched.
  func start(_ json: JSONValue) async throws -> Job {
    let kind = try json.required("kind")
    guard ["binned-copy", "flip", "cut-template"].contains(kind) else {
      throw AisError(.usage, "'\(kind)' is no kind of job: expected binned-copy, flip or cut-template")
    }
    let dataset = try await project.dataset(try json.requiredInteger("dataset"))
    let version = try await project.version(try json.requiredInteger("version"), of: Int(dataset.id))
    guard let state = project.versions.state(of: version), let path = state.path else {
      throw AisError(.notFound, project.versions.state(of: version)?.reason ?? "the tomogram has no file")
    }
    switch kind {
    case "binned-copy":
      let factor = try json.requiredInteger("factor")
      guard TomogramCopy.factors.contains(factor) else {
        throw AisError(.usage, "a tomogram is binned by 2 to 64, not by \(factor)")
      }
      return try copy(kind, TomogramCopy(of: path, .binned(factor)), "Bin \(dataset.name) by \(factor)", dataset)
    case "flip": return try copy(kind, TomogramCopy(of: path, .mirrored), "Mirror \(dataset.name)", dataset)
    default: return try await template(json, dataset, version, path)
    }
  }

  private func copy(
    _ kind: String, _ copy: TomogramCopy, _ title: String, _ dataset: Dataset
  ) throws(AisError) -> Job {
    let output = Self.output(copy, in: project.project.folder)
    let store = project.project
    let author = author
    return try project.jobs.start(kind, title: title) { job in
      try await onDisk {
        try FileManager.default.createDirectory(
          atPath: (output as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try copy.write(to: output, cancellation: job.cancellation) { job.report($0) }
        let reference = try TomogramReference(output, in: store.folder)
        try Self.add(reference, copy, to: dataset, in: store, author: author)
      }
      return Job.Result(message: "'\(output)' is written and part of the project.", files: [output])
    }
  }

  /// Beside the tomogram, or where that cannot be written, in the project's folder.
  private static func output(_ copy: TomogramCopy, in project: ProjectFolder) -> String {
    let folder = (copy.path as NSString).deletingLastPathComponent
    return (access(folder, W_OK) == 0 ? folder : project.path + "/copies") + "/" + copy.name
  }

  private static func add(
    _ reference: TomogramReference, _ copy: TomogramCopy, to dataset: Dataset, in store: Project, author: Author
  ) throws(AisError) {
    let name = VersionName(reference.path)
    if case .binned(let factor) = copy.change {
      guard let scale = VersionScale(version: reference.shape, frame: dataset.shape) else {
        throw AisError(
          .shapeMismatch,
          "the copy '\(reference.path)' has \(reference.shape) voxels and does not lie on '\(dataset.name)'")
      }
      _ = try store.apply(
        [
          .addVersion(
            dataset: dataset.id, kind: name.kind, title: "bin \(factor)", reference: reference, scale: scale)
        ], by: author, label: "bin by \(factor)")
      return
    }
    _ = try store.edit("import", by: author, label: "mirror \(dataset.name)") { transaction in
      let made = try transaction.perform(
        .addDataset(
          name: "\(dataset.name)_mirrored", shape: reference.shape,
          DatasetFields(voxelSize: .some(dataset.voxelSize ?? reference.voxelSize))))
      guard let made else { return }
      try transaction.perform(
        .addVersion(dataset: made, kind: name.kind, title: "mirrored", reference: reference, scale: .same))
    }
  }

  private func template(
    _ json: JSONValue, _ dataset: Dataset, _ version: DatasetVersion, _ path: String
  ) async throws -> Job {
    let size = try json.requiredInteger("size")
    guard TemplateCut.sizes.contains(size) else {
      throw AisError(.usage, "a template has edges of 4 to 256 voxels, not \(size)")
    }
    let point = version.scale.versionPoint(
      VoxelPoint(z: try json.requiredNumber("z"), y: try json.requiredNumber("y"), x: try json.requiredNumber("x")))
    guard [point.z, point.y, point.x].allSatisfy({ abs($0) < 1e9 }) else {
      throw AisError(.usage, "the template's middle is not in the tomogram")
    }
    let cut = TemplateCut(
      from: path,
      centre: VoxelIndex(z: Int(point.z.rounded()), y: Int(point.y.rounded()), x: Int(point.x.rounded())), size: size)
    let folder = ExportJobs.folder(in: project.project.folder, for: "template")
    return try project.jobs.start("cut-template", title: "Cut a template out of \(dataset.name)") { job in
      try await onDisk {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try cut.write(to: folder + "/" + cut.name, cancellation: job.cancellation)
      }
      return Job.Result(message: "'\(cut.name)' is written.", files: [folder + "/" + cut.name])
    }
  }
}
