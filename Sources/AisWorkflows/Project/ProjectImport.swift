import AisCore
import AisFormats
import AisProject
import Foundation

/// Brings annotations into a project: one step of undo for each file.
package struct ProjectImport {
  package let project: Project
  package let author: Author
  /// The feature that volumes and lists belong to; `.scns` files name their own.
  package var feature: String?
  /// The dataset that a volume or list belongs to; without it, told by the file's name.
  package var dataset: String?
  /// Voxels above this are painted.
  package var threshold: Float = 0
  /// Of a volume only this slice.
  package var slice: Int?
  /// Folders in which tomograms are looked for.
  package var folders: [String] = []
  /// Formats of lists are told by their content without it.
  package var format: CoordinateFormat?

  package init(_ project: Project, author: Author) {
    self.project = project
    self.author = author
  }

  /// What came in.
  package struct Result: Sendable, Encodable {
    package var dataset: String
    package var features: [String] = []
    package var slices = 0
    package var boxes = 0
    package var cards = 0
    package var warnings: [String] = []
  }

  /// The feature of this title, made if it is not there.
  static func feature(
    _ title: String, _ fields: FeatureFields = .init(), _ features: [Feature], _ project: Project,
    _ transaction: inout EditTransaction
  ) throws -> (id: Int64, boxSize: Int?) {
    if let found = features.first(where: { $0.title == title }) { return (found.id, found.boxSize) }
    var fields = fields
    fields.title = title
    return (try transaction.perform(.createFeature(fields))!, fields.boxSize)
  }

  /// Reads the mask of every slice of a volume and paints it in place of what was there; the feature's boxes stay.
  ///
  /// The volume must have the size of the dataset's frame. Values that are no numbers are not painted.
  package func volume(_ path: String) throws(AisError) -> Result {
    let volume = try Tomogram.open(path)
    let dataset = try target(of: path)
    guard volume.shape == dataset.shape else {
      throw AisError(
        .shapeMismatch,
        "'\(path)' has \(volume.shape) voxels, the dataset '\(dataset.name)' has \(dataset.shape). An annotation must have "
          + "the size of the tomogram that it lies on")
    }
    let title = try featureTitle(of: path)
    if let slice, !(0..<dataset.shape.z).contains(slice) {
      throw AisError(.usage, "slice \(slice) is not there: '\(path)' has slices 0 to \(dataset.shape.z - 1)")
    }
    var result = Result(dataset: dataset.name, features: [title])
    let features = try project.features()
    _ = try project.edit(
      "import", by: author, label: "import \((path as NSString).lastPathComponent)", dataset: dataset.id
    ) { transaction in
      let feature = try Self.feature(title, .init(), features, project, &transaction).id
      for z in slice.map({ $0..<$0 + 1 }) ?? 0..<dataset.shape.z {
        let values = try volume.slice(z)
        var mask = SliceMask(height: dataset.shape.y, width: dataset.shape.x)
        for index in values.indices where values[index] > threshold { mask[index] = true }
        if !mask.isEmpty { result.slices += 1 }
        try transaction.perform(
          .paint(
            .replacement(dataset: dataset.id, feature: feature, slice: z, rectangle: mask.bounds, mask)))
      }
    }
    if result.slices == 0 {
      result.warnings.append(
        "no voxel of '\(path)' is above \(threshold): nothing is painted. Choose another '--threshold'")
    }
    return result
  }

  /// Reads a list of coordinates and places a box at each; boxes that are there already are not placed again.
  package func boxes(_ path: String) throws(AisError) -> Result {
    guard let title = feature else {
      throw AisError(.usage, "'\(path)' is a list of coordinates: say with '--feature' what its boxes are around")
    }
    var hints = CoordinateHints()
    let datasets = try project.datasets()
    for dataset in datasets {
      hints.frames[dataset.name] = TomogramFrame(
        name: dataset.name, shape: dataset.shape, voxelSize: dataset.voxelSize)
    }
    var only = datasets.count == 1 ? datasets[0] : nil
    if let dataset { only = try named(dataset) }
    if let only {
      hints.shape = only.shape
      hints.voxelSize = only.voxelSize
      hints.tomogramName = only.name
    }
    let reading = try CoordinateFile.read(path, format: format, hints: hints)
    var result = Result(dataset: "", features: [title])
    result.warnings = reading.warnings
    let features = try project.features()
    var targets: [Int: Dataset] = [:]
    for (index, frame) in reading.list.tomograms.enumerated() {
      if let only { targets[index] = only } else { targets[index] = try named(frame.name) }
    }
    result.dataset = Set(targets.values.map(\.name)).sorted().joined(separator: ", ")
    var there: Set<[Double]> = []
    for dataset in Set(targets.values) {
      for box in try project.boxes(dataset: dataset.id)
      where features.contains(where: { $0.id == box.feature && $0.title == title }) {
        there.insert([Double(dataset.id), Double(box.slice), box.y, box.x])
      }
    }
    var outside = 0
    _ = try project.edit("import", by: author, label: "import \((path as NSString).lastPathComponent)") { transaction in
      let feature = try Self.feature(title, .init(), features, project, &transaction).id
      for particle in reading.list.particles {
        guard let dataset = targets[particle.tomogram] else { continue }
        let slice = Int(particle.point.z.rounded())
        guard (0..<dataset.shape.z).contains(slice) else {
          outside += 1
          continue
        }
        let key = [Double(dataset.id), Double(slice), particle.point.y, particle.point.x]
        guard there.insert(key).inserted else { continue }
        try transaction.perform(
          .placeBox(
            dataset: dataset.id, feature: feature, slice: slice, y: particle.point.y, x: particle.point.x))
        result.boxes += 1
      }
    }
    if outside > 0 { result.warnings.append("\(outside) points lie above or below the tomogram and were left out") }
    return result
  }

  /// The dataset that a file names: by option, or by the part of its name before `__`.
  private func target(of path: String) throws(AisError) -> Dataset {
    if let dataset { return try named(dataset) }
    let stem = OutputName.stem(of: path)
    let name = stem.range(of: "__").map { String(stem[..<$0.lowerBound]) } ?? stem
    return try named(name)
  }

  func named(_ name: String) throws(AisError) -> Dataset {
    let datasets = try project.datasets()
    let found = datasets.filter { $0.name == name }
    if found.count == 1 { return found[0] }
    let known = datasets.prefix(8).map { "'\($0.name)'" }.joined(separator: ", ") + (datasets.count > 8 ? ", …" : "")
    if found.count > 1 {
      throw AisError(.needsDecision, "the project has \(found.count) datasets called '\(name)'. Rename one of them")
    }
    throw AisError(
      .notFound,
      "the project has no dataset '\(name)'. Import its tomogram first, or name one with '--dataset'"
        + (datasets.isEmpty ? "" : ": \(known)"))
  }

  /// By option, or by the part of the file's name after `__`, without the ending of annotation volumes.
  private func featureTitle(of path: String) throws(AisError) -> String {
    if let feature { return feature }
    let stem = OutputName.stem(of: path)
    guard let range = stem.range(of: "__"), range.upperBound != stem.endIndex else {
      throw AisError(.usage, "'\(path)' does not say what is painted in it: name the feature with '--feature'")
    }
    let title = String(stem[range.upperBound...])
    return title.hasSuffix("_manual") && title.count > 7 ? String(title.dropLast(7)) : title
  }
}
