import AisCore
import AisFormats
import AisImaging

/// What a person asks of `ais mesh`.
package struct MeshRequest: Sendable {
  /// Which colours surfaces get.
  package enum Colouring: Sendable, Hashable {
    /// One for each feature, found from its name, so that a feature has the same colour everywhere.
    case feature
    /// Another one for each component.
    case component
    /// Red, green and blue, 0 to 1.
    case fixed(SIMD3<Float>)
  }

  /// How many triangles are left.
  package struct Decimation: Sendable, Hashable {
    /// The share of the triangles that is kept, above 0 to 1.
    package var share: Double
    /// No collapse that moves the surface further than this; `nil`: no limit.
    package var tolerance: Length?

    package init(share: Double = 1, tolerance: Length? = nil) {
      self.share = share
      self.tolerance = tolerance
    }

    package var isOff: Bool { share >= 1 && tolerance == nil }
  }

  /// Files, folders, patterns and lists as typed.
  package var inputs: [String]
  /// Of folders, only the segmentations of this feature.
  package var feature: String?
  /// A folder; or a file for a single input, when its name ends as a mesh's does.
  package var output: String
  package var format = MeshFormat.obj
  package var threshold = PickRequest.Threshold.level(128)
  /// What the values mean; `nil` lets the file decide.
  package var scale: PredictionScale.Kind?
  /// Of a volume of labels, only voxels that hold this number.
  package var label: Int?
  /// Smaller components are left out.
  package var dust = PickRequest.Bulk.cubicAngstroms(1000)
  /// At most so many components, the largest.
  package var limit: Int?
  package var binning = 1
  /// Pairs of Taubin's steps.
  package var smoothing = 0
  package var decimation = Decimation()
  /// Whether each component gets a file of its own.
  package var splitsComponents = false
  package var colouring = Colouring.feature
  /// `nil`: what is usual for the format.
  package var frame: MeshFrame?
  /// `nil`: what is usual for the format.
  package var unit: MeshUnit?
  package var view = TomogramOptions()
  /// Replaces outputs that are there.
  package var replacesOutputs = false
  /// Bytes that the process may use.
  package var memoryLimit: Int
  package var threads: Int

  package init(inputs: [String], output: String, memoryLimit: Int, threads: Int) {
    self.inputs = inputs
    self.output = output
    self.memoryLimit = memoryLimit
    self.threads = threads
  }

  /// The format that a file's name asks for; `nil` when it looks like a folder.
  package static func format(ofFile path: String) -> MeshFormat? {
    MeshFormat.allCases.first { path.lowercased().hasSuffix("." + $0.rawValue) }
  }

  package var usedFrame: MeshFrame { frame ?? (format == .obj ? .centre : .file) }
  package var usedUnit: MeshUnit { unit ?? (format == .obj ? .nanometer : .angstrom) }

  /// Throws `usage` for what contradicts itself.
  package func validate() throws(AisError) {
    try reading.validate()
    guard (0...1000).contains(smoothing) else {
      throw AisError(.usage, "--smooth \(smoothing): expected 0 to 1000 steps, 10 for masks")
    }
    guard decimation.share > 0, decimation.share <= 1 else {
      throw AisError(.usage, "the share of triangles to keep is above 0 and up to 100%, such as 25%")
    }
    if splitsComponents, let format = Self.format(ofFile: output) {
      throw AisError(
        .usage, "with '--split' there are many .\(format.rawValue) files: give a folder with '-o', not '\(output)'")
    }
    if format == .stl, colouring != .feature {
      throw AisError(
        .usage, "STL files have no colours: use '--format ply' or '--format glb', or leave '--colour' away")
    }
  }

  /// How the segmentations are read: as when particles are picked in them.
  var reading: PickRequest {
    var request = PickRequest(inputs: [], outputFolder: "", memoryLimit: memoryLimit, threads: threads)
    request.threshold = threshold
    request.scale = scale
    request.label = label
    request.binning = binning
    request.limit = limit
    request.view = view
    return request
  }
}

/// Where a mesh has its zero. Axes are x, y, z of the tomogram either way.
package enum MeshFrame: String, Sendable, CaseIterable {
  /// The frame of the segmentation's file, its origin included: the mesh lies on the volume in programs that show both.
  case file
  /// The middle of the volume, as in the reference program: voxel N/2, counted from 0.
  case centre

  /// Takes binned voxels to lengths in ångström: scale and offset.
  func placement(
    of info: TomogramInfo, shape: Shape, voxelSize: VoxelSize, binning: Int
  ) -> (scale: SIMD3<Double>, offset: SIMD3<Double>) {
    let voxel = SIMD3(voxelSize.x.angstrom, voxelSize.y.angstrom, voxelSize.z.angstrom)
    let b = Double(binning)
    // Voxel i after binning lies at (i + ½)·b − ½ before it.
    let first = voxel * ((b - 1) / 2)
    switch self {
    case .file:
      var origin = SIMD3(info.origin.x, info.origin.y, info.origin.z)
      // Files that number their first voxel instead of giving its place.
      if origin == .zero { origin = voxel * SIMD3(Double(info.start.x), Double(info.start.y), Double(info.start.z)) }
      return (voxel * b, first + origin)
    case .centre:
      return (voxel * b, first - voxel * SIMD3(Double(shape.x), Double(shape.y), Double(shape.z)) / 2)
    }
  }

  /// A part of a sentence.
  package var explanation: String {
    switch self {
    case .file: "zero where the segmentation's file has it"
    case .centre: "zero in the middle of the volume"
    }
  }
}

/// What a mesh's numbers count.
package enum MeshUnit: String, Sendable, CaseIterable {
  case angstrom = "A"
  case nanometer = "nm"

  package var angstroms: Double { self == .angstrom ? 1 : 10 }
  package var name: String { self == .angstrom ? "angstrom" : "nanometre" }
}
