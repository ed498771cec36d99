import AisCore
import AisImaging

/// Something that distances are measured to: the surface of a feature, or particles.
struct MeasureTarget: Sendable {
  /// `Membrane`: part of the names of columns.
  private(set) var name: String
  private let surface: SurfaceDistance?
  private let volume: FeatureVolume?
  private let points: PointTree?

  init(name: String, volume: FeatureVolume) {
    self.name = name
    self.volume = volume
    surface = SurfaceDistance(volume.wholeSurface)
    points = nil
  }

  init(name: String, points: [Position]) {
    self.name = name
    self.points = PointTree(points)
    surface = nil
    volume = nil
  }

  var isSurface: Bool { surface != nil }

  /// The volume of the tomogram that a segmentation is of.
  var tomogramCubicNanometers: Double? { volume?.wholeCubicNanometers }

  func named(_ name: String) -> MeasureTarget {
    var copy = self
    copy.name = name
    return copy
  }

  /// Distances in ångström: to the surface, below zero inside the feature; or to the nearest particle. `nil` where there is
  /// nothing to measure to.
  func distances(
    from positions: [Position], threads: Int, _ cancellation: Cancellation
  ) throws(AisError) -> [Double?] {
    let found = PositionRuns.map(positions, threads: threads) { position -> Double? in
      surface.map { $0.distance(from: position) } ?? points?.nearest(to: position)?.distance
    }
    guard let volume else { return found }
    let isInside = try volume.contains(positions, cancellation)
    return zip(found, isInside).map { distance, isInside in distance.map { isInside ? -$0 : $0 } }
  }

  /// The shortest ways from surfaces to this one, in ångström; to particles, from the surface to the nearest of them.
  func gaps(from surfaces: [SurfaceMesh], threads: Int) -> [Double?] {
    PositionRuns.map(surfaces, threads: threads) { mesh -> Double? in
      if let surface { return surface.gap(to: mesh) }
      var best: Double?
      for vertex in mesh.vertices {
        let position = Position(z: Double(vertex.z), y: Double(vertex.y), x: Double(vertex.x))
        if let found = points?.nearest(to: position)?.distance { best = min(best ?? .infinity, found) }
      }
      return best
    }
  }
}

/// Values computed one by one on several threads.
enum PositionRuns {
  static func map<Item: Sendable, Value: Sendable>(
    _ items: [Item], threads: Int, _ value: @Sendable (Item) -> Value?
  ) -> [Value?] {
    var results = [Value?](repeating: nil, count: items.count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each element is written by the one thread that has its item.
      nonisolated(unsafe) let results = buffer
      Slabs.forEach(count: items.count, threads: threads) { range in
        for index in range { results[index] = value(items[index]) }
      }
    }
    return results
  }

  /// For each point the distance to its nearest other one.
  static func nearestNeighbours(_ points: [Position], threads: Int) -> [Double?] {
    let tree = PointTree(points)
    return map(Array(points.indices), threads: threads) { tree.nearest(to: points[$0], excluding: $0)?.distance }
  }
}
