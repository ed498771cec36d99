import Foundation

/// One mutated file of the fuzzer.
///
/// Readers take paths, so the bytes are put into one file in memory, under a name with the right ending, again and again.
package enum FuzzInput {
  /// A folder in memory of this process, removed at its end.
  package static let folder: String = {
    let folder = "/dev/shm/ais-fuzz-\(getpid())"
    mkdir(folder, 0o700)
    atexit {
      let folder = "/dev/shm/ais-fuzz-\(getpid())"
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] { unlink("\(folder)/\(name)") }
      rmdir(folder)
    }
    return folder
  }()

  /// Calls `body` with the path of a file that holds the bytes.
  package static func asFile(
    _ name: String, _ bytes: UnsafePointer<UInt8>, _ count: Int, _ body: (String) -> Void
  ) {
    let path = "\(folder)/\(name)"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "'\(path)' cannot be written")
    var done = 0
    while done < count {
      let wrote = write(descriptor, bytes + done, count - done)
      precondition(wrote > 0, "the memory file system is full")
      done += wrote
    }
    close(descriptor)
    body(path)
  }

  /// Writes the target's own first files into the folder that `AIS_FUZZ_SEEDS` names, if it does.
  package static func writeSeeds(_ seeds: () throws -> [(name: String, bytes: [UInt8])]) {
    guard let folder = ProcessInfo.processInfo.environment["AIS_FUZZ_SEEDS"] else { return }
    do {
      for seed in try seeds() {
        try Data(seed.bytes).write(to: URL(filePath: folder).appending(path: seed.name))
      }
    } catch {
      fatalError("the seeds could not be made: \(error)")
    }
  }
}

/// The bytes of a file.
package func fileBytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }
