import AisCore
import AisFormats
import AisProject
import AisTraining
import Foundation

extension ExtractSource {
  /// The annotated datasets of a project, each with the version that has the annotation's own voxels.
  ///
  /// Masks are read from the project while boxes are cut: it has to stay open.
  ///
  /// - Parameter datasets: only these; `nil` is all of them.
  static func project(
    _ project: Project, features titles: [String], folders: [String], takesVersions: Bool, datasets: Set<Int64>? = nil
  ) throws(AisError) -> [ExtractSource] {
    let finder = TomogramFinder(home: project.folder.path, others: folders)
    let features = try project.features().filter { titles.contains($0.title) }
    var sources: [ExtractSource] = []
    for dataset in try project.datasets() where datasets?.contains(dataset.id) ?? true {
      var annotated: [AnnotatedFeature] = []
      var digest = SHA256()
      for feature in features {
        let boxes = try project.boxes(dataset: dataset.id, feature: feature.id)
        if boxes.isEmpty { continue }
        let size = try project.boxSize(of: feature.id, in: dataset.id) ?? feature.boxSize
        let painted = try project.annotatedSlices(dataset: dataset.id, feature: feature.id)
          .filter { $0.pixelCount > 0 }.map(\.slice)
        digest.update("\(feature.title) \(size) \(boxes.map { "\($0.slice) \($0.y) \($0.x)" })")
        for slice in painted {
          digest.update(" \(slice) ")
          let bytes = try project.encodedMask(dataset: dataset.id, feature: feature.id, slice: slice).bytes
          bytes.withUnsafeBytes { digest.update($0) }
        }
        let slices = Set(painted)
        annotated.append(
          AnnotatedFeature(
            title: feature.title, boxSize: size,
            boxes: boxes.map { VoxelIndex(z: $0.slice, y: pixel($0.y), x: pixel($0.x)) }
          ) { (slice) throws(AisError) in
            guard slices.contains(slice) else { return nil }
            return try project.mask(dataset: dataset.id, feature: feature.id, slice: slice)
          })
      }
      if annotated.isEmpty { continue }
      sources.append(
        try source(dataset, annotated, digest.finish(), project, finder, takesVersions: takesVersions))
    }
    return sources
  }

  private static func source(
    _ dataset: Dataset, _ features: [AnnotatedFeature], _ digest: String, _ project: Project, _ finder: TomogramFinder,
    takesVersions: Bool
  ) throws(AisError) -> ExtractSource {
    let versions = try project.versions(of: dataset.id).filter { $0.scale == .same }
    let states = versions.map { ($0, finder.look(for: $0.reference, in: project.folder)) }
    let usable = states.first { $0.1.usablePath != nil }
    let noted = versions.first?.reference.path ?? dataset.name
    let path = usable?.1.usablePath ?? noted
    var source = ExtractSource(
      label: "\(project.folder.path): \(dataset.name)",
      annotated: AnnotatedTomogram(name: OutputName.stem(of: path), path: path, features: features),
      files: usable == nil ? [] : [path])
    source.digest = digest
    source.hasTomogram = usable != nil
    source.pixelSize = dataset.voxelSize?.x
    if case .changed? = states.first?.1 {
      source.warnings.append("the tomogram '\(noted)' is another file than the one that was annotated and was not used")
    }
    guard takesVersions, let usable else { return source }
    var names: Set<String> = ["main"]
    for (version, state) in states where version.id != usable.0.id {
      guard let path = state.usablePath else { continue }
      var name = Self.flavourName(version)
      while !names.insert(name).inserted { name += "_" }
      source.versions.append((name, path))
      source.files.append(path)
    }
    return source
  }

  /// A version's kind and title as the name of a folder.
  private static func flavourName(_ version: DatasetVersion) -> String {
    let text = version.kind == .other && !version.title.isEmpty ? version.title : version.kind.rawValue
    let plain = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    return String(plain.prefix(40))
  }
}
