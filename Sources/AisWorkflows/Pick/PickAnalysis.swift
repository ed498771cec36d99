import AisCore
import AisImaging
import AisPicking
import Synchronization

/// A segmentation that was read once: what another threshold, spacing or least size gives is told without reading it again.
///
/// Everything above a low floor is kept as runs of voxels with their values. From there on the steps are those of `PickFinding`,
/// so the points are those that `ais pick` writes.
package final class PickAnalysis: Sendable {
  package let path: String
  /// At the threshold that it was analysed with; others are settled for each question.
  package let reading: PredictionReading
  /// The lowest threshold that can be asked for, on the scale on which 255 is certain.
  package let floor: Double
  /// What is kept, roughly.
  package let byteCount: Int
  private let runs: ComponentRuns
  /// What lies above the threshold that was asked for last: another spacing divides the same anew.
  private let cut: Mutex<(threshold: Float, found: ComponentRuns)?> = Mutex(nil)
  private let divided: Mutex<[(key: DivisionKey, value: ParticlePicker.Divided)]> = Mutex([])

  private struct DivisionKey: Hashable {
    var threshold: Float
    /// Only what says which maxima start a group.
    var spacing: Double
    var seeds: ParticlePicker.Seeds
    var neck: Double
  }

  /// Divisions that are remembered: the last places of a slider.
  private static let remembered = 6
  /// Thresholds below are noise in any segmentation.
  private static let leastFloor = 4

  /// Reads a segmentation twice: for the spread of its values, and for what lies above the floor.
  ///
  /// - Parameters:
  ///   - request: scale, label, binning and view count; memory is a limit for what is kept.
  ///   - progress: called on this thread with the fraction done, 0…1.
  package init(
    _ path: String, _ request: PickRequest, cancellation: Cancellation, progress: (Double) -> Void
  ) throws(AisError) {
    var request = request
    request.threshold = .level(128)
    var reading = try PredictionReading(path, request, cancellation: cancellation)
    progress(0.05)
    try reading.keepSurvey(threads: request.threads, cancellation: cancellation)
    progress(0.4)
    self.path = path
    // A kept voxel takes 6 bytes, and its runs while they are found a multiple of that.
    var most = max(1 << 16, request.memoryLimit / 64)
    while true {
      let floor = Self.floor(reading, most: most)
      let threshold = Float(Double(floor) / 255 * reading.certainty)
      do throws(AisError) {
        let found = try ComponentRuns.find(
          in: reading.source, above: threshold, connectivity: .faces, keepsValues: true,
          memory: ByteCount(request.memoryLimit / 2), threads: request.threads, cancellation: cancellation
        ) { progress(0.4 + 0.6 * $0) }
        runs = found
        self.floor = Double(floor)
        break
      } catch {
        guard error.code == .outOfMemory, floor < 254 else { throw error }
        most /= 4
      }
    }
    self.reading = reading
    // Twice: of what lies above the threshold that was asked for last, there is a copy.
    byteCount = 2 * (runs.components.reduce(1 << 16) { $0 + $1.voxelCount * 4 + 256 } + runs.runCount * 20)
  }

  /// The lowest level above which not more than `most` voxels lie.
  private static func floor(_ reading: PredictionReading, most: Int) -> Int {
    guard let counts = reading.survey?.histogram else { return 128 }
    var above = 0
    for level in stride(from: 254, through: leastFloor, by: -1) {
      // A bin holds values half a level to both sides.
      above += counts[level + 1]
      if above + counts[level] > most { return min(254, level + 1) }
    }
    return leastFloor
  }

  /// Values from 0 to certainty in 256 equal bins.
  package var histogram: [Int] { reading.survey?.histogram ?? [] }

  /// Voxels of the segmentation as it was searched: binned.
  package var shape: Shape { runs.shape }

  /// What `ais pick` finds, and how many pieces are so small that it passes them over without a word. Only particles are told without reading the file: throws `usage` for other methods, and
  /// `limit-exceeded` for thresholds below the floor.
  package func finding(
    _ request: PickRequest, cancellation: Cancellation
  ) throws(AisError) -> (finding: PickFinding, dust: Int) {
    guard case .particles(let seeds) = request.method else {
      throw AisError(.usage, "'\(request.method.names.method)' reads the segmentation itself")
    }
    try request.validate()
    var reading = reading
    try reading.settle(request.threshold, threads: request.threads, cancellation: cancellation)
    guard reading.level >= floor else {
      throw AisError(
        .limitExceeded,
        "above \(angstromText(reading.level)) of 255 lies so much of '\(path)' that it is not kept in memory; the lowest threshold "
          + "that can be looked at is \(angstromText(floor)). Bin the segmentation, or raise the threshold")
    }
    let picker = try ParticlePicker(seeds, reading, request)
    let division = try division(picker, cancellation)
    let result = picker.chosen(from: division)
    return (
      try PickFinding.particles(result, reading, request, cancellation),
      division.voxelCounts.count - result.tally.components
    )
  }

  private func division(
    _ picker: ParticlePicker, _ cancellation: Cancellation
  ) throws(AisError) -> ParticlePicker.Divided {
    let settings = picker.settings
    let key = DivisionKey(
      threshold: settings.threshold, spacing: settings.seeds == .apart ? settings.spacing : 0, seeds: settings.seeds,
      neck: settings.neck)
    if let known = divided.withLock({ $0.first { $0.key == key }?.value }) { return known }
    let found = try above(settings.threshold, cancellation)
    let value = try picker.divided(found, cancellation: cancellation)
    divided.withLock { list in
      list.removeAll { $0.key == key }
      list.append((key, value))
      if list.count > Self.remembered { list.removeFirst() }
    }
    return value
  }

  private func above(_ threshold: Float, _ cancellation: Cancellation) throws(AisError) -> ComponentRuns {
    if let known = cut.withLock({ $0?.threshold == threshold ? $0?.found : nil }) { return known }
    let found = try runs.above(threshold, cancellation: cancellation)
    cut.withLock { $0 = (threshold, found) }
    return found
  }

  /// A plane of the segmentation, or with no index the greatest values across it: 0…255 by rows, 255 for certain.
  ///
  /// Rounded up, so that a whole level parts the same voxels as it does in the file. Below the floor everything is 0.
  package func picture(_ plane: ComponentRuns.Plane, at index: Int?) throws(AisError) -> (
    bytes: [UInt8], height: Int, width: Int
  ) {
    let depth =
      switch plane {
      case .xy: shape.z
      case .xz: shape.y
      case .yz: shape.x
      }
    if let index, !(0..<depth).contains(index) {
      throw AisError(.usage, "\(plane.rawValue) plane \(index) is not there: expected 0 to \(depth - 1)")
    }
    let values = index.map { runs.plane(plane, at: $0) } ?? runs.projection(across: plane)
    let factor = 255 / Float(reading.certainty)
    let (height, width) = runs.size(of: plane)
    // The product may be a hair above a whole number that the division made.
    return (values.map { UInt8(max(0, min(255, ($0 * factor - 1e-3).rounded(.up)))) }, height, width)
  }
}
