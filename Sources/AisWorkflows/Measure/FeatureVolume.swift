import AisCore
import AisFormats
import AisImaging

/// A segmentation as components with surfaces, in ångström from the outer corner of the volume's first voxel.
struct FeatureVolume: Sendable {
  let reading: PredictionReading
  /// Before binning.
  let shape: Shape
  let voxelSize: VoxelSize
  let components: [Component]
  /// One for each component.
  let surfaces: [SurfaceMesh]
  /// What was measured on, with larger voxels than the file when binned, cut into its components.
  private let field: ComponentField
  let workingVoxelSize: VoxelSize
  /// On the scale of the field's values.
  let level: Float
  /// Rounds of smoothing that the surfaces had.
  let smoothing: Int
  /// Mean values of components are multiplied by this to reach 0 to 255.
  let valueScale: Double

  /// - Throws: what reading throws; `.needsDecision` for an unknown voxel size; `.outOfMemory`.
  static func open(
    _ path: String, settings: MeasureRequest.Settings, threads: Int, memory: ByteCount, cancellation: Cancellation,
    progress: (Double) -> Void = { _ in }
  ) throws(AisError) -> FeatureVolume {
    let reading = try PredictionReading(path, settings.reading(threads: threads, memory), cancellation: cancellation)
    let volume = reading.tomogram
    try VoxelSizeCheck.require(volume, path: path, need: "Measures are lengths.")
    guard let voxelSize = volume.voxelSize, let working = reading.voxelSize else { throw .unknownVoxelSize(of: path) }
    let source = reading.source
    // Any level cuts a mask alike; half-way its surface has no side that is nearer.
    var isMask = settings.binning == 1
    if isMask { isMask = try Self.isMask(source, certainty: Float(reading.certainty), cancellation) }
    let level = isMask ? Float(reading.certainty / 2) : reading.threshold
    let least = settings.minimumVolume.leastVoxelCount(
      of: working.volumeCubicNanometers * 1000, binning: settings.binning)
    let runs = try ComponentRuns.find(
      in: source, above: level, connectivity: .faces, minimumVoxelCount: least, memory: memory, threads: threads,
      cancellation: cancellation, progress: { progress(0.5 * $0) })
    let field = ComponentField(runs, source: source)
    let counts = field.vertexCounts(threads: threads)
    // The tree that finds the nearest triangle keeps 41 bytes of each and needs 24 more while it grows.
    let triangles = counts.ofParts.reduce(0, +) * 5 / 2
    let bytes =
      SegmentPlanner.programBytes + volume.options.cacheBytes + 2 * field.byteCount + triangles * 65
      + MarchingCubes.byteCount(of: counts, shape: source.shape, threads: threads)
    guard bytes <= memory.bytes else {
      throw AisError(
        .outOfMemory,
        "the surfaces of '\(path)' need \(ByteCount(bytes)), more than the \(memory) that may be used. Measure at lower resolution "
          + "with '--bin 2', or raise '--threshold' or '--memory'")
    }
    var surfaces = try MarchingCubes.surfaces(
      of: field, level: level, vertexCounts: counts, threads: threads, cancellation: cancellation,
      progress: { progress(0.5 + 0.5 * $0) })
    // Binning makes grey values of a mask; its surfaces are then no steps.
    let smoothing = settings.smoothing ?? (isMask ? 10 : 0)
    let scale = SIMD3(working.x.angstrom, working.y.angstrom, working.z.angstrom)
    for index in surfaces.indices {
      try cancellation.check()
      Self.smooth(&surfaces[index], iterations: smoothing, threads: threads)
      surfaces[index].map(scale: scale, offset: scale / 2)
    }
    return FeatureVolume(
      reading: reading, shape: volume.shape, voxelSize: voxelSize, components: runs.components, surfaces: surfaces,
      field: field, workingVoxelSize: working, level: level, smoothing: smoothing,
      valueScale: settings.label == nil ? 255 / reading.certainty : 1)
  }

  /// Smooths a surface, unless it is so small that nothing would be left of it: when what it encloses changes by more than a
  /// tenth, it stays as it is.
  private static func smooth(_ surface: inout SurfaceMesh, iterations: Int, threads: Int) {
    guard iterations > 0 else { return }
    var smoothed = surface
    MeshSmoothing.smooth(&smoothed, iterations: iterations, threads: threads)
    let before = surface.enclosedVolume
    if abs(smoothed.enclosedVolume - before) <= 0.1 * before { surface = smoothed }
  }

