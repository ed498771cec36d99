import AisCore
import AisFormats
import AisImaging
import Foundation

/// A changed copy of a tomogram, written as MRC slice by slice: binned, or mirrored along z. Memory is a few slices.
package struct TomogramCopy: Sendable {
  package enum Change: Sendable, Hashable {
    /// Blocks of so many voxels along each axis become their mean; blocks that are not whole at the far ends are dropped.
    case binned(Int)
    /// The last slice comes first: a mirror image, of the other hand.
    case mirrored
  }

  package static let factors = 2...64

  package var path: String
  package var change: Change

  package init(of path: String, _ change: Change) {
    self.path = path
    self.change = change
  }

  /// The name that a copy has: `TS_01_bin4.mrc`, `TS_01_mirrored.mrc`.
  package var name: String {
    let stem = OutputName.stem(of: path)
    return switch change {
    case .binned(let factor): "\(stem)_bin\(factor).mrc"
    case .mirrored: "\(stem)_mirrored.mrc"
    }
  }

  /// Writes the copy; it appears under its name when it is whole. What is there already is not replaced.
  ///
  /// How it was made is told in its header and in `NAME.mrc.json` beside it (`ais.copy/1`).
  /// Voxel size and origin follow the voxels: that of a binned copy is the centre of its first voxel, (b − 1)/2 voxels further in
  /// than before. Means of whole numbers are stored as float32; a mirrored copy keeps the type.
  package func write(
    to output: String, cancellation: Cancellation? = nil, progress: (Double) -> Void = { _ in }
  ) throws(AisError) {
    let tomogram = try Tomogram.open(path)
    let source = try source(tomogram)
    let record = try WorkRecord(schema: "ais.copy/1", settings: settings, inputs: [path])
    try Self.refuseExisting(output)
    let writer = try MRCWriter(path: output, output: try self.output(tomogram, source, try provenance()))
    do throws(AisError) {
      try copy(source, to: writer, cancellation, progress)
      try writer.finish()
    } catch {
      writer.abandon()
      throw error
    }
    try record.write(beside: output)
  }

  private struct Settings: Encodable {
    var change: String
    var factor: Int?
  }

  private var settings: Settings {
    switch change {
    case .binned(let factor): Settings(change: "binned", factor: factor)
    case .mirrored: Settings(change: "mirrored along z")
    }
  }

  private func copy(
    _ source: any SliceSource, to writer: MRCWriter, _ cancellation: Cancellation?, _ progress: (Double) -> Void
  ) throws(AisError) {
    let count = source.shape.z
    for z in 0..<count {
      try cancellation?.check()
      let slice = try source.slice(z)
      var failure: AisError?
      slice.withUnsafeBufferPointer { slice in
        do throws(AisError) { try writer.writeSlice(change == .mirrored ? count - 1 - z : z, slice) } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      progress(Double(z + 1) / Double(count))
    }
  }

  private func source(_ tomogram: Tomogram) throws(AisError) -> any SliceSource {
    guard case .binned(let factor) = change else { return tomogram }
    guard Self.factors.contains(factor) else {
      throw AisError(.usage, "a tomogram is binned by 2 to 64, not by \(factor).")
    }
    let binned = BinnedSource(tomogram, by: factor)
    guard binned.shape.count > 0 else {
      throw AisError(
        .usage, "'\(path)' has \(tomogram.shape) voxels: binned by \(factor) nothing would be left of it. Choose less.")
    }
    return binned
  }

  private func output(
    _ tomogram: Tomogram, _ source: any SliceSource, _ labels: [String]
  ) throws(AisError) -> MRCOutput {
    let info = tomogram.info
    var output = MRCOutput(
      shape: source.shape, elementType: Self.type(info.elementType), voxelSize: source.voxelSize, origin: info.origin,
      start: info.start, labels: labels)
    guard case .binned(let factor) = change else { return output }
    if info.elementType.isInteger { output.elementType = .float32 }
    if let size = tomogram.voxelSize {
      let half = Double(factor - 1) / 2
      output.origin = .init(
        z: info.origin.z + half * size.z.angstrom, y: info.origin.y + half * size.y.angstrom,
        x: info.origin.x + half * size.x.angstrom)
    }
    // The place in a larger grid can be told only where that is binned along.
    let places = [info.start.z, info.start.y, info.start.x]
    output.start =
      places.allSatisfy { $0 % factor == 0 }
      ? VoxelIndex(z: places[0] / factor, y: places[1] / factor, x: places[2] / factor) : VoxelIndex(z: 0, y: 0, x: 0)
    return output
  }

  /// The type that an MRC file can have and that loses the least.
  static func type(_ type: ElementType) -> ElementType {
    switch type {
    case .uint4: .uint8
    case .int32, .uint32, .float64: .float32
    default: type
    }
  }

  private func provenance() throws(AisError) -> [String] {
    let words =
      switch change {
      case .binned(let factor): "binned by \(factor): means of \(factor) x \(factor) x \(factor) voxels"
      case .mirrored: "mirrored along z: the last slice comes first"
      }
    return try Self.labels(words, of: path)
  }

  static func labels(_ words: String, of path: String) throws(AisError) -> [String] {
    let fingerprint = try InputFingerprint(path)
    return [
      "Ais \(AisVersion.current), \(Date().ISO8601Format())", words, "input \((path as NSString).lastPathComponent)",
      "sha256 of samples \(fingerprint.sampleHash.prefix(32))",
    ]
  }

  static func refuseExisting(_ output: String) throws(AisError) {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw AisError(.needsDecision, "'\(output)' is there already. Move it away, or choose another name.")
    }
  }
}
