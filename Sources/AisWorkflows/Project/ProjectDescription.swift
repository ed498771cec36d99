import AisCore
import AisProject

/// What is in a project, for people and programs.
package struct ProjectDescription: Sendable, Encodable {
  package struct VersionLine: Sendable, Encodable {
    package var id: Int64
    package var kind: String
    package var title: String
    package var path: String
    package var sizeXYZ: [Int]
    package var scale: String
  }

  package struct DatasetLine: Sendable, Encodable {
    package var id: Int64
    package var name: String
    package var sizeXYZ: [Int]
    package var voxelSizeAngstromXYZ: [Double]?
    package var versions: [VersionLine]
    package var annotations: [Annotation]
  }

  package struct Annotation: Sendable, Encodable {
    package var feature: String
    package var slices: [Int]
    package var pixels: Int
    package var boxes: Int
  }

  package struct FeatureLine: Sendable, Encodable {
    package var id: Int64
    package var title: String
    package var colour: String
    package var boxSize: Int
    package var slices: Int
    package var boxes: Int
  }

  package var schema = "ais.project/1"
  package var path: String
  package var entries: Int64
  package var authors: [String]
  package var datasets: [DatasetLine] = []
  package var features: [FeatureLine] = []
  package var libraries: [String]
  /// Where the app's last start that had the project open wrote its log; whoever knows the user's folders fills it in.
  package var log: String?

  package init(_ project: Project) throws(AisError) {
    path = project.folder.path
    entries = try project.lastSequence()
    authors = try project.authors()
    libraries = try project.libraries().map(\.name)
    let versions = try project.versions()
    let annotated = try project.annotatedSlices()
    let features = try project.features()
    let titles = Dictionary(uniqueKeysWithValues: features.map { ($0.id, $0.title) })
    for dataset in try project.datasets() {
      let here = annotated.filter { $0.dataset == dataset.id }
      let annotations = features.compactMap { feature -> Annotation? in
        let slices = here.filter { $0.feature == feature.id }
        if slices.isEmpty { return nil }
        return Annotation(
          feature: titles[feature.id] ?? "", slices: slices.map(\.slice),
          pixels: slices.reduce(0) { $0 + $1.pixelCount }, boxes: slices.reduce(0) { $0 + $1.boxCount })
      }
      datasets.append(
        DatasetLine(
          id: dataset.id, name: dataset.name, sizeXYZ: [dataset.shape.x, dataset.shape.y, dataset.shape.z],
          voxelSizeAngstromXYZ: dataset.voxelSize.map { [$0.x.angstrom, $0.y.angstrom, $0.z.angstrom] },
          versions: versions.filter { $0.dataset == dataset.id }.map {
            VersionLine(
              id: $0.id, kind: $0.kind.rawValue, title: $0.title, path: $0.reference.path,
              sizeXYZ: [$0.reference.shape.x, $0.reference.shape.y, $0.reference.shape.z],
              scale: $0.scale.down == 1 ? "\($0.scale.up)" : "\($0.scale.up)/\($0.scale.down)")
          }, annotations: annotations))
    }
    self.features = features.map { feature in
      let slices = annotated.filter { $0.feature == feature.id }
      return FeatureLine(
        id: feature.id, title: feature.title, colour: Self.hex(feature.colour), boxSize: feature.boxSize,
        slices: slices.count, boxes: slices.reduce(0) { $0 + $1.boxCount })
    }
  }

  private static func hex(_ colour: Feature.Colour) -> String {
    "#"
      + [colour.red, colour.green, colour.blue].map { channel in
        let digits = String(Int((channel * 255).rounded()), radix: 16)
        return digits.count == 1 ? "0" + digits : digits
      }.joined()
  }
}
