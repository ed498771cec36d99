import AisCore

/// What a person asks of `ais measure`.
package struct MeasureRequest: Sendable {
  /// How segmentations become features; the same for what is measured and for what distances are taken to.
  package struct Settings: Sendable, Encodable {
    /// What counts as found, on the scale 0 to 255.
    package var threshold = 128.0
    /// Of volumes of labels, the one that counts.
    package var label: Int?
    /// Smaller components are dust.
    package var minimumVolumeCubicNanometers = 0.0
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
