import AisCore
import AisFormats
import AisImaging
import Foundation

/// How lists of particles, and volumes of labels that stand for one, are read for a comparison.
package struct PointReading: Sendable {
  package var context = CoordinateContext()
  package var format: CoordinateFormat?
  /// The column that names the class of each particle; `nil` looks for the usual ones.
  package var classColumn: String?
  /// The column that holds the score; `nil` takes what the format says.
  package var scoreColumn: String?
  /// Only particles of these classes, under `PointNames.featureKey`; empty for all.
  package var classes: Set<String> = []
  /// Of a volume of labels, the one that marks the particles.
  package var label: Int?
  /// Smaller connected parts of a label are dust and no particles.
  package var minimumVolume = PickRequest.Bulk.voxels(0)
  package var threads = 1

  package init() {}

  /// Endings of files that hold particles.
  package static let endings: Set<String> = [
    "star", "txt", "tsv", "csv", "json", "ndjson", "mod", "tbl", "box", "cbox", "em",
  ]

  /// Whether a path names particles and not a volume: by its ending, and of a folder by the files in it.
  package static func holdsPoints(_ path: String) -> Bool {
    func isList(_ name: String) -> Bool { endings.contains((name as NSString).pathExtension.lowercased()) }
    if FileDescription.isFolder(path) {
      return (try? FolderListing.names(in: path))?.contains { !$0.hasPrefix(".") && isList($0) } ?? false
    }
    return isList(path)
  }

  /// The columns in which programs name the class, best first.
  private static let classColumns = [
    "particle_type", "pickable_object_name", "object_name", "aisFeature", "class", "label", "rlnClassNumber",
  ]

  /// Reads lists, all those of a folder or of a pattern, or the centroids of a volume's labels.
  ///
  /// - Throws: what reading throws; `.needsDecision` for an unknown voxel size, for labels of which none was chosen, and for
  ///   columns that are not there.
  package func read(_ path: String, cancellation: Cancellation = Cancellation()) throws(AisError) -> PointSet {
    var result = PointSet()
    let kind = InputKind.files("list of particles", endings: Self.endings)
    for file in try InputCollection([path], of: kind).paths {
      try cancellation.check()
      // The accounts that the program keeps of its own outputs lie beside them.
      if Self.isAccount(file), file != path { continue }
      if Self.holdsPoints(file) {
        try add(list: file, to: &result)
      } else {
        try add(labels: file, to: &result, cancellation)
      }
    }
    if !classes.isEmpty, result.points.isEmpty {
      throw AisError(.needsDecision, "'\(path)' has no particle of the classes asked for with '--class'")
    }
    return result
  }

  /// Whether a JSON file is the account of an output that lies beside it: `T_coords.star.json`, or `T__Membrane.json` of a
  /// segmentation.
  static func isAccount(_ file: String) -> Bool {
    guard file.lowercased().hasSuffix(".json") else { return false }
    let stem = (file as NSString).deletingPathExtension
    let isOfThat = !(stem as NSString).pathExtension.isEmpty && FileManager.default.fileExists(atPath: stem)
    return isOfThat || FileManager.default.fileExists(atPath: stem + ".mrc")
  }

  private func add(list path: String, to result: inout PointSet) throws(AisError) {
    let bytes = try RandomAccessFile(path).contents(limit: CoordinateFile.largest)
    if format == nil, path.lowercased().hasSuffix(".txt"), ClassFirstList.isOne(bytes) {
      return try add(classFirst: ClassFirstList.read(bytes, path: path), path, to: &result)
    }
    let reading = try CoordinateFile.read(bytes, path: path, format: format, hints: context.hints(for: path))
    let list = reading.list
    result.notes += reading.warnings.map { "'\(path)': \($0)" }
    let namedClass = try column(classColumn, option: "--class-column", of: list, path)
    let classIndex = namedClass ?? Self.classColumns.lazy.compactMap { list.extraColumns.firstIndex(of: $0) }.first
    let scoreIndex = try column(scoreColumn, option: "--score-column", of: list, path)
    let ofName = Self.objectName(reading.format, bytes, path) ?? Self.featureOfName(path, otherwise: "particles")
    var tomograms: [Int: Int] = [:]
    for (row, particle) in list.particles.enumerated() {
      var feature = ofName
      if let classIndex, classIndex < particle.extra.count { feature = particle.extra[classIndex] }
      if !classes.isEmpty, !classes.contains(PointNames.featureKey(feature)) { continue }
      if tomograms[particle.tomogram] == nil {
        let frame = list.tomograms[particle.tomogram]
        guard let voxelSize = frame.voxelSize ?? context.hints.voxelSize else { throw .unknownVoxelSize(of: path) }
        tomograms[particle.tomogram] = result.tomogram(frame.name, voxelSize: voxelSize, shape: frame.shape)
      }
      var score = particle.score
      if let scoreIndex, scoreIndex < particle.extra.count {
        guard let value = Double(particle.extra[scoreIndex]) else {
          throw AisError(
            .malformed,
            "'\(path)' has '\(particle.extra[scoreIndex].prefix(40))' in column '\(list.extraColumns[scoreIndex])' of particle "
              + "\(row + 1), where a score was expected. Name another column with '--score-column'")
        }
        score = value
      }
      result.add(
        particle.point, tomogram: tomograms[particle.tomogram]!, feature: result.feature(feature), score: score)
    }
    // Tomograms in which nothing lies count too, when their voxels are known.
    for frame in list.tomograms {
      if let voxelSize = frame.voxelSize ?? context.hints.voxelSize {
        _ = result.tomogram(frame.name, voxelSize: voxelSize, shape: frame.shape)
      }
    }
    if result.features.isEmpty { _ = result.feature(ofName) }
  }

  private func add(
    classFirst rows: [(name: String, point: VoxelPoint)], _ path: String, to result: inout PointSet
  ) throws(AisError) {
    guard let voxelSize = context.hints.voxelSize else { throw .unknownVoxelSize(of: path) }
    let tomogram = result.tomogram(SegmentationName.stem(of: path), voxelSize: voxelSize, shape: context.hints.shape)
    for row in rows where classes.isEmpty || classes.contains(PointNames.featureKey(row.name)) {
      result.add(row.point, tomogram: tomogram, feature: result.feature(row.name))
    }
  }

  private func column(
    _ name: String?, option: String, of list: ParticleList, _ path: String
  ) throws(AisError) -> Int? {
    guard let name else { return nil }
    if let index = list.extraColumns.firstIndex(of: name) { return index }
    let known =
      list.extraColumns.isEmpty ? "it has none to choose from" : "it has " + list.extraColumns.joined(separator: ", ")
    throw AisError(.needsDecision, "'\(path)' has no column '\(name)' for '\(option)'; \(known)")
  }

  /// What the picks of a copick file are.
  private static func objectName(_ format: CoordinateFormat, _ bytes: [UInt8], _ path: String) -> String? {
    guard format == .copick else { return nil }
    return (try? JSONValue(parsing: bytes, name: path))?["pickable_object_name"]?.string
  }

  /// `T__Ribosome_coords.star` holds particles of `Ribosome`.
  static func featureOfName(_ path: String, otherwise: String) -> String {
    let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    guard let range = stem.range(of: "__", options: .backwards), range.upperBound < stem.endIndex else {
      return otherwise
    }
    var feature = String(stem[range.upperBound...])
    for ending in ["_coords", "_coordinates", "_particles"]
    where feature.hasSuffix(ending) && feature.count > ending.count {
      feature.removeLast(ending.count)
    }
    return feature
  }

  private func add(
    labels path: String, to result: inout PointSet, _ cancellation: Cancellation
  ) throws(AisError) {
    var options = TomogramOptions()
    options.voxelSize = context.hints.voxelSize
    options.label = label
    let volume = try Tomogram.open(path, options: options)
    try VoxelSizeCheck.require(volume, path: path, need: "Distances need it.")
    guard let voxelSize = volume.voxelSize else { throw .unknownVoxelSize(of: path) }
    let chosen: Int
    if let label { chosen = label } else { chosen = try LabelSource.onlyLabel(of: volume, path: path, cancellation) }
    let found = try ComponentRuns.find(
      in: LabelSource(labels: volume), above: 0.5,
      minimumVoxelCount: minimumVolume.leastVoxelCount(of: voxelSize.volumeCubicNanometers * 1000), threads: threads,
      cancellation: cancellation)
    let tomogram = result.tomogram(SegmentationName.stem(of: path), voxelSize: voxelSize, shape: volume.shape)
    let feature = result.feature("label \(chosen)")
    for component in found.components { result.add(component.centroid, tomogram: tomogram, feature: feature) }
    result.notes.append(
      "'\(path)': the \(found.components.count) connected parts of label \(chosen) are the particles, their centroids the centres"
    )
  }
}