  /// Memory in bytes, with the tree that finds the nearest triangle.
  var byteCount: Int {
    surfaces.reduce(field.byteCount) { $0 + $1.vertices.count * 16 + $1.triangles.count * (16 + 41) }
  }

  /// What all its voxels fill.
  var wholeCubicNanometers: Double { voxelSize.volumeCubicNanometers * Double(shape.count) }

  /// Where the centre of a component lies.
  func centre(_ component: Component) -> Position { component.centroid.cornerPosition(workingVoxelSize) }

  /// All surfaces as one.
  var wholeSurface: SurfaceMesh {
    var whole = SurfaceMesh()
    for surface in surfaces { whole.append(surface) }
    return whole
  }

  /// Whether each position lies inside the feature: the value between the eight voxels around it is above the level.
  func contains(_ positions: [Position], _ cancellation: Cancellation) throws(AisError) -> [Bool] {
    let shape = field.shape
    var result = [Bool](repeating: false, count: positions.count)
    var bySlice: [Int: [Int]] = [:]
    let points = positions.map { position -> VoxelPoint in
      let point = position.point(workingVoxelSize)
      return VoxelPoint(z: point.z - 0.5, y: point.y - 0.5, x: point.x - 0.5)
    }
    for (index, point) in points.enumerated()
    where point.z > -1 && point.z < Double(shape.z) && positions[index].isFinite {
      bySlice[Int(point.z.rounded(.down)), default: []].append(index)
    }
    for (z, members) in bySlice.sorted(by: { $0.key < $1.key }) {
      try cancellation.check()
      let (below, above) = (try slice(z), try slice(z + 1))
      for index in members {
        let part = Float(points[index].z - Double(z))
        let value =
          (1 - part) * Self.value(below, shape, points[index]) + part * Self.value(above, shape, points[index])
        result[index] = value > level
      }
    }
    return result
  }

  /// The values of a slice without the dust that was left out; 0 outside the volume.
  private func slice(_ z: Int) throws(AisError) -> [Float] {
    var values = [Float](repeating: 0, count: field.shape.sliceCount)
    guard z >= 0, z < field.shape.z, !field.isEmpty(z) else { return values }
    var isKept = [Bool](repeating: false, count: values.count)
    field.forEachRun(z) { y, lower, upper, _ in
      for x in lower..<upper { isKept[y * field.shape.x + x] = true }
    }
    var failure: AisError?
    values.withUnsafeMutableBufferPointer { buffer in
      do throws(AisError) { try field.readValues(z, into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    for i in values.indices where !isKept[i] && values[i] > level { values[i] = 0 }
    return values
  }

  /// Between the four voxels of a slice around a point; what lies outside the volume counts as 0, and so does NaN.
  private static func value(_ slice: [Float], _ shape: Shape, _ point: VoxelPoint) -> Float {
    guard point.y > -1, point.x > -1, point.y < Double(shape.y), point.x < Double(shape.x) else { return 0 }
    let (y, x) = (Int(point.y.rounded(.down)), Int(point.x.rounded(.down)))
    let (v, u) = (Float(point.y - Double(y)), Float(point.x - Double(x)))
    func at(_ y: Int, _ x: Int) -> Float {
      guard y >= 0, x >= 0, y < shape.y, x < shape.x else { return 0 }
      let value = slice[y * shape.x + x]
      return value.isNaN ? 0 : value
    }
    return (1 - v) * ((1 - u) * at(y, x) + u * at(y, x + 1)) + v * ((1 - u) * at(y + 1, x) + u * at(y + 1, x + 1))
  }

  /// Whether a segmentation is all or nothing, by sixteen of its slices.
  private static func isMask(
    _ source: any SliceSource, certainty: Float, _ cancellation: Cancellation
  ) throws(AisError) -> Bool {
    let count = min(16, source.shape.z)
    for i in 0..<count {
      try cancellation.check()
      let slice = try source.slice((2 * i + 1) * source.shape.z / (2 * count))
      if slice.contains(where: { $0 > 0 && $0 < certainty }) { return false }
    }
    return true
  }
}
