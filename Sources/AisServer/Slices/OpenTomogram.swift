import AisCore
import AisFormats
import AisWorkflows
import Glibc
import Synchronization

/// A tomogram's file that is open, and was found to be the one that is meant.
package final class OpenTomogram: Sendable {
  let file: SliceFile
  package let tomogram: Tomogram
  /// Of the file when it was opened.
  package let state: FileState
  private let halves = Mutex<TileScale?>(nil)

  /// Opens the file and compares its fingerprint: reads the header and 1 MB at most.
  package init(_ file: SliceFile) throws(AisError) {
    self.file = file
    state = try FileState(file.path)
    let fingerprint = try InputFingerprint(file.path)
    guard file.accepts(fingerprint.sampleHash) else { throw .changed(file.path) }
    var options = TomogramOptions()
    // Slices are read past the reader's own cache.
    options.cacheBytes = 0
    tomogram = try Tomogram.open(file.path, options: options)
    guard tomogram.shape.count > 0 else {
      throw AisError(.malformed, "'\(file.path)' has no voxels: \(tomogram.shape). There is nothing to show.")
    }
  }

  /// Throws when the file is not there any more or was written to since it was opened.
  func check() throws(AisError) {
    if try FileState(file.path) != state { throw .changed(file.path) }
  }

  /// How values become half floats, the same for all slices.
  func halfScale(_ cancellation: Cancellation?) throws(AisError) -> TileScale {
    if let known = TileScale.halves(of: tomogram.info.elementType) { return known }
    if let known = halves.withLock({ $0 }) { return known }
    // Two readers may come here at once; both find the same.
    let scale = TileScale.halves(sample: try sample(cancellation))
    halves.withLock { $0 = scale }
    return scale
  }

  /// Two rows of each of eight slices, evenly spread.
  private func sample(_ cancellation: Cancellation?) throws(AisError) -> [Float] {
    let shape = tomogram.shape
    var values: [Float] = []
    var row = [Float](repeating: 0, count: shape.x)
    for i in 0..<min(8, shape.z) {
      let z = (2 * i + 1) * shape.z / (2 * min(8, shape.z))
      for y in Set([shape.y * (3 + i % 3) / 10, shape.y * (7 - i % 3) / 10]).sorted() {
        let box = VoxelBox(z: z..<z + 1, y: y..<y + 1, x: 0..<shape.x)
        var failure: AisError?
        row.withUnsafeMutableBufferPointer { buffer in
          do throws(AisError) { try tomogram.read(box, into: buffer, cancellation: cancellation) } catch {
            failure = error
          }
        }
        if let failure { throw failure }
        values += row
      }
    }
    return values
  }
}

/// What the file system says of a file: whatever writes to the file changes it.
package struct FileState: Hashable, Sendable {
  var byteCount: Int
  /// Nanoseconds since 1970.
  var modified: Int
  private var number: UInt64

  init(_ path: String) throws(AisError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw .fileSystem("open", path, errno) }
    byteCount = Int(status.st_size)
    modified = Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
    number = UInt64(status.st_ino)
  }
}

/// The files that are open, a few of the latest.
final class OpenTomograms: Sendable {
  private final class Checked: Sendable {
    let tomogram: OpenTomogram
    let time = Mutex(ContinuousClock.now)
    init(_ tomogram: OpenTomogram) { self.tomogram = tomogram }
  }

  private let table = OnceTable<SliceFile, Checked>(limit: 24)
  /// The file system is asked after a file this often at most.
  private static let patience = Duration.milliseconds(500)

  /// The open file; it is opened when it is not, and again when it was written to.
  func tomogram(_ file: SliceFile) throws(AisError) -> OpenTomogram {
    let entry = try table.value(file) { (known) throws(AisError) -> Bool in
      let now = ContinuousClock.now
      if now - known.time.withLock({ $0 }) < Self.patience { return true }
      guard try FileState(file.path) == known.tomogram.state else { return false }
      known.time.withLock { $0 = now }
      return true
    } make: { () throws(AisError) -> Checked in
      Checked(try OpenTomogram(file))
    }
    return entry.tomogram
  }

  /// What `body` reads from a file. What was read while somebody wrote to the file is worth nothing; after a failure the file is
  /// looked at anew.
  func read<Result>(
    _ source: OpenTomogram, _ body: () throws(AisError) -> Result
  ) throws(AisError) -> Result {
    do throws(AisError) {
      let result = try body()
      try source.check()
      return result
    } catch {
      if error.code == .cancelled { throw error }
      table.remove(source.file)
      // That a file is gone says more than that it could not be read.
      _ = try FileState(source.file.path)
      throw error
    }
  }
}

extension AisError {
  static func changed(_ path: String) -> AisError {
    AisError(
      .changed,
      "'\(path)' is not the file any more that the project knows: it was written to or replaced. Put the file back that was "
        + "there, or add this one to the project as a tomogram of its own.")
  }
}
