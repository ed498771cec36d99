import AisCore
import AisFormats
import AisImaging
import Logging

/// The surfaces of one segmentation: found, smoothed, reduced and put into place.
struct SurfaceMaking {
  /// A component and its surface, the largest component first.
  struct Piece: Sendable {
    var component: Component
    /// In the unit and frame that were asked for.
    var mesh: SurfaceMesh
  }

  let reading: PredictionReading
  let request: MeshRequest
  private let voxelSize: VoxelSize

  /// - Throws: `needs-decision` when the voxel size is unknown.
  init(_ path: String, _ request: MeshRequest, cancellation: Cancellation) throws(AisError) {
    let reading = try PredictionReading(path, request.reading, cancellation: cancellation)
    guard let voxelSize = reading.tomogram.voxelSize else {
      throw AisError(
        .needsDecision,
        "'\(path)' does not say how large its voxels are, and a mesh has lengths. Say it with '--voxel-size', for example "
          + "'--voxel-size 10A'")
    }
    self.reading = reading
    self.request = request
    self.voxelSize = voxelSize
  }

  /// Of a binned voxel, in Å³.
  var voxelVolume: Double {
    let edge = Double(request.binning)
    return voxelSize.x.angstrom * voxelSize.y.angstrom * voxelSize.z.angstrom * edge * edge * edge
  }

  /// Makes the surfaces. Progress from 0 to 0.8; how long each part took goes to the log.
  func pieces(
    logger: Logger, cancellation: Cancellation, progress: (Double) -> Void
  ) throws(AisError) -> [Piece] {
    var clock = PhaseClock(logger: logger)
    let found = try ComponentRuns.find(
      in: reading.source, above: reading.threshold, connectivity: .faces,
      minimumVoxelCount: request.dust.leastVoxelCount(of: voxelVolume, binning: request.binning),
      memory: ByteCount(request.memoryLimit), threads: request.threads, cancellation: cancellation
    ) { progress(0.35 * $0) }
    clock.note("\(found.components.count) components found")
    let order = found.components.indices
      .sorted { (-found.components[$0].voxelCount, $0) < (-found.components[$1].voxelCount, $1) }
      .prefix(request.limit ?? .max)
    guard !order.isEmpty else { return [] }
    let field = ComponentField(found, order: Array(order), source: reading.source)
    let counts = field.vertexCounts(threads: request.threads)
    try checkMemory(field, counts)
    let rough = try MarchingCubes.surfaces(
      of: field, level: reading.threshold, vertexCounts: counts, threads: request.threads, cancellation: cancellation
    ) { progress(0.35 + 0.35 * $0) }
    clock.note("surfaces made")
    let meshes = try refined(consume rough, cancellation: cancellation)
    clock.note("surfaces put into place")
    progress(0.8)
    return zip(order, meshes).map { Piece(component: found.components[$0], mesh: $1) }
  }

  /// Smooths, reduces and places each surface; several at a time.
  private func refined(
    _ meshes: consuming [SurfaceMesh], cancellation: Cancellation
  ) throws(AisError) -> [SurfaceMesh] {
    let (scale, offset) = request.usedFrame.placement(
      of: reading.tomogram.info, shape: reading.tomogram.shape, voxelSize: voxelSize, binning: request.binning)
    let unit = request.usedUnit.angstroms
    // A single surface has all threads for itself; of many, each has one.
    let innerThreads = meshes.count == 1 ? request.threads : 1
    // Nobody else may hold on to the meshes, or changing one would copy it.
    var results = (consume meshes).map { Result<SurfaceMesh, AisError>.success($0) }
    results.withUnsafeMutableBufferPointer { buffer in
      // Each element is changed by the one thread that has its item.
      nonisolated(unsafe) let results = buffer
      Slabs.forEachItem(count: results.count, threads: request.threads) { index in
        guard case .success(var mesh) = results[index] else { return }
        results[index] = .success(SurfaceMesh())
        results[index] = Result { () throws(AisError) in
          try cancellation.check()
          MeshSmoothing.smooth(&mesh, iterations: request.smoothing, threads: innerThreads)
          if !request.decimation.isOff {
            // Errors are lengths: all axes in ångström before the triangles are reduced.
            mesh.map(scale: scale, offset: .zero)
            let kept = (Double(mesh.triangles.count) * request.decimation.share).rounded(.up)
            try MeshDecimation.decimate(
              &mesh,
              to: .init(
                triangles: request.decimation.share < 1 ? Int(kept) : 0,
                error: request.decimation.tolerance?.angstrom ?? .infinity), cancellation: cancellation)
            mesh.map(scale: SIMD3(repeating: 1 / unit), offset: offset / unit)
          } else {
            mesh.map(scale: scale / unit, offset: offset / unit)
          }
          return mesh
        }
      }
    }
    var refined: [SurfaceMesh] = []
    for result in results { refined.append(try result.get()) }
    return refined
  }

  /// Stops before the work when it cannot fit: the number of vertices is known exactly.
  private func checkMemory(_ field: ComponentField, _ counts: ComponentField.VertexCounts) throws(AisError) {
    // Smoothing and reducing work on as many surfaces at a time as there are threads, at worst the largest.
    let busy = counts.ofParts.sorted(by: >).prefix(request.threads).reduce(0, +)
    let each = request.decimation.isOff ? (request.smoothing > 0 ? 64 : 32) : MeshDecimation.bytesPerVertex
    let needed =
      SegmentPlanner.programBytes + request.view.cacheBytes + 2 * field.byteCount + readingBytes * request.threads
      + MarchingCubes.byteCount(of: counts, shape: field.shape, threads: request.threads) + busy * each
    guard needed > request.memoryLimit else { return }
    throw AisError(
      .outOfMemory,
      "'\(reading.path)' needs \(ByteCount(needed)) for a surface of about \(2 * counts.ofParts.reduce(0, +)) triangles, "
        + "\(ByteCount(request.memoryLimit)) are allowed. '--binning \(request.binning + 1)' takes less; or raise '--memory', "
        + "'--threshold' or '--min-volume'")
  }

  /// Slices of the file, and their sums when they are binned.
  private var readingBytes: Int {
    let slice = reading.tomogram.shape.sliceCount * 4
    return request.binning == 1 ? slice : slice + reading.source.shape.sliceCount * 12
  }
}

/// Tells the log how long each part of the work took.
struct PhaseClock {
  let logger: Logger
  private var last = ContinuousClock.now

  init(logger: Logger) { self.logger = logger }

  mutating func note(_ what: String) {
    let now = ContinuousClock.now
    let elapsed = (now - last).components
    let milliseconds = elapsed.seconds * 1000 + elapsed.attoseconds / 1_000_000_000_000_000
    logger.debug("\(what) in \(milliseconds) ms")
    last = now
  }
}
