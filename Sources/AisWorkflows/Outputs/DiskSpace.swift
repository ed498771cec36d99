import AisCore
import Foundation

/// Room on the file system of a folder that may not be there yet.
package enum DiskSpace {
  /// Bytes that may still be written, or `nil` when the system does not say.
  package static func free(at folder: String) -> Int? {
    var path = URL(filePath: folder).standardizedFileURL
    while !FileManager.default.fileExists(atPath: path.path), path.path != "/" { path.deleteLastPathComponent() }
    var status = statvfs()
    guard statvfs(path.path, &status) == 0 else { return nil }
    let (bytes, overflow) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
    return overflow ? nil : bytes
  }
}
