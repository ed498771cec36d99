/// The messages of one object: they say whether it is a group or a dataset, and hold its attributes.
struct HDF5ObjectHeader {
  /// One message: what it is about and where its data lie in the file.
  struct Message {
    var type: UInt16
    /// The data are elsewhere, shared with other objects.
    var isShared: Bool
    var data: Range<Int>
  }

  static let dataspace: UInt16 = 0x0001
  static let linkInfo: UInt16 = 0x0002
  static let datatype: UInt16 = 0x0003
  static let externalFiles: UInt16 = 0x0007
  static let layout: UInt16 = 0x0008
  static let filters: UInt16 = 0x000B
  static let attribute: UInt16 = 0x000C
  static let continuation: UInt16 = 0x0010
  static let symbolTable: UInt16 = 0x0011

  let messages: [Message]

  /// Reads a version 1 header: 16 bytes, then messages, on through the continuation blocks that some of them name.
  init(_ bytes: [UInt8], at address: UInt64, budget: inout HDF5Budget) throws(HDF5Fault) {
    var cursor = try HDF5Cursor(bytes, at: address, reading: "an object header")
    let version = try cursor.uint8()
    guard version == 1 else {
      if version == UInt8(ascii: "O") { throw .unsupported("object headers of version 2", isConvertible: true) }
      throw .damaged("byte \(address) should begin an object header")
    }
    try cursor.skip(1)
    let promised = Int(try cursor.uint16())
    try cursor.skip(4)
    let size = UInt64(try cursor.uint32())
    var blocks = [(offset: address + 16, count: size)]
    var messages: [Message] = []
    // The count in the header ends this loop even where continuation blocks name each other in a circle.
    while !blocks.isEmpty, messages.count < promised {
      let block = blocks.removeFirst()
      try budget.spend(steps: 1)
      cursor = try HDF5Cursor(bytes, at: block.offset, count: block.count, reading: "an object header")
      while cursor.remaining >= 8, messages.count < promised {
        try budget.spend(steps: 1)
        let type = try cursor.uint16()
        let count = Int(try cursor.uint16())
        let flags = try cursor.uint8()
        try cursor.skip(3)
        let message = Message(type: type, isShared: flags & 2 != 0, data: try cursor.take(count))
        messages.append(message)
        if type == Self.continuation {
          var target = try HDF5Cursor(bytes, message, reading: "a continuation message")
          blocks.append((try target.uint64(), try target.uint64()))
        }
      }
    }
    guard messages.count == promised else {
      throw .damaged("the object header at byte \(address) promises \(promised) messages, \(messages.count) are there")
    }
    self.messages = messages
  }

  func first(_ type: UInt16) -> Message? { messages.first { $0.type == type } }
}

extension HDF5Cursor {
  /// A cursor over the data of a message.
  init(_ bytes: [UInt8], _ message: HDF5ObjectHeader.Message, reading what: String) throws(HDF5Fault) {
    try self.init(bytes, at: UInt64(message.data.lowerBound), count: UInt64(message.data.count), reading: what)
  }
}

/// What reading a tree may cost in all, so that a small file cannot ask for hours or gigabytes by naming the same bytes
/// again and again.
struct HDF5Budget {
  private var steps = 2_000_000
  private var bytes: Int

  init(fileSize: Int) { bytes = max(fileSize, 1 << 20) }

  /// Counts visits of entries, messages and values.
  mutating func spend(steps count: Int) throws(HDF5Fault) {
    steps -= count
    if steps < 0 { throw .excessive("its tree has more than two million entries") }
  }

  /// Counts names and texts that are kept.
  mutating func spend(bytes count: Int) throws(HDF5Fault) {
    bytes -= count
    if bytes < 0 { throw .excessive("its names and texts are larger than the file itself") }
  }
}
