/// The first block of an HDF5 file: where its root group is and how large the file should be.
///
///     offset  size  field (version 0; version 1 has 4 more bytes before the base address)
///          0     8  signature 89 'H' 'D' 'F' 0D 0A 1A 0A
///          8     1  version of the superblock
///         13     1  bytes of an offset (8)
///         14     1  bytes of a length (8)
///         24     8  base address (0)
///         40     8  end of file
///         56    40  the root group's symbol table entry; its object header's address at 64
struct HDF5Superblock {
  static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The address of the root group's object header.
  let rootHeader: UInt64

  init(_ bytes: [UInt8]) throws(HDF5Fault) {
    guard bytes.starts(with: Self.signature) else { throw .foreign }
    var cursor = try HDF5Cursor(bytes, at: 8, reading: "the superblock")
    let version = try cursor.uint8()
    guard version <= 1 else {
      throw .unsupported(
        "version \(version) of the superblock, which HDF5 writes when asked for its latest format",
        isConvertible: true)
    }
    try cursor.skip(4)
    let (offsetSize, lengthSize) = (try cursor.uint8(), try cursor.uint8())
    guard offsetSize == 8, lengthSize == 8 else {
      throw .unsupported("offsets of \(offsetSize) and lengths of \(lengthSize) bytes, expected 8 and 8")
    }
    try cursor.skip(version == 0 ? 9 : 13)
    let base = try cursor.uint64()
    guard base == 0 else { throw .unsupported("a base address of \(base), expected 0") }
    try cursor.skip(8)
    let endOfFile = try cursor.uint64()
    try cursor.skip(8 + 8)
    rootHeader = try cursor.uint64()
    guard endOfFile <= UInt64(bytes.count) else { throw .truncated(promised: endOfFile) }
  }
}
