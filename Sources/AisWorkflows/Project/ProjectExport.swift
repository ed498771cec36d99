import AisCore
import AisFormats
import AisProject
import Foundation

/// Writes what is annotated in a project as files that other programs read.
package struct ProjectExport: Sendable {
  /// What is written.
  package enum Product: String, Sendable, CaseIterable {
    /// `<dataset>__<feature>_manual.mrc`: 0 and 255 in the dataset's frame.
    case volumes
    /// `<dataset>_<feature>_slice_<z>.mrc`: the slice of the tomogram, and on it the mask as 0 and 1.
    case slices
    /// Box centres as coordinates.
    case boxes
    /// `<dataset>.scns`, annotated datasets of the reference program.
    case scns
  }

  /// A file to write.
  package struct Task: Sendable {
    package var path: String
    package var dataset: Dataset
    /// `nil` for all features together.
    package var feature: Feature?
    package var slice: Int?
  }

  package let project: Project
  package var product: Product
  package var output: String
  package var format = CoordinateFormat.text
  /// Whether `.scns` files hold the tomogram too.
  package var includesTomogram = false
  package var force = false
  package var finder: TomogramFinder

  package init(_ project: Project, _ product: Product, output: String, folders: [String] = []) {
    self.project = project
    self.product = product
    self.output = output
    finder = TomogramFinder(home: project.folder.path, others: folders)
  }

  /// The files that an export makes: of all datasets and features or of those named, and of all annotated slices or of one.
  ///
  /// Throws before anything is written: for names that the project does not have, for clashes of names, and for files that
  /// are there already.
  package func plan(
    datasets names: [String] = [], features titles: [String] = [], slice: Int? = nil
  ) throws(AisError) -> [Task] {
    let datasets = try Self.chosen(names, of: try project.datasets(), "dataset") { $0.name }
    let features = try Self.chosen(titles, of: try project.features(), "feature") { $0.title }
    let annotated = try project.annotatedSlices()
    var tasks: [Task] = []
    for dataset in datasets {
      let here = annotated.filter { $0.dataset == dataset.id }
      if product == .scns {
        if !here.isEmpty || !names.isEmpty { tasks.append(Task(path: path(dataset), dataset: dataset)) }
        continue
      }
      for feature in features {
        let slices = here.filter { $0.feature == feature.id && (slice == nil || $0.slice == slice) }
        switch product {
        case .volumes where slices.contains { $0.pixelCount > 0 }:
          tasks.append(Task(path: path(dataset, feature), dataset: dataset, feature: feature))
        case .boxes where slices.contains { $0.boxCount > 0 }:
          tasks.append(Task(path: path(dataset, feature), dataset: dataset, feature: feature, slice: slice))
        case .slices:
          for found in slices {
            tasks.append(
              Task(path: path(dataset, feature, found.slice), dataset: dataset, feature: feature, slice: found.slice))
          }
        default: break
        }
      }
    }
    if tasks.isEmpty {
      throw AisError(
        .notFound, "nothing to export: the project has no such annotations. 'ais project info' lists what it has")
    }
    try check(tasks)
    return tasks
  }

  private func check(_ tasks: [Task]) throws(AisError) {
    var claims = OutputClaims(inputs: try project.versions().map(\.reference.path))
    for task in tasks {
      claims.claim(task.path, for: task.dataset.name) { other in
        "the datasets '\(other)' and '\(task.dataset.name)' both give '\((task.path as NSString).lastPathComponent)': rename one"
      }
    }
    try claims.check()
    if let there = tasks.first(where: { FileManager.default.fileExists(atPath: $0.path) }), !force {
      throw AisError(.needsDecision, "'\(there.path)' is there already. Use '--force' to replace it, or another '-o'")
    }
  }

  private static func chosen<Value>(
    _ names: [String], of values: [Value], _ noun: String, _ name: (Value) -> String
  ) throws(AisError) -> [Value] {
    if let missing = names.first(where: { wanted in !values.contains { name($0) == wanted } }) {
      let known = values.prefix(8).map { "'\(name($0))'" }.joined(separator: ", ")
      throw AisError(
        .notFound, "the project has no \(noun) '\(missing)'" + (values.isEmpty ? "" : ". It has: \(known)"))
    }
    return names.isEmpty ? values : values.filter { names.contains(name($0)) }
  }

  private func path(_ dataset: Dataset, _ feature: Feature? = nil, _ slice: Int? = nil) -> String {
    let folder = OutputFolder.prefix(output)
    let name = OutputName.safe(dataset.name)
    let title = feature.map { OutputName.safe($0.title) } ?? ""
    switch product {
    case .volumes: return "\(folder)\(name)__\(title)_manual.mrc"
    case .slices: return "\(folder)\(name)_\(title)_slice_\(slice ?? 0).mrc"
    case .boxes:
      let ending = format == .text ? "_particles.txt" : "_particles.\(format.fileExtension)"
      return "\(folder)\(name)_\(title)\(ending)"
    case .scns: return "\(folder)\(name).scns"
    }
  }

  /// Writes one file. Returns what should be known about it.
  package func write(_ task: Task, cancellation: Cancellation) throws(AisError) -> [String] {
    switch product {
    case .volumes: return try writeVolume(task, cancellation)
    case .slices: return try writeSlice(task)
    case .boxes: return try writeBoxes(task)
    case .scns: return try writeAnnotatedDataset(task, cancellation)
    }
  }

  /// Lines of provenance.
  func labels(_ task: Task) -> [String] {
    [
      "Ais \(AisVersion.current) project export, \(Date().ISO8601Format())",
      "annotation of \(task.feature?.title ?? "") in \(task.dataset.name), project \(project.folder.name)",
    ]
  }

  /// The file that a dataset's frame was made from, if it is there and unchanged.
  func tomogram(of dataset: Dataset) throws(AisError) -> (version: DatasetVersion, path: String)? {
    for version in try project.versions(of: dataset.id) where version.scale == .same {
      if let path = finder.look(for: version.reference, in: project.folder).usablePath { return (version, path) }
    }
    return nil
  }
}
