import AisCore
import AisFormats
import AisImaging
import AisPicking

/// What a person asks of `ais pick`.
package struct PickRequest: Sendable {
  /// How points are made from a segmentation.
  package enum Method: Sendable, Hashable {
    /// The paper's procedure.
    case particles(ParticlePicker.Seeds)
    /// As the reference program does without options: peaks of the distance to the background.
    case referencePeaks
    /// As the reference program does with `-centroid`: one point for each connected piece.
    case referenceCentroids
    /// Points along filaments.
    case filaments(FilamentRules)
    /// Points on surfaces such as membranes.
    case surfaces(SurfaceRules)
  }

  /// Where a prediction begins.
  package enum Threshold: Sendable, Hashable {
    /// Chosen for each segmentation, by its values.
    case automatic
    /// On the scale on which 255 is certain.
    case level(Double)
  }

  /// A length, or a number of voxels of the segmentation as it lies in its file.
  package enum Extent: Sendable, Hashable {
    case length(Length)
    case voxels(Double)
  }

  /// A volume, or a number of voxels.
  package enum Bulk: Sendable, Hashable {
    case cubicAngstroms(Double)
    case voxels(Double)
  }

  /// Files, folders, patterns and lists as typed.
  package var inputs: [String]
  /// Of folders, only the segmentations of this feature.
  package var feature: String?
  package var outputFolder: String
  package var method = Method.particles(.apart)
  package var threshold = Threshold.level(128)
  /// What the values mean; `nil` lets the file decide.
  package var scale: PredictionScale.Kind?
  /// Picks in a volume of labels: only voxels that hold this number.
  package var label: Int?
  package var spacing = Extent.length(.nanometers(10))
  /// `nil`: a ball of half the spacing across.
  package var minimumVolume: Bulk?
  /// From which width on a neck, as a part of the narrower group's width, makes two groups one; 0…1.
  package var neck = ParticlePicker.defaultNeck
  /// Kept free at all faces.
  package var margin = Extent.voxels(0)
  package var binning = 1
  /// Only points inside; in voxels of the file.
  package var region: VoxelBox?
  /// Only points where this volume is above 0.
  package var mask: String?
  /// At most so many points a segmentation, the heaviest.
  package var limit: Int?
  package var orientation: ShapeOrientation?
  package var format = CoordinateFormat.ais
  package var formatOptions = CoordinateOptions()
  /// RELION's `tomograms.star`, for the formats that count in its unbinned pixels.
  package var tiltSeriesTable: String?
  package var drawsContactSheet = true
  /// Writes a script that opens tomogram, segmentation and points in ChimeraX.
  package var writesChimeraXScript = false
  /// Reads each list again, and compares it with what was found.
  package var readsBack = false
  /// The tomogram of a single segmentation, or the folder of many, for the contact sheet.
  package var tomogram: String?
  /// Tomograms whose files are known, by name.
  package var tomogramPaths: [String: String] = [:]
  package var view = TomogramOptions()
  /// Replaces outputs that are there.
  package var replacesOutputs = false
  /// Bytes that the process may use.
  package var memoryLimit: Int
  package var threads: Int

  package init(inputs: [String], outputFolder: String, memoryLimit: Int, threads: Int) {
    self.inputs = inputs
    self.outputFolder = outputFolder
    self.memoryLimit = memoryLimit
    self.threads = threads
  }

  /// Whether the reference's own rules hold for the threshold's scale, binning and ties.
  var followsReference: Bool { method == .referencePeaks || method == .referenceCentroids }

  /// Throws `usage` for what contradicts itself.
  package func validate() throws(AisError) {
    if case .level(let level) = threshold, !(0..<255).contains(level) {
      throw AisError(
        .usage, "the threshold \(level) is out of range: expected 0 to 254, or a fraction below 1 such as 0.5")
    }
    guard (1...64).contains(binning) else {
      throw AisError(.usage, "--binning \(binning): expected 1 to 64")
    }
    if method == .referencePeaks, orientation != nil {
      throw AisError(
        .usage, "peaks of the distance have no shape: '--orient' needs another method than 'reference-peaks'")
    }
    try validateCurves()
    try PredictionScale.check(label: label)
    guard neck > 0, neck <= 1 else { throw AisError(.usage, "--neck \(neck): expected more than 0 and at most 1") }
    if let limit, limit < 1 { throw AisError(.usage, "--limit \(limit): expected at least 1") }
  }
}

extension PickRequest.Extent {
  /// In voxels along x; throws `needs-decision` when the voxel size is needed and unknown.
  func voxels(_ size: VoxelSize?, option: String, path: String) throws(AisError) -> Double {
    switch self {
    case .voxels(let count): return count
    case .length(let length):
      guard let size else { throw .voxelSizeNeeded(option: option, path: path) }
      return length / size.x
    }
  }

  var isAboveZero: Bool {
    switch self {
    case .length(let length): length.angstrom > 0
    case .voxels(let count): count > 0
    }
  }

  /// `10 nm`, `12 voxels`.
  package var text: String {
    switch self {
    case .length(let length): "\(angstromText(length.nanometer)) nm"
    case .voxels(let count): count == 1 ? "1 voxel" : "\(angstromText(count)) voxels"
    }
  }
}

extension PickRequest.Bulk {
  /// The least number of whole voxels, at least 1, that are as much.
  ///
  /// - Parameters:
  ///   - voxelVolume: of a voxel that is counted, in Å³.
  ///   - binning: how many voxels of the file it is on each axis.
  func leastVoxelCount(of voxelVolume: Double, binning: Int = 1) -> Int {
    let count: Double =
      switch self {
      case .cubicAngstroms(let volume): volume / voxelVolume
      case .voxels(let count): count / Double(binning * binning * binning)
      }
    // What is exactly as large counts, also where the division is not exact.
    return max(1, Int(min((count - 1e-6).rounded(.up), 1e15)))
  }

  /// `65 nm³`, `100 voxels`.
  package var text: String {
    switch self {
    case .cubicAngstroms(let volume): "\(angstromText((volume).rounded() / 1000)) nm³"
    case .voxels(let count): count == 1 ? "1 voxel" : "\(angstromText(count)) voxels"
    }
  }
}

extension AisError {
  /// A length was given for a volume whose voxels may be of any size.
  static func voxelSizeNeeded(option: String, path: String) -> AisError {
    AisError(
      .needsDecision,
      "'\(path)' does not say how large its voxels are, and '\(option)' is a length. Say it with '--voxel-size', for example "
        + "'--voxel-size 10A', or give the \(option == "--spacing" ? "spacing" : "value") in voxels, for example '\(option) 12px'"
    )
  }
}
