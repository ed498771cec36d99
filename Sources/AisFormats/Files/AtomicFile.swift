import AisCore
import Glibc

/// Small files written whole or not at all.
package enum AtomicFile {
  /// Writes `bytes` beside `path`, syncs, and renames: readers see the old file or the new one, never a part.
  package static func write(_ bytes: [UInt8], to path: String) throws(AisError) {
    try filled(bytes, for: path).commit()
  }

  /// Writes `bytes` under a name that nothing has yet, and tells whether it did: of several writers, on any machines that
  /// share the folder (NFS too), exactly one is told `true`. Needs a file system with hard links.
  package static func create(_ bytes: [UInt8], at path: String) throws(AisError) -> Bool {
    try filled(bytes, for: path).commitIfAbsent()
  }

  private static func filled(_ bytes: [UInt8], for path: String) throws(AisError) -> TemporaryFile {
    let file = try TemporaryFile(for: path)
    var failure: AisError?
    bytes.withUnsafeBytes { buffer in
      do throws(AisError) { try file.write(buffer, at: 0) } catch { failure = error }
    }
    if let failure {
      file.abandon()
      throw failure
    }
    CrashPoint.reached(.afterLastByte)
    return file
  }

  /// Removes the hidden leftovers in `folder` whose writer on this host is dead, and returns their paths.
  /// Files of other hosts are left alone: nothing here can tell whether their writers live.
  @discardableResult
  package static func removeLeftovers(in folder: String) -> [String] {
    leftovers(in: folder).filter { unlink($0) == 0 }
  }

  /// The hidden files of dead processes of this host in `folder`.
  package static func leftovers(in folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var result: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let owner = owner(ofTemporary: name), owner.host == TemporaryFile.hostName else { continue }
      // Signal 0 asks only whether the process exists; EPERM means that it does and is somebody else's.
      if kill(owner.process, 0) != 0 && errno == ESRCH { result.append(folder + "/" + name) }
    }
    return result.sorted()
  }

  /// Host and process of a name `.NAME.HOST.PID.N.part`, or `nil` for any other name.
  static func owner(ofTemporary name: String) -> (host: String, process: Int32)? {
    guard name.hasPrefix("."), name.hasSuffix(".part") else { return nil }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count >= 6, Int(parts[parts.count - 2]) != nil, let process = Int32(parts[parts.count - 3]), process > 0
    else { return nil }
    return (String(parts[parts.count - 4]), process)
  }
}
