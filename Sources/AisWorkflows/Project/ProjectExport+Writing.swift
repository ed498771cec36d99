import AisCore
import AisFormats
import AisProject
import Foundation

extension ProjectExport {
  /// Origin and start of the tomogram are carried over, when it is there, so that the annotation lies on it.
  func writeVolume(_ task: Task, _ cancellation: Cancellation) throws(AisError) -> [String] {
    guard let feature = task.feature else { return [] }
    var output = MRCOutput(
      shape: task.dataset.shape, elementType: .uint16, voxelSize: task.dataset.voxelSize, labels: labels(task),
      allowsMissingSlices: true)
    var warnings: [String] = []
    if let found = try tomogram(of: task.dataset) {
      let info = try Tomogram.open(found.path).info
      output.origin = info.origin
      output.start = info.start
    } else {
      warnings.append(
        "the tomogram is not where it was, or changed: origin and start of its header are not carried over")
    }
    let writer = try MRCWriter(path: task.path, output: output)
    do throws(AisError) {
      for slice in try project.annotatedSlices(dataset: task.dataset.id, feature: feature.id) where slice.pixelCount > 0
      {
        try cancellation.check()
        let mask = try project.mask(dataset: task.dataset.id, feature: feature.id, slice: slice.slice)
        try write(mask.bytes.map { Float($0) * 255 }, slice.slice, to: writer)
      }
      try writer.finish()
    } catch {
      writer.abandon()
      throw error
    }
    return warnings
  }

  /// Two sections: the slice of the tomogram, and the mask.
  func writeSlice(_ task: Task) throws(AisError) -> [String] {
    guard let feature = task.feature, let z = task.slice else { return [] }
    guard let found = try tomogram(of: task.dataset) else {
      throw AisError(
        .notFound,
        "the tomogram of '\(task.dataset.name)' is not where it was, or changed; its slice cannot be exported. "
          + "'ais project check' says more")
    }
    let tomogram = try Tomogram.open(found.path)
    let type = tomogram.info.elementType
    let kept: [ElementType] = [.int8, .int16, .uint16, .float16, .float32]
    let output = MRCOutput(
      shape: Shape(z: 2, y: task.dataset.shape.y, x: task.dataset.shape.x),
      elementType: kept.contains(type) ? type : type == .uint8 ? .int16 : .float32, voxelSize: task.dataset.voxelSize,
      labels: labels(task) + ["slice \(z); section 0 the tomogram, section 1 the mask"])
    let writer = try MRCWriter(path: task.path, output: output)
    do throws(AisError) {
      try write(try tomogram.slice(z), 0, to: writer)
      let mask = try project.mask(dataset: task.dataset.id, feature: feature.id, slice: z)
      try write(mask.bytes.map { Float($0) }, 1, to: writer)
      try writer.finish()
    } catch {
      writer.abandon()
      throw error
    }
    return []
  }

  private func write(_ values: [Float], _ z: Int, to writer: MRCWriter) throws(AisError) {
    var failure: AisError?
    values.withUnsafeBufferPointer { buffer in
      do throws(AisError) { try writer.writeSlice(z, buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  func writeBoxes(_ task: Task) throws(AisError) -> [String] {
    guard let feature = task.feature else { return [] }
    let boxes = try project.boxes(dataset: task.dataset.id, feature: feature.id, slice: task.slice)
    let frame = TomogramFrame(
      name: task.dataset.name, shape: task.dataset.shape, voxelSize: task.dataset.voxelSize)
    let list = ParticleList(
      tomograms: [frame], particles: boxes.map { Particle(tomogram: 0, point: $0.point) })
    var options = CoordinateOptions()
    options.objectName = feature.title
    options.boxSize = try project.boxSize(of: feature.id, in: task.dataset.id)
    if let found = try tomogram(of: task.dataset) { options.tomogramPaths = [task.dataset.name: found.path] }
    return try CoordinateFile.write(
      list, to: task.path, format: format, options: options, provenance: labels(task)
    ).warnings
  }

  /// The reference reads the tomogram while it opens the file, so the file names where it is now.
  func writeAnnotatedDataset(_ task: Task, _ cancellation: Cancellation) throws(AisError) -> [String] {
    let dataset = task.dataset
    let versions = try project.versions(of: dataset.id).filter { $0.scale == .same }
    let found = try tomogram(of: dataset)
    guard let path = found?.path ?? versions.first?.reference.path else {
      throw AisError(
        .notFound, "'\(dataset.name)' has no version of its own size, so that the reference program could not open it")
    }
    var file = AnnotatedDataset(
      tomogramPath: path, title: OutputName.stem(of: path), sliceCount: dataset.shape.z, height: dataset.shape.y,
      width: dataset.shape.x, pixelSize: dataset.voxelSize?.x)
    for feature in try project.features() {
      var exported = AnnotatedDataset.Feature()
      exported.title = feature.title
      exported.colour = [feature.colour.red, feature.colour.green, feature.colour.blue]
      exported.opacity = feature.opacity
      exported.isHidden = !feature.isVisible
      exported.isOutline = feature.isOutline
      exported.showsBoxes = feature.showsBoxes
      exported.isFlood = feature.isFlood
      exported.floodSensitivity = feature.floodSensitivity
      exported.brushRadius = feature.brushRadius
      exported.boxSize = try project.boxSize(of: feature.id, in: dataset.id) ?? feature.boxSize
      for slice in try project.annotatedSlices(dataset: dataset.id, feature: feature.id) {
        exported.masks[slice.slice] = .inMemory(
          try project.mask(dataset: dataset.id, feature: feature.id, slice: slice.slice))
      }
      for box in try project.boxes(dataset: dataset.id, feature: feature.id) {
        exported.boxes[box.slice, default: []].append(.init(y: box.y, x: box.x))
      }
      if !exported.masks.isEmpty { file.features.append(exported) }
    }
    file.activeFeature = file.features.isEmpty ? nil : 0
    file.currentSlice = file.features.first?.masks.keys.min() ?? 0
    let output = URL(filePath: task.path).standardizedFileURL.path
    if includesTomogram {
      try file.write(to: output, embedding: try embeddable(found?.path, of: dataset), cancellation: cancellation)
    } else {
      try file.write(to: output)
    }
    return found == nil
      ? [
        "the tomogram '\(path)' is not where it was, or changed: the reference program cannot open the file until it is"
      ] : []
  }

  /// The tomogram's file, if its bytes can be put into a `.scns` file as they are.
  private func embeddable(_ path: String?, of dataset: Dataset) throws(AisError) -> RandomAccessFile {
    guard let path else {
      throw AisError(
        .notFound,
        "the tomogram of '\(dataset.name)' is not where it was, or changed; it cannot be put into the file. "
          + "'ais project check' says more")
    }
    let info = try Tomogram.open(path).info
    guard info.format == .mrc, info.container == .plain else {
      throw AisError(
        .unsupported,
        "'\(path)' cannot be put into a .scns file: expected an MRC file that is not compressed. Convert it first, or export "
          + "without the tomogram")
    }
    return try RandomAccessFile(path)
  }
}
