import AisCore
import CCodecs

/// A tar archive in memory, plain or gzip-compressed: its files by name, nothing ever written to disk.
///
/// Meant for archives from strangers. Absolute names, `..`, links and devices are refused, and so is everything beyond
/// `Limits`. libarchive does the parsing; its support for every other format and filter stays off.
package struct TarArchive: Sendable {
  /// One file of the archive.
  package struct Member: Sendable {
    package var name: String
    package var bytes: [UInt8]

    package init(name: String, bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
    }

    /// The name without its folders.
    package var baseName: String { name.split(separator: "/").last.map(String.init) ?? name }
  }

  /// What an archive may ask for.
  package struct Limits: Sendable {
    package var members = 256
    package var memberBytes = 4 << 30
    package var totalBytes = 4 << 30
    /// Content beyond `freeBytes` may be this many times as large as the archive itself.
    package var compressionRatio = 100
    package var freeBytes = 16 << 20
    package init() {}
  }

  package let members: [Member]

  /// Reads the members that `isWanted` (all of them when not given); the others are checked and skipped.
  ///
  /// `name` is what errors call the archive.
  package init(
    _ bytes: [UInt8], name: String, limits: Limits = Limits(), isWanted: (String) -> Bool = { _ in true }
  ) throws(AisError) {
    guard let handle = archive_read_new() else { throw AisError(.outOfMemory, "no memory to read '\(name)'") }
    defer { archive_read_free(handle) }
    archive_read_support_filter_gzip(handle)
    archive_read_support_format_tar(handle)
    var result: Result<[Member], AisError> = .success([])
    bytes.withUnsafeBytes { raw in
      do throws(AisError) {
        guard archive_read_open_memory(handle, raw.baseAddress, raw.count) == ARCHIVE_OK else {
          throw .damagedArchive(name, reason: Self.reason(handle))
        }
        var reader = MemberReader(handle: handle, name: name, archiveSize: raw.count, limits: limits)
        result = .success(try reader.readAll(isWanted))
      } catch { result = .failure(error) }
    }
    members = try result.get()
  }

  /// Whether these bytes begin as a tar archive (POSIX or GNU) or as gzip does.
  package static func isLikely(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x1F, 0x8B]) || (bytes.count >= 512 && bytes[257..<262].elementsEqual("ustar".utf8))
  }

  static func reason(_ handle: OpaquePointer) -> String {
    archive_error_string(handle).map { String(cString: $0) } ?? "unknown reason"
  }
}

/// Goes through the entries once, keeping account of what was read.
private struct MemberReader {
  let handle: OpaquePointer
  let name: String
  let archiveSize: Int
  let limits: TarArchive.Limits
  private var total = 0

  init(handle: OpaquePointer, name: String, archiveSize: Int, limits: TarArchive.Limits) {
    self.handle = handle
    self.name = name
    self.archiveSize = archiveSize
    self.limits = limits
  }

  mutating func readAll(_ isWanted: (String) -> Bool) throws(AisError) -> [TarArchive.Member] {
    var members: [TarArchive.Member] = []
    var count = 0
    var entry: OpaquePointer?
    while true {
      let status = archive_read_next_header(handle, &entry)
      if status == ARCHIVE_EOF { return members }
      // A warning concerns the character set of a name or the like; the entry itself is whole.
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else {
        throw .damagedArchive(name, reason: TarArchive.reason(handle))
      }
      count += 1
      guard count <= limits.members else { throw .archiveTooLarge(name, what: "more than \(limits.members) members") }
      let memberName = try checkedName(of: entry)
      guard try isFile(entry, named: memberName) else { continue }
      guard archive_entry_size(entry) <= limits.memberBytes else { throw tooLargeMember(memberName) }
      let content = try read(memberName, keeping: isWanted(memberName))
      if let content { members.append(TarArchive.Member(name: memberName, bytes: content)) }
    }
  }

  private func checkedName(of entry: OpaquePointer) throws(AisError) -> String {
    // Which of the two is there depends on the locale and on how the archive states its character set.
    guard let pointer = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry) else {
      throw .damagedArchive(name, reason: "a member without a name")
    }
    let memberName = String(cString: pointer)
    guard !memberName.hasPrefix("/"), !memberName.split(separator: "/").contains("..") else {
      throw .unsafeMember(memberName, archive: name, reason: "its name leads out of the archive")
    }
    return memberName
  }

  /// Whether the entry is a file (`true`) or a folder (`false`); anything else is refused.
  private func isFile(_ entry: OpaquePointer, named memberName: String) throws(AisError) -> Bool {
    let (regularFile, folder): (UInt32, UInt32) = (0o100000, 0o040000)
    if archive_entry_hardlink(entry) != nil || archive_entry_symlink(entry) != nil {
      throw .unsafeMember(memberName, archive: name, reason: "it is a link")
    }
    switch UInt32(archive_entry_filetype(entry)) {
    case regularFile: return true
    case folder: return false
    default: throw .unsafeMember(memberName, archive: name, reason: "it is neither a file nor a folder")
    }
  }

  /// Reads the current entry to its end, counting every byte; gives the content if it is to be kept.
  private mutating func read(_ memberName: String, keeping isKept: Bool) throws(AisError) -> [UInt8]? {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var size = 0
    while true {
      let count = chunk.withUnsafeMutableBytes { archive_read_data(handle, $0.baseAddress, $0.count) }
      if count == 0 { return isKept ? content : nil }
      guard count > 0 else { throw .damagedArchive(name, reason: TarArchive.reason(handle)) }
      size += count
      total += count
      guard size <= limits.memberBytes else { throw tooLargeMember(memberName) }
      guard total <= limits.totalBytes else {
        throw .archiveTooLarge(name, what: "more than \(limits.totalBytes >> 20) MiB in all")
      }
      guard total - limits.freeBytes <= archiveSize.multipliedClamped(by: limits.compressionRatio) else {
        throw .archiveTooLarge(name, what: "content more than \(limits.compressionRatio) times as large as the archive")
      }
      if isKept { content.append(contentsOf: chunk[..<count]) }
    }
  }

  private func tooLargeMember(_ memberName: String) -> AisError {
    .archiveTooLarge(name, what: "'\(memberName)' with more than \(limits.memberBytes >> 20) MiB")
  }
}

extension Int {
  /// The product, or the largest number where it does not fit.
  fileprivate func multipliedClamped(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}

/// The wording of errors about archives.
extension AisError {
  static func damagedArchive(_ name: String, reason: String) -> AisError {
    AisError(.malformed, "'\(name)' is damaged: its archive cannot be read (\(reason)). Copy the file again.")
  }

  static func unsafeMember(_ member: String, archive: String, reason: String) -> AisError {
    AisError(.malformed, "'\(archive)' was not opened: it holds '\(member)', and \(reason). Do not trust this file.")
  }

  static func archiveTooLarge(_ name: String, what: String) -> AisError {
    AisError(.limitExceeded, "'\(name)' was not opened: it holds \(what), which no model file does")
  }
}
