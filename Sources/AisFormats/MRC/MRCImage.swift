import AisCore

/// A small MRC file in memory: a box of voxels with its voxel size, as archives hold them.
package struct MRCImage: Sendable {
  package var volume: Volume<Float>
  /// `nil` when the header does not say.
  package var voxelSize: VoxelSize?

  package init(_ volume: Volume<Float>, voxelSize: VoxelSize? = nil) {
    self.volume = volume
    self.voxelSize = voxelSize
  }

  /// Reads a whole file; `name` is what errors call it. Axes are taken in the order in which they are stored.
  package init(_ bytes: [UInt8], name: String) throws(AisError) {
    guard bytes.count >= MRCHeader.byteCount else { throw .tooShortForHeader(name, byteCount: bytes.count) }
    guard let (header, order, _, _) = MRCHeader.detect(bytes, fileByteCount: bytes.count) else {
      throw .notMRC(name, found: nil)
    }
    guard let type = MRCMode.elementType(header.mode), type != .uint4 else {
      throw AisError(.unsupported, "'\(name)' \(MRCMode.refusal(header.mode))")
    }
    let shape = Shape(z: header.size.third, y: header.size.second, x: header.size.first)
    guard header.extendedByteCount >= 0, header.extendedByteCount <= bytes.count - MRCHeader.byteCount else {
      throw .extendedHeader(name, promised: header.extendedByteCount, fileByteCount: bytes.count)
    }
    let start = MRCHeader.byteCount + header.extendedByteCount
    guard let promised = header.dataByteCount, promised <= bytes.count - start else {
      throw .truncatedVoxels(name, promised: header.dataByteCount ?? .max, found: bytes.count - start)
    }
    var voxels = Array(bytes[start..<start + promised])
    volume = Volume(shape: shape, repeating: 0)
    voxels.withUnsafeMutableBytes { raw in
      if order != .native { MRCStore.swapBytes(raw, size: type.byteCount) }
      volume.voxels.withUnsafeMutableBufferPointer { target in
        VoxelConversion.copy(
          UnsafeRawPointer(raw.baseAddress!), type,
          .init(
            rows: shape.z * shape.y, columns: shape.x, sourceBase: 0, sourceRowStride: shape.x, sourceColumnStride: 1,
            destinationBase: 0, destinationRowStride: shape.x), label: nil, to: target.baseAddress!)
      }
    }
    let edges = zip(header.cell.values, header.sampling.values).map { cell, count in
      cell.isFinite && cell > 0 && count > 0 ? Length.angstroms(Double(cell) / Double(count)) : nil
    }
    voxelSize = edges[0].map { x in VoxelSize(z: edges[2] ?? x, y: edges[1] ?? x, x: x) }
  }

  /// The file as float32.
  ///
  /// - Parameter isPlane: whether the one slice is a picture (space group 0) and no volume of one slice, which readers that
  ///   count axes tell apart.
  package func encoded(isPlane: Bool = false, labels: [String] = []) throws(AisError) -> [UInt8] {
    precondition(!isPlane || volume.shape.z == 1, "a picture has one slice")
    var header = try MRCOutput(
      shape: volume.shape, elementType: .float32, voxelSize: voxelSize, labels: labels
    ).header()
    if isPlane { header.spaceGroup = 0 }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(MRCHeader.byteCount + volume.voxels.count * 4)
    var statistics = SliceStatistics.none
    volume.voxels.withUnsafeBytes {
      statistics = VoxelEncoding.statistics(UnsafeMutableRawBufferPointer(mutating: $0), .float32)
    }
    if statistics.count > 0 {
      header.minimum = Float(statistics.minimum)
      header.maximum = Float(statistics.maximum)
      header.mean = Float(statistics.mean)
      header.rms = Float(statistics.deviation)
    }
    bytes += header.encoded()
    for value in volume.voxels { bytes.appendLittleEndian(value) }
    return bytes
  }
}
