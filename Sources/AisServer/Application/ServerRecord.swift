import AisCore
import AisFormats
import AisProject
import Foundation

/// Where a server runs, in a file that only its user can read: a second start and scripts find it there.
package struct ServerRecord: Codable, Sendable {
  package var schema = "ais.server/1"
  package var address: String
  package var token: String
  package var process: Int32
  package var host: String
  /// Seconds since 1970.
  package var started: Double

  package init(address: String, token: AccessToken) {
    self.address = address
    self.token = token.text
    process = getpid()
    host = HostName.current
    started = Date().timeIntervalSince1970
  }

  private static func folder(_ stateFolder: String) -> String { stateFolder + "/servers" }
  private var name: String { "\(host)-\(process).json" }

  /// Writes the file. Whether it can be written does not matter to those who know the address.
  package func write(in stateFolder: String) -> String? {
    let folder = Self.folder(stateFolder)
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let path = folder + "/" + name
    guard let data = try? JSONEncoder().encode(self) else { return nil }
    // With its permissions from the first byte on.
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    fchmod(descriptor, 0o600)
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do { try handle.write(contentsOf: data + Data([0x0A])) } catch { return nil }
    return path
  }

  package func remove(from stateFolder: String) { unlink(Self.folder(stateFolder) + "/" + name) }

  /// The servers of this user that run on this machine, the latest first. Files of those that died are removed; files that others
  /// could have written, or could read, are passed over.
  package static func running(stateFolder: String) -> [ServerRecord] {
    let folder = folder(stateFolder)
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".json") }
    let records = names.compactMap { name -> ServerRecord? in
      let path = folder + "/" + name
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
        status.st_mode & 0o077 == 0, let data = FileManager.default.contents(atPath: path),
        let record = try? JSONDecoder().decode(ServerRecord.self, from: data), record.host == HostName.current
      else { return nil }
      // Folders of users lie on many machines: only of this one is it known who runs.
      if kill(record.process, 0) == 0 || errno == EPERM { return record }
      unlink(path)
      return nil
    }
    return records.sorted { $0.started > $1.started }
  }

  /// The server of this user that has a project open, by the project's lease; `nil` when it is somebody else's, or gone.
  package static func owner(of project: String, stateFolder: String) -> ServerRecord? {
    let folder = ProjectFolder(project)
    guard let bytes = try? RandomAccessFile(folder.path + "/lease.json").contents(limit: 1 << 16),
      let lease = try? JSONValue(parsing: bytes, name: "lease"), let address = lease["address"]?.string,
      let process = lease["owner"]?["process"]?.integer, let host = lease["owner"]?["host"]?.string,
      let data = FileManager.default.contents(atPath: "\(Self.folder(stateFolder))/\(host)-\(process).json"),
      let record = try? JSONDecoder().decode(ServerRecord.self, from: data), record.address == address
    else { return nil }
    return record
  }

  /// The address that lets a browser in; with a key, right into that project.
  package func entry(to key: String?) -> String {
    "\(address)/\(key.map { "p/\($0)/annotate" } ?? "")?token=\(token)"
  }

  /// The same for any place in the page: `/p/KEY/annotate?d=3`.
  package func entry(at place: String) -> String {
    "\(address)\(place)\(place.contains("?") ? "&" : "?")token=\(token)"
  }

  /// The key of a project in addresses.
  package static func key(of project: String) -> String { ProjectRegistry.key(ProjectFolder(project)) }
}
