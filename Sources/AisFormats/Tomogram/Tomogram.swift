import AisCore

/// A tomogram file, open for reading: header, warnings, and slices by position in bounded memory.
///
/// Slices may be read in any order from several threads. The file is looked at through `options.view`; `shape`,
/// `voxelSize` and slices are as viewed, `info` is in the file's own terms.
package final class Tomogram: SliceSource, Sendable {
  package let info: TomogramInfo
  /// Oddities found when opening.
  package let warnings: [TomogramWarning]
  package let options: TomogramOptions
  /// As viewed.
  package let shape: Shape
  /// As viewed, overridden by `options.voxelSize`; `nil` when unknown.
  package let voxelSize: VoxelSize?
  private let store: any VoxelStore
  private let assembler: SliceAssembler

  /// Opens a tomogram, by what the file holds and not by its name.
  ///
  /// Reads the header only (and some rows where the sign of bytes is not clear). Throws an error that says what is
  /// wrong with the file and what to do.
  package static func open(_ path: String, options: TomogramOptions = .init()) throws(AisError) -> Tomogram {
    try open(RandomAccessFile(path), options: options)
  }

  /// The same for a file that is open already.
  package static func open(_ file: RandomAccessFile, options: TomogramOptions = .init()) throws(AisError) -> Tomogram {
    try TomogramFile.open(file, options)
  }

  init(
    _ info: TomogramInfo, _ warnings: [TomogramWarning], _ store: any VoxelStore, _ map: AxisMap,
    _ options: TomogramOptions
  ) {
    self.info = info
    self.warnings = warnings
    self.options = options
    self.store = store
    let viewMap = options.view.axisMap
    assembler = SliceAssembler(
      store: store, map: viewMap.applied(after: map), label: options.label, cacheBytes: options.cacheBytes)
    shape = assembler.shape
    voxelSize = options.voxelSize ?? info.knownVoxelSize.map(viewMap.voxelSize(of:))
  }

  /// The bytes between header and voxels, as they are; what they mean is `info.extendedHeader.type`'s affair.
  package func extendedHeaderBytes() throws(AisError) -> [UInt8] {
    guard let extended = info.extendedHeader, let store = store as? MRCStore else { return [] }
    return try store.file.bytes(MRCHeader.byteCount..<MRCHeader.byteCount + extended.byteCount)
  }

  /// Reads slice `z` as viewed: `shape.sliceCount` values, rows of x.
  package func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    try assembler.readSlice(z, into: destination)
    invert(destination)
  }

  /// Reads a box of voxels as viewed, past the cache: `box.shape.count` values in the order z, y, x.
  ///
  /// Of a plain MRC file only the rows, and of narrow boxes only the columns, that it needs are read. Whether to go on is asked
  /// between pieces of at most 1 MB.
  package func read(
    _ box: VoxelBox, into destination: UnsafeMutableBufferPointer<Float>, cancellation: Cancellation? = nil
  ) throws(AisError) {
    try BoxReader(store: store, map: assembler.map, label: options.label).read(box, into: destination, cancellation)
    invert(destination)
  }

  /// Unsigned values stay in their range; signed and floating-point ones change sign.
  private func invert(_ values: UnsafeMutableBufferPointer<Float>) {
    guard options.view.isInverted, options.label == nil else { return }
    let sum: Float =
      switch info.elementType {
      case .uint4, .uint8, .uint16, .uint32: info.elementType.range?.upperBound ?? 0
      default: 0
      }
    for i in values.indices { values[i] = sum - values[i] }
  }
}

extension TomogramInfo {
  /// The voxel size when it is known well enough to work with: x and y are given; an unknown z is taken to be as x.
  package var knownVoxelSize: VoxelSize? {
    guard let x = voxelSize.x, let y = voxelSize.y else { return nil }
    return VoxelSize(z: voxelSize.z ?? x, y: y, x: x)
  }
}
