import AisCore
import AisFormats
import AisProject
import AisWorkflows
import HTTPTypes
import Hummingbird

/// Datasets: what is annotated in them, and their files.
enum DatasetRoutes {
  static let all: [APIRoute] = [
    .get("/api/projects/{project}/datasets/{dataset}/annotations") { asked in
      let project = try await asked.project()
      let dataset = try await project.dataset(try asked.number("dataset")).id
      let author = asked.author.name
      return .json(
        try await project.session.run { (store) throws(AisError) in
          try ProjectDocument(store, versions: project.versions).annotations(of: dataset, author: author)
        })
    },
    .get("/api/projects/{project}/datasets/{dataset}/masks/{feature}/{slice}") { asked in
      let project = try await asked.project()
      let dataset = Int64(try asked.number("dataset"))
      let feature = Int64(try asked.number("feature"))
      let slice = try asked.number("slice")
      let (sequence, mask) = try await project.session.run { (store) throws(AisError) in
        (
          try store.lastSequence(),
          try store.encodedMask(dataset: dataset, feature: feature, slice: slice)
        )
      }
      return .octets(
        mask.bytes,
        [.aisHeight: String(mask.height), .aisWidth: String(mask.width), .aisSequence: String(sequence)])
    },
    .post("/api/projects/{project}/datasets") { asked in
      let project = try await asked.project()
      let paths = try await asked.json().requiredTexts("paths")
      let author = asked.author
      let roots = asked.app.roots
      let store = project.project
      let inputs = try await onDisk { () throws -> ProjectInputs in
        for path in paths { _ = try roots.resolve(path) }
        return try ProjectInputs(paths, isAnnotation: false)
      }
      let before = Set(try await project.session.run { (store) throws(AisError) in try store.datasets().map(\.id) })
      // Files are read meanwhile, so not on the project's own thread: strokes go on.
      _ = try await onDisk {
        try TomogramAddition(inputs: inputs, project: store, author: author).run(Cancellation())
      }
      let after = try await project.session.run { (store) throws(AisError) in try store.datasets().map(\.id) }
      return .json(.object(["added": .array(after.filter { !before.contains($0) }.map { .number($0) })]))
    },
    .post("/api/projects/{project}/paths") { asked in
      let project = try await asked.project()
      let json = try await asked.json()
      let links = TomogramLinks(project: project, roots: asked.app.roots)
      let matches = try await links.matches(of: try json.required("find"), replacement: json["replace"]?.string ?? "")
      if json["apply"]?.bool == true, !matches.isEmpty {
        let edits = try await links.relinked(matches)
        let author = asked.author
        let token = json["id"]?.string
        _ = try await EditRoutes.applied(project) { (store) throws(AisError) in
          try store.apply(edits, by: author, label: "replace paths", token: token)
        }
      }
      return .json(.object(["matches": .array(matches.map(\.json))]))
    },
    .post("/api/projects/{project}/datasets/{dataset}/mend") { asked in
      let project = try await asked.project()
      let dataset = try await project.dataset(try asked.number("dataset")).id
      let edit = try mending(try await asked.json()["remedy"], of: dataset)
      let author = asked.author
      return try await EditRoutes.applied(project) { (store) throws(AisError) in
        try store.apply([edit], by: author, label: "mend")
      }
    },
  ]

  /// The edit that does what a finding of the check-up advises.
  private static func mending(_ remedy: JSONValue?, of dataset: Int64) throws -> Edit {
    switch remedy?["kind"]?.string {
    case "voxel-size":
      guard let edge = remedy?["voxelSizeAngstrom"]?.number, edge.isFinite, edge > 0 else {
        throw AisError(.usage, "the remedy has no 'voxelSizeAngstrom': expected the edge of a voxel in Å")
      }
      return .changeDataset(dataset, DatasetFields(voxelSize: .some(VoxelSize(.angstroms(edge)))))
    case "invert":
      var fields = DatasetViewFields()
      fields.isInverted = true
      return .setView(dataset: dataset, fields)
    case "command":
      throw AisError(
        .usage,
        "this changes the file itself, which the program never does on its own. Run: \(remedy?["command"]?.string ?? "")"
      )
    default: throw AisError(.usage, "the request has no 'remedy' that can be done here")
    }
  }
}
