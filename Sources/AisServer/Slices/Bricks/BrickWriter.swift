import AisCore
import AisFormats
import AisImaging
import Glibc

/// Writes the bricks of a tomogram beam by beam into `NAME.building`, and gives the file its name when all are there. What a
/// process that died has written is checked and gone on with.
package struct BrickWriter {
  let layout: BrickLayout
  let path: String
  private var buildingPath: String { path + ".building" }
  /// Bytes written between two waits for the disk: what is lost at most when the machine goes down.
  private static let syncBytes = 256 << 20

  package init(_ layout: BrickLayout, path: String) {
    self.layout = layout
    self.path = path
  }

  /// - Parameters:
  ///   - threads: bring voxels into order.
  ///   - pause: called between beams; may wait.
  ///   - progress: of all beams, 0 to 1.
  package func write(
    from source: any VoxelBoxes, threads: Int, cancellation: Cancellation, pause: () -> Void,
    progress: (Double) -> Void
  ) throws(AisError) {
    let descriptor = open(buildingPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw .fileSystem("write", buildingPath, errno) }
    defer { close(descriptor) }
    let done = try beamsDone(descriptor)
    var unsynced = 0
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: layout.beamBytes, alignment: 64)
    defer { bytes.deallocate() }
    for beam in done..<layout.beamCount {
      progress(Double(beam) / Double(layout.beamCount))
      pause()
      try cancellation.check()
      try fill(bytes, beam, from: source, threads, cancellation)
      try write(UnsafeRawBufferPointer(bytes), at: layout.offset(beam: beam), descriptor)
      unsynced += bytes.count
      if unsynced >= Self.syncBytes {
        guard fdatasync(descriptor) == 0 else { throw .fileSystem("write", buildingPath, errno) }
        unsynced = 0
      }
    }
    try finish(descriptor)
    progress(1)
  }

  /// Whole beams that an earlier process left. Without any, the file begins anew with its header.
  private func beamsDone(_ descriptor: Int32) throws(AisError) -> Int {
    if let file = try? RandomAccessFile(buildingPath), file.byteCount > BrickLayout.headerBytes,
      (try? file.bytes(0..<BrickLayout.headerBytes)) == layout.header
    {
      var beams = min(layout.beamCount, (file.byteCount - BrickLayout.headerBytes) / layout.beamBytes)
      // Beams come one after the other; after a crash of the machine the last ones may be holes.
      while beams > 0, !isWhole(beams - 1, file) { beams -= 1 }
      if beams > 0 { return beams }
    }
    guard ftruncate(descriptor, 0) == 0 else { throw .fileSystem("write", buildingPath, errno) }
    var failure: AisError?
    layout.header.withUnsafeBytes { bytes in
      do throws(AisError) { try write(bytes, at: 0, descriptor) } catch { failure = error }
    }
    if let failure { throw failure }
    return 0
  }

  /// Whether a few bricks of a beam, the last one among them, are what was written.
  private func isWhole(_ beam: Int, _ file: RandomAccessFile) -> Bool {
    for column in Set([0, layout.shape.x / 2, layout.shape.x - 1]) {
      let offset = layout.offset(beam: beam, column: column)
      guard let brick = try? file.bytes(offset..<offset + layout.brickBytes), brick.count == layout.brickBytes else {
        return false
      }
      let isIntact = brick.withUnsafeBytes { brick in
        let values = UnsafeRawBufferPointer(rebasing: brick[..<(brick.count - 8)])
        let noted = UInt64(littleEndian: brick.loadUnaligned(fromByteOffset: values.count, as: UInt64.self))
        return layout.check(values, beam: beam, column: column) == noted
      }
      if !isIntact { return false }
    }
    return true
  }

  private func fill(
    _ bytes: UnsafeMutableRawBufferPointer, _ beam: Int, from source: any VoxelBoxes, _ threads: Int,
    _ cancellation: Cancellation
  ) throws(AisError) {
    let (sections, rows) = (layout.sections(ofBeam: beam), layout.rows(ofBeam: beam))
    let box = VoxelBox(z: sections, y: rows, x: 0..<layout.shape.x)
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: box.shape.count)
    defer { values.deallocate() }
    try source.read(box, into: values, cancellation: cancellation)
    nonisolated(unsafe) let target = bytes.baseAddress!
    nonisolated(unsafe) let from = values.baseAddress!
    let layout = layout
    Slabs.forEach(count: layout.shape.x, threads: threads, minimum: 64) { columns in
      // A few columns at a time: what is read of a row lies in one line of the processor's cache.
      for first in stride(from: columns.lowerBound, to: columns.upperBound, by: 16) {
        let some = first..<min(first + 16, columns.upperBound)
        memset(target + first * layout.brickBytes, 0, some.count * layout.brickBytes)
        for z in 0..<sections.count {
          for y in 0..<rows.count {
            let row = from + (z * rows.count + y) * layout.shape.x
            for column in some {
              layout.element.store(row[column], z * layout.height + y, target + column * layout.brickBytes)
            }
          }
        }
        for column in some { seal(target + column * layout.brickBytes, layout, beam, column) }
      }
    }
  }

  /// Writes the check behind a brick.
  private func seal(_ brick: UnsafeMutableRawPointer, _ layout: BrickLayout, _ beam: Int, _ column: Int) {
    let stored = UnsafeRawBufferPointer(start: brick, count: layout.brickBytes - 8)
    let check = layout.check(stored, beam: beam, column: column)
    brick.storeBytes(of: check.littleEndian, toByteOffset: stored.count, as: UInt64.self)
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, _ descriptor: Int32) throws(AisError) {
    var done = 0
    while done < bytes.count {
      let wrote = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if wrote < 0 {
        if errno == EINTR { continue }
        throw .fileSystem("write", buildingPath, errno)
      }
      if wrote == 0 { throw .fileSystem("write", buildingPath, ENOSPC) }
      done += wrote
    }
  }

  private func finish(_ descriptor: Int32) throws(AisError) {
    CrashPoint.reached(.beforeFsync)
    guard fsync(descriptor) == 0 else { throw .fileSystem("write", buildingPath, errno) }
    CrashPoint.reached(.beforeRename)
    guard rename(buildingPath, path) == 0 else { throw .fileSystem("write", path, errno) }
  }
}
