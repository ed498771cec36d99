import AisCore
import AisFormats
import AisImaging
import AisPicking

/// The points found in one segmentation.
package struct PickFinding: Sendable {
  package var list: ParticleList
  package var tally: PickTally
  package let reading: PredictionReading
  /// Of the particles, in their order.
  package var sizes: [Double]
  /// `nm³`, `voxels`, or of the reference's peaks `voxels deep`.
  package var sizeUnit: String
  /// What the list holds, and what its sizes are.
  package var noun = "particle"
  package var sizeNoun = "sizes"
  /// What points are chosen from.
  package var groupNoun: String { noun == "particle" ? "group" : noun }
  /// What was asked for in words, behind the number of particles.
  package var rules: String
  package var warnings: [String] = []

  /// A point and what the list says of it.
  struct Found {
    /// In voxels of the file.
    var point: VoxelPoint
    var score: Double?
    var size: Double
    var angles: EulerAngles?
    var extra: [String] = []
    /// The filament or sheet that it lies on.
    var group: Int?
  }

  /// Searches a segmentation.
  ///
  /// - Parameter progress: called on this thread with the fraction done, 0…1.
  package static func make(
    _ path: String, _ request: PickRequest, cancellation: Cancellation, progress: (Double) -> Void
  ) throws(AisError) -> PickFinding {
    let reading = try PredictionReading(path, request, cancellation: cancellation)
    switch request.method {
    case .particles(let seeds):
      return try particles(seeds, reading, request, cancellation, progress)
    case .referencePeaks, .referenceCentroids:
      return try reference(reading, request, cancellation, progress)
    case .filaments(let rules):
      return try filaments(rules, reading, request, cancellation, progress)
    case .surfaces(let rules):
      return try surfaces(rules, reading, request, cancellation, progress)
    }
  }

  private static func particles(
    _ seeds: ParticlePicker.Seeds, _ reading: PredictionReading, _ request: PickRequest, _ cancellation: Cancellation,
    _ progress: (Double) -> Void
  ) throws(AisError) -> PickFinding {
    let picker = try ParticlePicker(seeds, reading, request)
    let result = try picker.pick(in: reading.source, cancellation: cancellation, progress: progress)
    return try particles(result, reading, request, cancellation)
  }

  /// The list of what the picker found.
  static func particles(
    _ result: ParticlePicker.Result, _ reading: PredictionReading, _ request: PickRequest, _ cancellation: Cancellation
  ) throws(AisError) -> PickFinding {
    let size = reading.tomogram.voxelSize
    let edges = reading.edges
    let spacing = try request.spacing.voxels(size, option: "--spacing", path: reading.path)
    let minimum = try request.minimumVoxels(spacing: spacing, size: size, edges: edges, path: reading.path)
    let unit = SizeUnit(size, binning: request.binning)
    let centre = middle(of: reading.source.shape)
    let found = result.groups.map { group in
      let size = unit.size(of: group.voxelCount)
      return Found(
        point: group.centroid.unbinned(by: request.binning), score: group.sum / reading.certainty, size: size,
        angles: request.orientation?.angles(of: group, edges: edges, volumeCentre: centre),
        extra: [DecimalText.fixed(size, 3), group.isAtFace ? "1" : "0"])
    }
    var finding = PickFinding(
      list: ParticleList(tomograms: [frame(reading, request)], extraColumns: [unit.column, "aisAtFace"]),
      tally: result.tally, reading: reading, sizes: [], sizeUnit: unit.name,
      rules: "\(request.spacing.text) apart, at least \(unit.text(minimum))")
    try finding.select(found, request, cancellation)
    return finding
  }

  private static func reference(
    _ reading: PredictionReading, _ request: PickRequest, _ cancellation: Cancellation, _ progress: (Double) -> Void
  ) throws(AisError) -> PickFinding {
    let size = reading.tomogram.voxelSize
    let binning = Double(request.binning)
    let spacing = try request.spacing.voxels(size, option: "--spacing", path: reading.path) / binning
    let margin = try request.margin.voxels(size, option: "--margin", path: reading.path)
    let minimum = try request.minimumVoxels(spacing: 0, size: size, edges: .one, path: reading.path)
    let picker = ReferencePicker(
      threshold: reading.threshold, minimumVoxelCount: minimum / (binning * binning * binning),
      margin: Int(margin) / request.binning, threads: request.threads,
      memory: request.workingMemory(for: reading.tomogram))
    /// The reference multiplies by the bin and leaves out the half voxel.
    func whole(_ p: VoxelPoint) -> VoxelPoint { VoxelPoint(z: p.z * binning, y: p.y * binning, x: p.x * binning) }

    var found: [Found] = []
    var unit = SizeUnit(size, binning: request.binning)
    if request.method == .referencePeaks {
      // Rounding of the quotient must not turn 10 voxels into 9.
      let distance = max(3, Int(spacing + 1e-9))
      unit.name = "voxels deep"
      found = try picker.peaks(
        in: reading.source, minimumDistance: distance, cancellation: cancellation, progress: progress
      ).map { Found(point: whole(VoxelPoint($0.voxel)), score: $0.distance, size: $0.distance) }
    } else {
      let centre = middle(of: reading.source.shape)
      found = try picker.centroids(in: reading.source, cancellation: cancellation, progress: progress).map { group in
        let angles = request.orientation.map {
          $0.angles(of: group, edges: .one, volumeCentre: centre) ?? EulerAngles(rot: 0, tilt: 0, psi: 0)
        }
        let volume = unit.cubicAngstroms(of: group.voxelCount) ?? Double(group.voxelCount)
        return Found(
          point: whole(group.centroid), score: volume, size: unit.size(of: group.voxelCount), angles: angles)
      }
    }
    var finding = PickFinding(
      list: ParticleList(tomograms: [frame(reading, request)]), tally: PickTally(), reading: reading, sizes: [],
      sizeUnit: unit.name, rules: "as the reference program does")
    finding.tally.groups = found.count
    finding.tally.picked = found.count
    var inside = request
    inside.margin = .voxels(0)
    try finding.select(found, inside, cancellation)
    return finding
  }

  /// Drops what lies in the margin, outside of region and mask, or beyond the limit, and makes the list.
  mutating func select(
    _ found: [Found], _ request: PickRequest, _ cancellation: Cancellation
  ) throws(AisError) {
    let tomogram = reading.tomogram
    let margin = try request.margin.voxels(tomogram.voxelSize, option: "--margin", path: reading.path)
    let selection = try PointSelection(
      shape: tomogram.shape, edges: reading.edges, margin: margin, region: request.region, mask: request.mask,
      options: request.view)
    let isInside = try selection.isInside(found.map(\.point), cancellation: cancellation)
    var kept: [Found] = []
    for (item, isInside) in zip(found, isInside) {
      if !selection.isBeyondMargin(item.point) {
        tally.inMargin += 1
      } else if !isInside {
        tally.outside += 1
      } else if kept.count == request.limit {
        tally.beyondLimit += 1
      } else {
        kept.append(item)
      }
    }
    tally.picked = kept.count
    list.particles = kept.map {
      Particle(point: $0.point, angles: $0.angles, score: $0.score, group: $0.group, extra: $0.extra)
    }
    sizes = kept.map(\.size)
    if tally.groups == 0 {
      let reason = try reading.emptiness(threads: request.threads, cancellation: cancellation)
      warnings.append("no \(noun) was found: \(reason)")
    }
  }

  /// The tomogram under the name that lists know it by.
  static func frame(of segmentation: String, _ tomogram: Tomogram, _ request: PickRequest) -> TomogramFrame {
    TomogramFrame(
      name: SegmentationName.tomogram(of: segmentation, atFirstMark: request.followsReference),
      shape: tomogram.shape, voxelSize: tomogram.voxelSize)
  }

  static func frame(_ reading: PredictionReading, _ request: PickRequest) -> TomogramFrame {
    frame(of: reading.path, reading.tomogram, request)
  }

  private static func middle(of shape: Shape) -> VoxelPoint {
    VoxelPoint(z: Double(shape.z - 1) / 2, y: Double(shape.y - 1) / 2, x: Double(shape.x - 1) / 2)
  }
}

