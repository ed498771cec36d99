import AisCore

/// Where the voxels of an MRC file are, judged against the size of the file.
struct MRCLayout {
  var shape: Shape
  var dataOffset: Int
  var extendedByteCount: Int
  /// Volumes that follow each other in a volume stack.
  var volumeCount = 1
  var warnings: [TomogramWarning] = []

  init(
    _ header: MRCHeader, _ type: ElementType, path: String, fileByteCount: Int, options: TomogramOptions
  ) throws(AisError) {
    let size = header.size
    // Mode 0 with IMOD's 4-bit flag counts bytes, not voxels, along a row.
    let columns = type == .uint4 && header.mode == 0 ? 2 * size.first : size.first
    let rowBytes = type.rowByteCount(columns)
    shape = Shape(z: size.third, y: size.second, x: columns)
    guard let promised = Shape(z: size.third, y: size.second, x: rowBytes).countIfRepresentable,
      promised <= Int.max / 8
    else {
      throw AisError(.malformed, "'\(path)' has a broken header: a volume of \(shape) voxels cannot exist.")
    }

    extendedByteCount = header.extendedByteCount
    if extendedByteCount < 0 || extendedByteCount > fileByteCount - MRCHeader.byteCount {
      guard options.isPermissive, promised <= fileByteCount - MRCHeader.byteCount else {
        throw .extendedHeader(path, promised: header.extendedByteCount, fileByteCount: fileByteCount)
      }
      warnings.append(
        TomogramWarning(
          .extendedHeaderInvalid,
          "the header promises an extended header of \(extendedByteCount) bytes, which the file cannot hold; read as if there were none."
        ))
      extendedByteCount = 0
    }
    dataOffset = MRCHeader.byteCount + extendedByteCount

    let found = fileByteCount - dataOffset
    if found < promised {
      let sections = found / max(1, rowBytes * shape.y)
      guard options.isPermissive, sections > 0 else { throw .truncatedVoxels(path, promised: promised, found: found) }
      warnings.append(
        TomogramWarning(
          .truncated,
          "the header promises \(shape.z) sections, the file holds \(sections) whole ones (\(found) of \(promised) bytes); only these are read."
        ))
      shape.z = sections
    } else if found > promised {
      warnings.append(
        TomogramWarning(.extraBytes, "\(found - promised) bytes follow after the voxels and are not read."))
    }
    try selectVolume(header, path: path, sectionBytes: rowBytes * shape.y, options)
  }

  /// Space groups 401…630 mark a stack of volumes of `mz` sections each.
  private mutating func selectVolume(
    _ header: MRCHeader, path: String, sectionBytes: Int, _ options: TomogramOptions
  ) throws(AisError) {
    let depth = header.sampling.third
    if (401...630).contains(header.spaceGroup), depth > 0, depth < shape.z, shape.z % depth == 0 {
      volumeCount = shape.z / depth
      if options.volume == nil {
        warnings.append(
          TomogramWarning(
            .volumeStack,
            "the file is a stack of \(volumeCount) volumes of \(depth) sections; they are read one after the other."))
      }
    }
    guard let volume = options.volume else { return }
    guard volume >= 0, volume < volumeCount else {
      throw AisError(
        .usage,
        "'\(path)' holds \(volumeCount) volume\(volumeCount == 1 ? "" : "s"); there is no volume number \(volume + 1).")
    }
    if volumeCount > 1 {
      shape.z = depth
      dataOffset += volume * depth * sectionBytes
    }
  }
}