extension LabelSource {
  /// The one label of a volume besides 0.
  ///
  /// - Throws: `.needsDecision` when there are several or none, when values are no labels, and when single precision cannot
  ///   tell whether they are one.
  static func onlyLabel(
    of source: any SliceSource, path: String, _ cancellation: Cancellation
  ) throws(AisError) -> Int {
    var labels = Set<Float>()
    for z in 0..<source.shape.z {
      try cancellation.check()
      for value in try source.slice(z) where value != 0 && !value.isNaN { labels.insert(value) }
      if labels.count > 100 { break }
    }
    if labels.count == 1, let only = labels.first, let label = Int(exactly: only), (1..<1 << 24).contains(label) {
      return label
    }
    let shown = labels.sorted().prefix(10).map { Int(exactly: $0).map(String.init) ?? "\($0)" }.joined(separator: ", ")
    throw AisError(
      .needsDecision,
      labels.isEmpty
        ? "'\(path)' holds nothing but 0: there is nothing to measure or to compare with"
        : labels.allSatisfy({ Int(exactly: $0) != nil })
          ? "'\(path)' holds the labels \(shown)\(labels.count > 10 ? " and more" : ""). Say which one marks the particles, for example '--label "
            + "\(Int(exactly: labels.sorted()[0]) ?? 1)'"
          : "'\(path)' is no volume of labels: it holds values such as \(shown). Pick particles from it first, with 'ais pick'"
    )
  }
}

extension AisError {
  static func unknownVoxelSize(of path: String) -> AisError {
    AisError(
      .needsDecision,
      "'\(path)' does not say how large its voxels are, and distances need it. Give it, for example '--voxel-size 10A'")
  }
}
