import AisCore
import CCodecs

extension TarArchive {
  /// The bytes of an uncompressed tar archive that holds these files (POSIX ustar; pax headers only for what ustar cannot
  /// say). The same members give the same bytes.
  package static func bytes(of members: [Member]) throws(AisError) -> [UInt8] {
    guard let handle = archive_write_new() else { throw AisError(.outOfMemory, "no memory to make an archive") }
    defer { archive_write_free(handle) }
    archive_write_set_format_pax_restricted(handle)
    archive_write_add_filter_none(handle)
    // Headers, perhaps with a pax header of their own; blocks of 512 bytes; the end is filled up to 10 KiB.
    let size = members.reduce(32 << 10) { $0 + $1.bytes.count + 4096 + 2 * $1.name.utf8.count }
    var failure: AisError?
    let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      var used = 0
      do throws(AisError) {
        try check(archive_write_open_memory(handle, buffer.baseAddress, size, &used), handle)
        for member in members { try write(member, to: handle) }
        try check(archive_write_close(handle), handle)
        count = used
      } catch { failure = error }
    }
    if let failure { throw failure }
    return result
  }

  private static func write(_ member: Member, to handle: OpaquePointer) throws(AisError) {
    guard let entry = archive_entry_new() else { throw AisError(.outOfMemory, "no memory to make an archive") }
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname_utf8(entry, member.name)
    archive_entry_set_filetype(entry, 0o100000)
    archive_entry_set_perm(entry, 0o644)
    archive_entry_set_size(entry, Int64(member.bytes.count))
    try check(archive_write_header(handle, entry), handle)
    let written = member.bytes.withUnsafeBytes { archive_write_data(handle, $0.baseAddress, $0.count) }
    guard written == member.bytes.count else { try check(ARCHIVE_FATAL, handle); return }
  }

  private static func check(_ status: Int32, _ handle: OpaquePointer) throws(AisError) {
    if status == ARCHIVE_OK || status == ARCHIVE_WARN { return }
    throw AisError(.fileSystem, "an archive cannot be made: \(reason(handle))")
  }
}
