import AisCore
import AisFormats
import AisImaging
import AisPicking
import Foundation

extension PickFinding {
  /// Points along the filaments of a segmentation.
  static func filaments(
    _ rules: FilamentRules, _ reading: PredictionReading, _ request: PickRequest, _ cancellation: Cancellation,
    _ progress: (Double) -> Void
  ) throws(AisError) -> PickFinding {
    let frame = CurveFrame(reading, request)
    var settings = FilamentSettings(
      spacing: try frame.spacing(), minimumLength: try frame.binned(rules.minimumLength, "--min-length"))
    settings.edges = reading.edges
    settings.twist = rules.twist
    settings.junctions = rules.junctions
    settings.greatestBend = rules.greatestBend
    settings.pruning = try rules.pruning.map { (extent) throws(AisError) in try frame.binned(extent, "--prune") }
    settings.smoothing = try rules.smoothing.map { (extent) throws(AisError) in try frame.binned(extent, "--smoothing")
    }

    let pieces = try frame.pieces(cancellation) { progress($0 * 0.4) }
    let picker = FilamentPicker(
      settings, threads: request.threads, memory: request.workingMemory(for: reading.tomogram))
    let filaments = try picker.filaments(in: pieces, cancellation: cancellation) { progress(0.4 + $0 * 0.6) }

    var found: [Found] = []
    for (number, filament) in filaments.enumerated() {
      for (index, point) in filament.points.enumerated() {
        // The logarithm of a straight stretch is that of 10⁹, not infinity, which few readers take.
        let radius = min(1e9, frame.length(point.radiusOfCurvature))
        found.append(
          Found(
            point: point.point.unbinned(by: request.binning), score: nil, size: frame.size(filament.length),
            angles: point.angles,
            extra: [
              DecimalText.fixed(radius, 3), DecimalText.fixed(log10(radius), 6), filament.connectivity(at: index),
              DecimalText.fixed(frame.length(point.way), 3), DecimalText.fixed(frame.length(filament.length), 3),
            ], group: number))
      }
    }
    var finding = PickFinding(
      list: ParticleList(
        tomograms: [Self.frame(reading, request)],
        extraColumns: [
          "aisRadiusOfCurvature", "aisLog10RadiusOfCurvature", "aisFilamentConnectivity",
          "aisFilamentWay\(frame.suffix)", "aisFilamentLength\(frame.suffix)",
        ]),
      tally: PickTally(), reading: reading, sizes: [], sizeUnit: frame.unit,
      rules: "\(request.spacing.text) apart, on filaments of at least \(rules.minimumLength.text)")
    finding.tally.components = pieces.components.count
    finding.tally.groups = found.isEmpty ? pieces.components.count : found.count
    finding.noun = "point"
    finding.sizeNoun = "lengths of filaments"
    try finding.select(found, request, cancellation)
    finding.sizes = filaments.map { frame.size($0.length) }
    finding.warn(frame, pieces, isEmpty: filaments.isEmpty, "no filament is as long as \(rules.minimumLength.text)")
    return finding
  }

  /// Points on the surfaces of a segmentation.
  static func surfaces(
    _ rules: SurfaceRules, _ reading: PredictionReading, _ request: PickRequest, _ cancellation: Cancellation,
    _ progress: (Double) -> Void
  ) throws(AisError) -> PickFinding {
    let frame = CurveFrame(reading, request)
    var settings = SurfaceSettings(spacing: try frame.spacing())
    settings.edges = reading.edges
    settings.normals = rules.normals
    settings.patchRadius = try rules.patch.map { (extent) throws(AisError) in try frame.binned(extent, "--patch") }

    let pieces = try frame.pieces(cancellation) { progress($0 * 0.4) }
    let picker = SurfacePicker(
      settings, threads: request.threads, memory: request.workingMemory(for: reading.tomogram))
    let points = try picker.points(in: pieces, cancellation: cancellation) { progress(0.4 + $0 * 0.6) }

    let found = points.map { point in
      Found(
        point: point.point.unbinned(by: request.binning), score: nil, size: frame.size(2 * point.halfWidth),
        angles: point.angles, extra: [DecimalText.fixed(frame.length(2 * point.halfWidth), 3)], group: point.component)
    }
    var finding = PickFinding(
      list: ParticleList(
        tomograms: [Self.frame(reading, request)], extraColumns: ["aisThickness\(frame.suffix)"]),
      tally: PickTally(), reading: reading, sizes: [], sizeUnit: frame.unit,
      rules: "\(request.spacing.text) apart on surfaces, normals \(rules.normals.words)")
    finding.tally.components = pieces.components.count
    finding.tally.groups = found.isEmpty ? pieces.components.count : found.count
    finding.noun = "point"
    finding.sizeNoun = "thickness"
    try finding.select(found, request, cancellation)
    finding.warn(frame, pieces, isEmpty: points.isEmpty, "what was found is no sheet: specks, threads or solid bodies")
    finding.warn(frame, SolidPieces(among: points, in: pieces, edges: reading.edges))
    return finding
  }

