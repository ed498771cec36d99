import AisCore
import AisFormats

/// What a person asks of `ais measure`.
package struct MeasureRequest: Sendable {
  /// How segmentations become features; the same for what is measured and for what distances are taken to.
  package struct Settings: Sendable, Encodable {
    /// What counts as found, on the scale 0 to 255.
    package var threshold = 128.0
    /// What the values mean; `nil` lets the file decide.
    package var scale: PredictionScale.Kind?
    /// Of volumes of labels, the one that counts.
    package var label: Int?
    /// Smaller components are dust.
    package var minimumVolume = PickRequest.Bulk.voxels(0)
    /// Voxels are averaged over cubes of so many before anything is found.
    package var binning = 1
    /// Rounds of smoothing of the surface; `nil`: 10 for masks and labels, whose surfaces are steps, none for grey values.
    package var smoothing: Int?
    /// Of volumes and lists that do not say it.
    package var voxelSizeAngstromXYZ: [Double]?

    package init() {}

    package var voxelSize: VoxelSize? {
      voxelSizeAngstromXYZ.map { VoxelSize(z: .angstroms($0[2]), y: .angstroms($0[1]), x: .angstroms($0[0])) }
    }
  }

  /// Segmentations and lists of particles, folders and patterns of them.
  package var inputs: [String]
  package var outputFolder: String
  /// Segmentations or lists to which distances are measured: files, folders, patterns.
  package var targets: [String] = []
  package var settings = Settings()
  package var reading = PointReading()
  /// Sums up all inputs, in files of their own.
  package var writesSummary = true
  package var replacesOutputs = false
  package var memoryLimit: Int
  package var threads: Int

  package init(inputs: [String], outputFolder: String, memoryLimit: Int, threads: Int) {
    self.inputs = inputs
    self.outputFolder = outputFolder
    self.memoryLimit = memoryLimit
    self.threads = threads
  }
}

extension MeasureRequest.Settings {
  /// How segmentations are read: as when particles are picked in them.
  func reading(threads: Int, _ memory: ByteCount) -> PickRequest {
    var request = PickRequest(inputs: [], outputFolder: "", memoryLimit: memory.bytes, threads: threads)
    request.threshold = .level(threshold)
    request.scale = scale
    request.label = label
    request.binning = binning
    request.view.voxelSize = voxelSize
    // Slices are read in order: a cache of many would only take memory.
    request.view.cacheBytes = 8 << 20
    return request
  }
}

extension PredictionScale.Kind: Encodable {}

extension PickRequest.Bulk: Encodable {
  /// As people read it.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
