import AisCore
import AisFormats
import AisProject
import Foundation

/// Puts tomograms into a project.
package struct ProjectTomograms {
  let project: Project
  let author: Author
  /// Versions of one tomogram become one dataset; otherwise each file becomes its own.
  package var joinsVersions = false

  package init(_ project: Project, author: Author) {
    self.project = project
    self.author = author
  }

  /// What was done with a file.
  package struct Added: Sendable {
    package var path: String
    package var dataset: String
    /// `nil` when the file was in the project already.
    package var version: DatasetVersion.Kind?
  }

  /// Adds files as one step of undo; those that are there already are passed over.
  ///
  /// - Returns: what became of each file, and sentences on files that look like versions of each other.
  package func add(_ paths: [String]) throws(AisError) -> (added: [Added], hints: [String]) {
    var references: [TomogramReference] = []
    for found in TomogramReference.all(paths, in: project.folder) { references.append(try found.get()) }
    return try add(references)
  }

  /// The same for files that were looked at already.
  package func add(_ files: [TomogramReference]) throws(AisError) -> (added: [Added], hints: [String]) {
    var references: [TomogramReference] = []
    var added: [Added] = []
    let known = try project.versions()
    let names = Dictionary(uniqueKeysWithValues: try project.datasets().map { ($0.id, $0.name) })
    for file in files {
      if let there = known.first(where: { Self.isSame($0.reference, file) }) {
        added.append(Added(path: file.path, dataset: names[there.dataset] ?? "", version: nil))
      } else {
        references.append(file)
      }
    }
    let groups = VersionName.groups(references)
    var hints: [String] = []
    for group in groups where group.count > 1 && !joinsVersions {
      let files = group.map { "'\(($0.path as NSString).lastPathComponent)'" }.joined(separator: ", ")
      hints.append("\(files) look like versions of one tomogram; '--versions' makes one dataset of them")
    }
    if references.isEmpty { return (added, hints) }
    let sets = joinsVersions ? groups : references.map { [$0] }
    let label = references.count == 1 ? "add 1 tomogram" : "add \(references.count) tomograms"
    _ = try project.edit("import", by: author, label: label) { transaction in
      for set in sets {
        let name = joinsVersions ? VersionName(set[0].path).stem : OutputName.stem(of: set[0].path)
        let dataset = try transaction.perform(
          .addDataset(name: name, shape: set[0].shape, DatasetFields(voxelSize: .some(set[0].voxelSize))))!
        for reference in set {
          let version = VersionName(reference.path)
          guard let scale = VersionScale(version: reference.shape, frame: set[0].shape) else { continue }
          try transaction.perform(
            .addVersion(
              dataset: dataset, kind: version.kind, title: version.title, reference: reference, scale: scale))
          added.append(Added(path: reference.path, dataset: name, version: version.kind))
        }
      }
    }
    return (added, hints)
  }

  /// Whether both are one file, wherever it lies.
  static func isSame(_ a: TomogramReference, _ b: TomogramReference) -> Bool {
    a.path == b.path || (!a.sampleHash.isEmpty && a.sampleHash == b.sampleHash && a.byteCount == b.byteCount)
  }
}
