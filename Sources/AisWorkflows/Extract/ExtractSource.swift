import AisCore
import AisFormats
import AisTraining
import Foundation

/// One annotated tomogram of an extraction: what is known of it before its voxels are read.
package struct ExtractSource: Sendable {
  /// For messages: the annotation's file, or a project and its dataset.
  package var label: String
  package var annotated: AnnotatedTomogram
  /// Files whose content decides what is extracted.
  package var files: [String]
  /// What tells an annotation that is in no file of its own from another.
  package var digest: String?
  /// The pixel size that the annotation states.
  package var pixelSize: Length?
  /// Tomogram files of other versions, by flavour.
  package var versions: [(name: String, path: String)] = []
  /// Whether the tomogram is there: coordinates need none.
  package var hasTomogram = true
  package var warnings: [String] = []

  package init(label: String, annotated: AnnotatedTomogram, files: [String]) {
    self.label = label
    self.annotated = annotated
    self.files = files
  }

  /// An annotated dataset of the reference program.
  package static func dataset(_ path: String, folders: [String]) throws(AisError) -> ExtractSource {
    let file = try AnnotatedDataset.read(path)
    let finder = TomogramFinder(home: (path as NSString).deletingLastPathComponent, others: folders)
    let noted = file.tomogramPath.replacing("\\", with: "/")
    let found = finder.find(file.tomogramPath)
    let features = file.features.map { feature in
      let boxes = feature.boxes.sorted { $0.key < $1.key }.flatMap { slice, boxes in
        boxes.map { VoxelIndex(z: slice, y: pixel($0.y), x: pixel($0.x)) }
      }
      return AnnotatedFeature(title: feature.title, boxSize: feature.boxSize, boxes: boxes) {
        (slice) throws(AisError) in try feature.masks[slice]?.read()
      }
    }
    var source = ExtractSource(
      label: path,
      annotated: AnnotatedTomogram(
        name: OutputName.stem(of: found ?? noted), path: found ?? file.tomogramPath, features: features),
      files: [path] + (found.map { [$0] } ?? []))
    source.hasTomogram = found != nil
    source.pixelSize = file.pixelSize
    return source
  }

  /// The nearest pixel; hostile numbers end outside of every tomogram.
  static func pixel(_ value: Double) -> Int { abs(value) < 1e9 ? Int(value.rounded()) : -1 }

  /// Features of these titles that have boxes.
  func features(_ titles: [String]) -> [AnnotatedFeature] {
    annotated.features.filter { titles.contains($0.title) && !$0.boxes.isEmpty }
  }

  /// What annotates nothing here, for the error that names it.
  var absence: AisError {
    AisError(
      .notFound,
      "'\(label)' annotates '\(annotated.path)', which was not found. Name the tomogram's folder with '--tomograms', or leave the "
        + "annotation out with '--exclude \(OutputName.stem(of: label))'")
  }
}

/// Names that are left out of an extraction.
struct Exclusion {
  private var patterns: [String] = []

  /// - Parameter entries: names, patterns such as `TS_0*`, and `.txt` lists of them.
  init(_ entries: [String]) throws(AisError) {
    for entry in entries {
      guard entry.lowercased().hasSuffix(".txt"), FileManager.default.fileExists(atPath: entry) else {
        patterns.append(OutputName.stem(of: entry))
        continue
      }
      let text = String(decoding: try RandomAccessFile(entry).contents(limit: 64 << 20), as: UTF8.self)
      for line in text.split(whereSeparator: \.isNewline).map({ $0.trimmingCharacters(in: .whitespaces) })
      where !line.isEmpty && !line.hasPrefix("#") { patterns.append(OutputName.stem(of: line)) }
    }
  }

  func holds(_ source: ExtractSource) -> Bool {
    let names = [OutputName.stem(of: source.label), source.annotated.name]
    return patterns.contains { pattern in names.contains { fnmatch(pattern, $0, 0) == 0 } }
  }
}
