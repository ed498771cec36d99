import AisCore
import AisImaging

/// How points are spread over sheets. Lengths are in the unit of the voxels' edges.
package struct SurfaceSettings: Sendable, Hashable {
  /// To which side normals point.
  package enum Normals: String, Sendable, CaseIterable {
    /// Away from the middle of the sheet: out of a vesicle, to the convex side of a part of one; of a flat sheet to
    /// greater z.
    case outward
    /// The opposite.
    case inward
    /// Each to greater z.
    case z
  }

  /// Between neighbouring points.
  package var spacing: Double
  package var normals = Normals.outward
  /// The radius of the patch that a normal is taken from; `nil`: two and a half times the sheet's half
  /// thickness, at least six voxels and at most fifteen.
  package var patchRadius: Double?
  package var edges = VoxelEdges.one

  package init(spacing: Double) { self.spacing = spacing }
}

/// A point half-way through a sheet.
package struct SurfacePoint: Sendable {
  /// In voxels of the volume that was searched.
  package var point: VoxelPoint
  /// The z axis is the sheet's normal; `rot` is 0.
  package var angles: EulerAngles
  /// Half the thickness of the sheet there, in the unit of the edges.
  package var halfWidth: Double
  /// The connected piece that it lies on.
  package var component: Int
}

/// Sets oriented points at even distances on sheets such as membranes.
package struct SurfacePicker: Sendable {
  package var settings: SurfaceSettings
  package var threads: Int
  /// Bytes that may be used.
  package var memory: ByteCount

  package init(_ settings: SurfaceSettings, threads: Int = 1, memory: ByteCount = .gibibytes(4)) {
    precondition(settings.spacing > 0, "the spacing of points is above zero, not \(settings.spacing)")
    self.settings = settings
    self.threads = max(1, threads)
    self.memory = memory
  }

  /// The points on all components, in the order of the components. The result does not depend on the number of threads.
  ///
  /// Where a piece is no sheet (specks, threads), there is no normal and no point.
  /// - Parameter progress: called with the fraction done, 0…1.
  /// - Throws: `out-of-memory` when a piece is too large; `cancelled`.
  package func points(
    in found: ComponentRuns, cancellation: Cancellation = Cancellation(), progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> [SurfacePoint] {
    var points: [SurfacePoint] = []
    let all = Double(max(1, found.components.reduce(0) { $0 + $1.voxelCount }))
    var done = 0.0
    for component in found.components {
      try cancellation.check()
      let needed = Self.bytes(for: component)
      if needed > memory.bytes {
        throw .tooLarge(component, for: "finding its surface", needed: needed, allowed: memory)
      }
      points += try self.points(on: component, in: found, cancellation)
      done += Double(component.voxelCount)
      progress(done / all)
    }
    return points
  }

  /// Bytes that a component takes: mask, distances and numbers of voxels of its box, and for each voxel of the surface its
  /// position, normal and neighbours. A sheet has at least as many voxels as its mid-surface.
  static func bytes(for component: Component) -> Int {
    component.box.grown(by: 1).shape.count * 9 + component.voxelCount * 200
  }

  private func points(
    on component: Component, in found: ComponentRuns, _ cancellation: Cancellation
  ) throws(AisError) -> [SurfacePoint] {
    // Faces of the volume are not background: a membrane goes on there.
    let (mask, origin) = found.mask(of: component.index, margin: 1)
    let distances = DistanceTransform.distance(
      of: mask, spacing: (settings.edges.z, settings.edges.y, settings.edges.x), threads: threads)
    let surface = MidSurface(mask, distances: distances, edges: settings.edges)
    try cancellation.check()
    guard surface.count > 0 else { return [] }
    let radius = settings.patchRadius ?? defaultPatchRadius(surface)
    var normals = try SurfaceNormals(surface, radius: radius, threads: threads, cancellation: cancellation)
    normals.turn(surface, settings.normals)
    try cancellation.check()
    var walk = PatchWalk(surface)
    return SurfaceSpread(surface, spacing: settings.spacing).samples.compactMap { sample in
      var patch: [SIMD3<Double>] = []
      walk.visit(from: sample.voxel, around: sample.position, radius: radius) { voxel, _ in
        patch.append(surface.positions[voxel])
      }
      let side = normals.vectors[sample.voxel]
      guard side != .zero, let sheet = LocalSheet(patch, at: sample.position) else { return nil }
      var normal = (sheet.normal * side).sum() < 0 ? -sheet.normal : sheet.normal
      // Of a sheet that stands upright, the voxel's normal and that of the fit may lean to different sides.
      if settings.normals == .z, normal[0] < 0 { normal = -normal }
      let place = sheet.position / settings.edges.vector + SIMD3(Double(origin.z), Double(origin.y), Double(origin.x))
      return SurfacePoint(
        point: VoxelPoint(z: place[0], y: place[1], x: place[2]),
        angles: EulerAngles(zAxis: (normal[0], normal[1], normal[2])),
        halfWidth: Double(surface.halfWidths[sample.voxel]), component: component.index)
    }
  }

  /// Wide enough that steps between voxels even out, and wider than the sheet is thick; but where bodies are solid rather than
  /// sheets, not so wide that looking around takes all the time.
  private func defaultPatchRadius(_ surface: MidSurface) -> Double {
    let widths = surface.halfWidths.sorted()
    let edge = max(settings.edges.z, settings.edges.y, settings.edges.x)
    return min(15 * edge, max(6 * edge, 2.5 * Double(widths[widths.count / 2])))
  }
}
