import AisCore
import AisFormats
import AisTestSupport
import AisTraining

/// Small training sets for tests.
enum SetSamples {
  /// Boxes of `size` squared: the first `positives` show the feature in their upper left pixel. Pixel values tell the box, the
  /// slice and the flavour: 1000 · box + 100 · slice (+ 0.25 in `x_raw`), and a ramp of hundredths.
  static func set(
    in folder: TemporaryFolder, _ name: String = "set.scnt", positives: Int, negatives: Int, size: Int = 4,
    depth: Int = 1, jitter: Int = 0, slabLabels: Bool = false, hasRaw: Bool = false,
    normalisation: TrainingSetMetadata.Normalisation = .globalMAD, change: (inout Volume<Float>) -> Void = { _ in }
  ) throws -> TrainingSetFile {
    var metadata = TrainingSetMetadata(pixelSize: .angstroms(10), boxSize: size, depth: depth, jitter: jitter)
    metadata.normalisation = normalisation
    metadata.flavours = hasRaw ? ["x_main", "x_raw"] : ["x_main"]
    metadata.features = ["Membrane"]
    let path = folder.path(name)
    let writer = try TrainingSetWriter(path, metadata: metadata)
    let shape = Shape(z: depth + jitter, y: size, x: size)
    for box in 0..<positives + negatives {
      var image = Volume<Float>(shape: shape, repeating: 0)
      for i in image.voxels.indices {
        image.voxels[i] =
          Float(1000 * box + 100 * (i / shape.sliceCount)) + Float(i % shape.sliceCount) / 100
      }
      change(&image)
      var raw = image
      for i in raw.voxels.indices { raw.voxels[i] += 0.25 }
      var label = Volume<Float>(shape: Shape(z: slabLabels ? shape.z : 1, y: size, x: size), repeating: 0)
      if box < positives { label.voxels[0] = 1 }
      // Boxes are sorted by name, so the place tells nothing; the values do.
      try writer.append(
        TrainingBoxSource(
          tomogram: "t", tomogramPath: "", feature: "Membrane", centre: VoxelIndex(z: box, y: 0, x: 0),
          annotatedSize: size, extractedSize: size),
        images: hasRaw ? [("x_main", image), ("x_raw", raw)] : [("x_main", image)], label: label)
    }
    try writer.close()
    try writer.file.finish()
    return try TrainingSetFile.open(path)
  }

  static func pool(_ sets: [TrainingSetFile], memoryLimit: Int = 1 << 30, filament: Double? = nil) throws
    -> TrainingPool
  {
    try TrainingPool(sets, filamentDiameter: filament, memoryLimit: memoryLimit, threads: 2)
  }

  static func settings(_ change: (inout SamplerSettings) -> Void = { _ in }) -> SamplerSettings {
    var settings = SamplerSettings()
    settings.batchSize = 4
    settings.copies = 3
    settings.augmentation = .none
    change(&settings)
    return settings
  }
}