  private mutating func warn(_ frame: CurveFrame, _ solid: SolidPieces) {
    guard !solid.components.isEmpty else { return }
    let count = solid.components.count
    let thickness = "\(DecimalText.fixed(frame.size(solid.greatestThickness), 1)) \(frame.unit)"
    warnings.append(
      "\(count) of \(tally.components) pieces \(count == 1 ? "is a solid body" : "are solid bodies") (up to \(thickness) thick) and "
        + "no sheet: points there lie in the middle of the body, not on its outer surface. Segment the membrane around it "
        + "instead, or drop the points by 'aisThickness\(frame.suffix)'")
  }

  private mutating func warn(_ frame: CurveFrame, _ pieces: ComponentRuns, isEmpty: Bool, _ reason: String) {
    if isEmpty, !pieces.components.isEmpty { warnings.append("no point was set: \(reason)") }
    if frame.size == nil, !list.particles.isEmpty {
      warnings.append(
        "the voxel size is unknown: lengths in the list are in voxels. Give '--voxel-size' to have them in ångström")
    }
  }
}

/// Lengths between people, who count in ångström or voxels of the file, and pickers, who count in binned voxels along x.
private struct CurveFrame {
  let reading: PredictionReading
  let request: PickRequest
  let size: VoxelSize?
  private let binning: Double

  init(_ reading: PredictionReading, _ request: PickRequest) {
    self.reading = reading
    self.request = request
    size = reading.tomogram.voxelSize
    binning = Double(request.binning)
  }

  /// In binned voxels along x.
  func binned(_ extent: PickRequest.Extent, _ option: String) throws(AisError) -> Double {
    try extent.voxels(size, option: option, path: reading.path) / binning
  }

  func spacing() throws(AisError) -> Double { try binned(request.spacing, "--every") }

  /// In ångström, or voxels of the file where their size is unknown.
  func length(_ value: Double) -> Double { value * binning * (size?.x.angstrom ?? 1) }

  /// For people: in nanometres, or voxels.
  func size(_ value: Double) -> Double { size == nil ? length(value) : length(value) / 10 }

  var unit: String { size == nil ? "voxels" : "nm" }
  /// Of columns.
  var suffix: String { size == nil ? "Voxels" : "Angst" }

  /// The connected pieces above the threshold that are large enough.
  func pieces(_ cancellation: Cancellation, _ progress: (Double) -> Void) throws(AisError) -> ComponentRuns {
    let spacing = try request.spacing.voxels(size, option: "--every", path: reading.path)
    let minimum = try request.minimumVoxels(
      spacing: spacing, size: size, edges: reading.edges, path: reading.path)
    return try ComponentRuns.find(
      in: reading.source, above: reading.threshold, connectivity: .faces,
      minimumVoxelCount: max(1, Int(min(1e15, (minimum / (binning * binning * binning)).rounded(.up)))),
      memory: request.workingMemory(for: reading.tomogram), threads: request.threads, cancellation: cancellation,
      progress: progress)
  }
}

extension Filament {
  /// The reference's code of a point: 0 within the filament, else how the filament ends there.
  fileprivate func connectivity(at index: Int) -> String {
    if isClosed { return "0" }
    if index == 0 { return start.code }
    return index == points.count - 1 ? end.code : "0"
  }
}

extension Filament.End {
  fileprivate var code: String {
    switch self {
    case .free: "1"
    case .junction: "2"
    case .border: "3"
    }
  }
}

extension SurfaceSettings.Normals {
  fileprivate var words: String {
    switch self {
    case .outward: "outward (away from the middle of each sheet; of flat ones to greater z)"
    case .inward: "inward (towards the middle of each sheet; of flat ones to smaller z)"
    case .z: "to greater z"
    }
  }
}
