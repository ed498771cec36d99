import AisCore
import Glibc

/// The names in a folder.
package enum FolderListing {
  /// All names but `.` and `..`, sorted.
  package static func names(in folder: String) throws(AisError) -> [String] {
    guard let directory = opendir(folder) else { throw .fileSystem("list", folder, errno) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
