import AisCore

/// Writes an uncompressed tar archive (POSIX ustar) member by member: for archives larger than memory. The file appears under
/// its own name only when it is finished; the same members give the same bytes.
package final class TarStream {
  /// The file that is written; seal or finish it after `close()`.
  package let file: StreamedFile

  package init(_ path: String) throws(AisError) { file = try StreamedFile(path) }

  /// Adds a file. Names have at most 100 bytes.
  package func append(_ name: String, _ bytes: [UInt8]) throws(AisError) {
    precondition(!name.isEmpty && name.utf8.count <= 100, "'\(name)' cannot name a member of a plain tar archive")
    try file.append(Self.header(name, size: bytes.count))
    try file.append(bytes)
    try file.append(repeatElement(0, count: (512 - bytes.count % 512) % 512))
  }

  /// Writes the two empty blocks that end an archive.
  package func close() throws(AisError) { try file.append(repeatElement(0, count: 1024)) }

  private static func header(_ name: String, size: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int) {
      for (i, byte) in text.utf8.enumerated() { bytes[offset + i] = byte }
    }
    func octal(_ value: Int, _ digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    put(name, 0)
    put("0000644", 100)
    put("0000000", 108)
    put("0000000", 116)
    put(octal(size, 11), 124)
    // The date is left at 0, so that the same content gives the same file.
    put("00000000000", 136)
    put("        ", 148)
    put("0", 156)
    put("ustar", 257)
    put("00", 263)
    put(octal(bytes.reduce(0) { $0 + Int($1) }, 6), 148)
    bytes[154] = 0
    return bytes
  }
}