/// How volumes of groups are told: in nm³, or in voxels when these are of unknown size.
struct SizeUnit {
  var name: String
  /// Of a list.
  var column: String
  private let perVoxel: Double
  private let cubicAngstroms: Double?
  private let binning: Double

  init(_ size: VoxelSize?, binning: Int) {
    self.binning = Double(binning * binning * binning)
    cubicAngstroms = size.map { $0.z.angstrom * $0.y.angstrom * $0.x.angstrom }
    perVoxel = cubicAngstroms.map { $0 / 1000 } ?? 1
    name = cubicAngstroms == nil ? "voxels" : "nm³"
    column = cubicAngstroms == nil ? "aisVolumeVoxels" : "aisVolumeNm3"
  }

  /// Of so many binned voxels.
  func size(of count: Int) -> Double { Double(count) * binning * perVoxel }

  func cubicAngstroms(of count: Int) -> Double? { cubicAngstroms.map { Double(count) * binning * $0 } }

  /// Of so many voxels of the file.
  func text(_ voxels: Double) -> String { "\(SizeHistogram.number(voxels * perVoxel)) \(name)" }
}

extension ParticlePicker {
  /// The picker that a request means for a segmentation.
  init(_ seeds: Seeds, _ reading: PredictionReading, _ request: PickRequest) throws(AisError) {
    let (size, path, binning) = (reading.tomogram.voxelSize, reading.path, Double(request.binning))
    let spacing = try request.spacing.voxels(size, option: "--spacing", path: path)
    let minimum = try request.minimumVoxels(spacing: spacing, size: size, edges: reading.edges, path: path)
    var settings = Settings(
      threshold: reading.threshold, spacing: spacing / binning,
      minimumVoxelCount: Int(min(1e15, (minimum / (binning * binning * binning)).rounded(.up))))
    settings.edges = reading.edges
    settings.seeds = seeds
    settings.neck = request.neck
    self.init(settings, threads: request.threads, memory: request.workingMemory(for: reading.tomogram))
  }
}

extension PickRequest {
  /// The minimum volume in voxels of the file.
  func minimumVoxels(
    spacing: Double, size: VoxelSize?, edges: VoxelEdges, path: String
  ) throws(AisError) -> Double {
    switch minimumVolume {
    case .voxels(let count): return count
    case .cubicAngstroms(let volume):
      guard let size else { throw .voxelSizeNeeded(option: "--min-volume", path: path) }
      return volume / (size.z.angstrom * size.y.angstrom * size.x.angstrom)
    case nil:
      // A ball of half the spacing across.
      let diameter = spacing / 2
      return (Double.pi / 6 * diameter * diameter * diameter / edges.volume).rounded()
    }
  }

  /// What is left of the memory for what was found, beside the program and the slices that are read.
  func workingMemory(for tomogram: Tomogram) -> ByteCount {
    let slices = threads * tomogram.shape.sliceCount * 4 * 3
    return ByteCount(max(1 << 20, memoryLimit - SegmentPlanner.programBytes - slices - view.cacheBytes))
  }
}
