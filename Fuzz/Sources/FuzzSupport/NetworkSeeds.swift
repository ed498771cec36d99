import AisCore
import AisFormats
import Foundation

/// Where network files are, seen from the root of the checkout.
private let folders = ["Examples", "Tests/Fixtures", "../shared/data/networks"]

/// The network files up to a size.
package func networkFiles(atMost size: Int) throws -> [(name: String, bytes: [UInt8])] {
  var files: [(name: String, bytes: [UInt8])] = []
  for folder in folders {
    for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init()
    where name.hasSuffix(".scnm") {
      let bytes = try fileBytes("\(folder)/\(name)")
      if bytes.count <= size { files.append((name.replacing("/", with: "-"), bytes)) }
    }
  }
  return files
}

/// What is inside the network files: weights (`.h5`), metadata (`.json`), and the description of the layers that the
/// weights carry (`.layers.json`).
package func networkParts() throws -> [(name: String, bytes: [UInt8])] {
  var parts: [(name: String, bytes: [UInt8])] = []
  for file in try networkFiles(atMost: 8 << 20) {
    guard let archive = try? TarArchive(file.bytes, name: file.name) else { continue }
    for member in archive.members {
      parts.append(("\(file.name)-\(member.baseName)", member.bytes))
      guard let tree = try? HDF5File(member.bytes, name: member.name),
        let description = try? tree.strings("model_config", of: tree.root)?.first
      else { continue }
      parts.append(("\(file.name).layers.json", Array(description.utf8)))
    }
  }
  return parts
}
