import AisCore
import Foundation

/// Particles to be compared: of which tomogram and feature each is, where it lies, and how sure it is.
package struct PointSet: Sendable {
  package struct Point: Sendable, Hashable {
    /// Index into `tomograms`.
    package var tomogram: Int
    /// Index into `features`.
    package var feature: Int
    /// In ångström from the outer corner of the volume's first voxel: the same place at every binning.
    package var position: Position
    package var score: Double?

    package init(tomogram: Int, feature: Int, position: Position, score: Double? = nil) {
      self.tomogram = tomogram
      self.feature = feature
      self.position = position
      self.score = score
    }
  }

  package struct Tomogram: Sendable, Hashable {
    package var name: String
    package var voxelSize: VoxelSize
    /// `nil`: nobody says.
    package var shape: Shape?

    package init(name: String, voxelSize: VoxelSize, shape: Shape? = nil) {
      self.name = name
      self.voxelSize = voxelSize
      self.shape = shape
    }

    /// What all its voxels fill.
    package var volumeCubicNanometers: Double? { shape.map { voxelSize.volumeCubicNanometers * Double($0.count) } }
  }

  package var tomograms: [Tomogram] = []
  package var features: [String] = []
  package var points: [Point] = []
  /// Things worth knowing about how the points were read.
  package var notes: [String] = []

  package init() {}

  /// The index of a tomogram, which is added when it is new. Names are compared without folder, ending and case.
  package mutating func tomogram(_ name: String, voxelSize: VoxelSize, shape: Shape? = nil) -> Int {
    let key = PointNames.tomogramKey(name)
    if let known = tomograms.firstIndex(where: { PointNames.tomogramKey($0.name) == key }) { return known }
    tomograms.append(Tomogram(name: name, voxelSize: voxelSize, shape: shape))
    return tomograms.count - 1
  }

  /// The index of a feature, which is added when it is new. Names are compared by their letters and digits, without case.
  package mutating func feature(_ name: String) -> Int {
    let key = PointNames.featureKey(name)
    if let known = features.firstIndex(where: { PointNames.featureKey($0) == key }) { return known }
    features.append(name)
    return features.count - 1
  }

  /// Adds a point given in voxels.
  package mutating func add(_ point: VoxelPoint, tomogram: Int, feature: Int, score: Double? = nil) {
    points.append(
      Point(
        tomogram: tomogram, feature: feature, position: point.cornerPosition(tomograms[tomogram].voxelSize),
        score: score))
  }
}

extension VoxelPoint {
  /// Where the point lies in ångström from the outer corner of the first voxel. Binning leaves that corner where it is.
  package func cornerPosition(_ voxelSize: VoxelSize) -> Position {
    VoxelPoint(z: z + 0.5, y: y + 0.5, x: x + 0.5).position(voxelSize)
  }
}

/// When two names mean the same thing.
package enum PointNames {
  /// `raw/TS_03.rec.gz`, `TS_03.mrc` and `TS_03__Ribosome_coords` are tomogram `ts_03`.
  package static func tomogramKey(_ name: String) -> String {
    let stem = SegmentationName.stem(of: name)
    let end = stem.range(of: "__")?.lowerBound ?? stem.endIndex
    let key = end == stem.startIndex ? stem : String(stem[..<end])
    return key.lowercased()
  }

  /// Letters and digits in lower case: `Virus-like particle` is `virus_like_particle`.
  package static func featureKey(_ name: String) -> String {
    let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
    return plain.isEmpty ? name : plain
  }
}
