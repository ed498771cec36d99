import AisCore
import Glibc

/// Changes to the header of an existing MRC file, made in place: only bytes of the header are written, in one call,
/// in the file's own byte order. Statistics, extended header and voxels stay as they are.
package struct MRCHeaderEdit: Sendable, Hashable {
  package enum Labels: Sendable, Hashable {
    case keep
    /// Adds lines after those that are there; an error when there is no room.
    case append([String])
    case replace([String])
  }

  /// A field that an edit changes, in words.
  package struct Change: Sendable, Hashable {
    package var field: String
    package var before: String
    package var after: String
  }

  /// Along the axes x, y, z of the file, not of a view.
  package var voxelSize: VoxelSize?
  package var origin: TomogramInfo.Origin?
  package var labels = Labels.keep

  package init(
    voxelSize: VoxelSize? = nil, origin: TomogramInfo.Origin? = nil, labels: Labels = .keep
  ) {
    self.voxelSize = voxelSize
    self.origin = origin
    self.labels = labels
  }

  /// Makes the changes, or with `isDryRun` only says what they would be.
  ///
  /// Compressed files and files that are not MRC are refused; so is a truncated one, which should be copied again first.
  @discardableResult
  package func apply(to path: String, isDryRun: Bool = false) throws(AisError) -> [Change] {
    var options = TomogramOptions()
    // The sign of bytes does not matter here and must not cost reading voxels.
    options.byteSign = .signed
    let tomogram = try Tomogram.open(path, options: options)
    guard tomogram.info.format == .mrc, tomogram.info.container == .plain, let header = tomogram.info.header else {
      let kind =
        tomogram.info.format == .mrc
        ? "compressed (\(tomogram.info.container.rawValue)): unpack it first" : "a TIFF file"
      throw AisError(.unsupported, "the header of '\(path)' cannot be changed in place: the file is \(kind).")
    }
    let edited = try edited(header, tomogram.info, path)
    let changes = Self.changes(from: header, to: edited)
    if isDryRun || changes.isEmpty { return changes }
    try Self.write(edited, original: header, order: tomogram.info.byteOrder, to: path)
    return changes
  }

  private func edited(_ header: MRCHeader, _ info: TomogramInfo, _ path: String) throws(AisError) -> MRCHeader {
    var header = header
    if let voxelSize {
      let edges = [voxelSize.x, voxelSize.y, voxelSize.z].map(\.angstrom)
      guard edges.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw AisError(
          .usage, "a voxel size must be above zero, not \(edges.map { "\($0)" }.joined(separator: " × ")) Å.")
      }
      let samples = zip(header.sampling.values, [info.shape.x, info.shape.y, info.shape.z]).map { $0 > 0 ? $0 : $1 }
      header.sampling = .init(samples[0], samples[1], samples[2])
      header.cell = .init(
        Float(edges[0] * Double(samples[0])), Float(edges[1] * Double(samples[1])), Float(edges[2] * Double(samples[2]))
      )
    }
    if let origin {
      guard header.hasMapID else {
        throw AisError(
          .unsupported,
          "the origin of '\(path)' cannot be set: in files without 'MAP ' in the header (old IMOD files) its bytes hold other things. "
            + "Rewrite the file with a current program first, for instance IMOD's 'newstack'.")
      }
      let sign = header.flags?.contains(.invertedOrigin) == true ? -1.0 : 1.0
      header.origin = .init(Float(sign * origin.x), Float(sign * origin.y), Float(sign * origin.z))
    }
    switch labels {
    case .keep: break
    case .append(let texts):
      header.labels += MRCLabels.lines(texts)
      guard header.labels.count <= 10 else {
        throw AisError(
          .usage,
          "'\(path)' would have \(header.labels.count) labels; an MRC header has room for 10. Replace the labels instead."
        )
      }
    case .replace(let texts): header.labels = MRCLabels.lines(texts)
    }
    return header
  }

  private static func changes(from old: MRCHeader, to new: MRCHeader) -> [Change] {
    func text(_ triple: MRCHeader.Triple<some CustomStringConvertible>) -> String {
      triple.values.map { plainNumber($0) }.joined(separator: " ")
    }
    var changes: [Change] = []
    if old.sampling != new.sampling {
      changes.append(Change(field: "sampling (mx my mz)", before: text(old.sampling), after: text(new.sampling)))
    }
    if old.cell != new.cell {
      changes.append(Change(field: "cell (Å)", before: text(old.cell), after: text(new.cell)))
    }
    if old.origin != new.origin {
      changes.append(Change(field: "origin (Å)", before: text(old.origin), after: text(new.origin)))
    }
    if old.labels != new.labels {
      changes.append(
        Change(field: "labels", before: old.labels.joined(separator: " | "), after: new.labels.joined(separator: " | "))
      )
    }
    return changes
  }

  /// Writes the fields that may change over the header that is on the disk now, all in one call.
  private static func write(
    _ edited: MRCHeader, original: MRCHeader, order: ByteOrder, to path: String
  ) throws(AisError) {
    var descriptor: Int32
    repeat { descriptor = open(path, O_RDWR | O_CLOEXEC) } while descriptor < 0 && errno == EINTR
    guard descriptor >= 0 else { throw .fileSystem("change", path, errno) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: MRCHeader.byteCount)
    let got = pread(descriptor, &bytes, bytes.count, 0)
    guard got >= 0 else { throw .fileSystem("read", path, errno) }
    guard got == bytes.count, MRCHeader(bytes: bytes, order: order) == original else {
      throw AisError(
        .fileSystem, "'\(path)' was changed by another program at the same time; nothing was written. Try again.")
    }
    edited.patch(&bytes, order: order, keepingLabels: edited.labels == original.labels)
    let wrote = pwrite(descriptor, bytes, bytes.count, 0)
    guard wrote == bytes.count else { throw .fileSystem("change", path, wrote < 0 ? errno : ENOSPC) }
    guard fsync(descriptor) == 0 else { throw .fileSystem("change", path, errno) }
  }
}
