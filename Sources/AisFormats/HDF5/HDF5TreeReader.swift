/// Walks a file's groups from the root: symbol table message → B-tree of nodes → symbol nodes → object headers.
struct HDF5TreeReader {
  private static let deepest = 32

  private let bytes: [UInt8]
  private var budget: HDF5Budget
  private var globalHeap = HDF5GlobalHeap()
  /// Headers seen so far. A tree sees each once; a cycle does not.
  private var visited: Set<UInt64> = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    budget = HDF5Budget(fileSize: bytes.count)
  }

  mutating func readRoot(at header: UInt64) throws(HDF5Fault) -> HDF5Group {
    let root = try readObject(at: header, path: "/", depth: 0)
    guard case .group(let group) = root else { throw .damaged("its root is not a group") }
    return group
  }

  private enum Object {
    case group(HDF5Group)
    case dataset(HDF5Dataset)
  }

  private mutating func readObject(at address: UInt64, path: String, depth: Int) throws(HDF5Fault) -> Object {
    guard depth <= Self.deepest else { throw .excessive("its groups are nested more than \(Self.deepest) deep") }
    guard visited.insert(address).inserted else {
      throw .unsupported("'\(path)' is a second link to an object that stands elsewhere in the file")
    }
    let header = try HDF5ObjectHeader(bytes, at: address, budget: &budget)
    let attributes = try readAttributes(of: header)
    if let table = header.first(HDF5ObjectHeader.symbolTable) {
      return .group(try readGroup(table, path: path, attributes: attributes, depth: depth))
    }
    if header.first(HDF5ObjectHeader.linkInfo) != nil {
      throw .unsupported("'\(path)' is a group in the style that HDF5 writes when asked for its latest format")
    }
    return .dataset(try readDataset(header, path: path))
  }

  // MARK: Groups

  private mutating func readGroup(
    _ table: HDF5ObjectHeader.Message, path: String, attributes: [String: HDF5Attribute], depth: Int
  ) throws(HDF5Fault) -> HDF5Group {
    var cursor = try HDF5Cursor(bytes, table, reading: "a symbol table message")
    let tree = try cursor.uint64()
    let heap = try HDF5LocalHeap(bytes, at: try cursor.uint64())
    var entries: [(name: UInt64, header: UInt64)] = []
    try readTree(at: tree, level: nil, into: &entries)
    var group = HDF5Group(path: path, attributes: attributes)
    for entry in entries {
      let name = try heap.name(at: entry.name, in: bytes)
      let childPath = (path == "/" ? "" : path) + "/" + name
      try budget.spend(bytes: childPath.utf8.count)
      guard group.groups[name] == nil, group.datasets[name] == nil else {
        throw .damaged("'\(childPath)' stands in its group twice")
      }
      switch try readObject(at: entry.header, path: childPath, depth: depth + 1) {
      case .group(let child): group.groups[name] = child
      case .dataset(let child): group.datasets[name] = child
      }
    }
    return group
  }

  /// Collects the entries below one node of a version 1 B-tree; children of level 0 are symbol nodes.
  private mutating func readTree(
    at address: UInt64, level expected: UInt8?, into entries: inout [(name: UInt64, header: UInt64)]
  ) throws(HDF5Fault) {
    var cursor = try HDF5Cursor(bytes, at: address, reading: "a B-tree node")
    try cursor.expect(signature: "TREE")
    guard try cursor.uint8() == 0 else { throw .damaged("the B-tree node at byte \(address) is not one of a group") }
    let level = try cursor.uint8()
    // Levels count down to 0, so a node that names an ancestor is found out here.
    guard expected == nil || level == expected else {
      throw .damaged("the B-tree node at byte \(address) stands at level \(level), expected \(expected ?? 0)")
    }
    let count = Int(try cursor.uint16())
    try cursor.skip(16 + 8)
    for _ in 0..<count {
      try budget.spend(steps: 1)
      let child = try cursor.uint64()
      try cursor.skip(8)
      if level == 0 {
        try readSymbolNode(at: child, into: &entries)
      } else {
        try readTree(at: child, level: level - 1, into: &entries)
      }
    }
  }

  private mutating func readSymbolNode(
    at address: UInt64, into entries: inout [(name: UInt64, header: UInt64)]
  ) throws(HDF5Fault) {
    var cursor = try HDF5Cursor(bytes, at: address, reading: "a symbol node")
    try cursor.expect(signature: "SNOD")
    try cursor.skip(2)
    let count = Int(try cursor.uint16())
    for _ in 0..<count {
      try budget.spend(steps: 1)
      let (name, header) = (try cursor.uint64(), try cursor.uint64())
      let cacheType = try cursor.uint32()
      try cursor.skip(4 + 16)
      guard cacheType != 2 else { throw .unsupported("a symbolic link") }
      entries.append((name, header))
    }
  }

  // MARK: Attributes and datasets

  private mutating func readAttributes(
    of header: HDF5ObjectHeader
  ) throws(HDF5Fault) -> [String: HDF5Attribute] {
    var attributes: [String: HDF5Attribute] = [:]
    for message in header.messages where message.type == HDF5ObjectHeader.attribute {
      let layout = try HDF5AttributeLayout(bytes, message)
      try budget.spend(bytes: layout.name.utf8.count)
      do throws(HDF5Fault) {
        attributes[layout.name] = try layout.value(in: bytes, heap: &globalHeap, budget: &budget)
      } catch {
        // An attribute that nobody asks for must not stand in the way, unless it spends the budget of all.
        if case .excessive = error { throw error }
        attributes[layout.name] = .unreadable(error)
      }
    }
    return attributes
  }

  private func readDataset(_ header: HDF5ObjectHeader, path: String) throws(HDF5Fault) -> HDF5Dataset {
    guard let space = header.first(HDF5ObjectHeader.dataspace) else {
      if header.first(HDF5ObjectHeader.datatype) != nil { throw .unsupported("'\(path)' is a type with a name") }
      throw .damaged("'\(path)' is neither a group nor an array")
    }
    let extents = try HDF5Dataspace(bytes, space).extents
    do throws(HDF5Fault) {
      return HDF5Dataset(path: path, shape: extents, storage: .success(try storage(header, extents: extents)))
    } catch { return HDF5Dataset(path: path, shape: extents, storage: .failure(error)) }
  }

  private func storage(
    _ header: HDF5ObjectHeader, extents: [Int]
  ) throws(HDF5Fault) -> HDF5Dataset.Storage {
    guard let typeMessage = header.first(HDF5ObjectHeader.datatype),
      let layout = header.first(HDF5ObjectHeader.layout)
    else { throw .damaged("an array without a type or a layout") }
    guard !typeMessage.isShared, !layout.isShared else { throw .unsupported("a type shared between arrays") }
    guard header.first(HDF5ObjectHeader.filters) == nil else {
      throw .unsupported("compressed arrays", isConvertible: true)
    }
    guard header.first(HDF5ObjectHeader.externalFiles) == nil else {
      throw .unsupported("values in another file", isConvertible: true)
    }
    var typeCursor = try HDF5Cursor(bytes, typeMessage, reading: "a datatype")
    let type = try HDF5Datatype(&typeCursor)
    let needed = try type.byteCount(of: extents)
    var cursor = try HDF5Cursor(bytes, layout, reading: "a data layout")
    let version = try cursor.uint8()
    guard version == 3 || version == 4 else {
      throw .unsupported("data layouts of version \(version)", isConvertible: true)
    }
    let location: Range<Int>
    switch try cursor.uint8() {
    case 0:
      location = try cursor.take(Int(try cursor.uint16()))
    case 1:
      let (address, size) = (try cursor.uint64(), try cursor.uint64())
      if address == .max {
        guard needed == 0 else { throw .damaged("an array whose values were never written") }
        location = 0..<0
      } else {
        var data = try HDF5Cursor(bytes, at: address, count: size, reading: "an array")
        location = try data.take(data.remaining)
      }
    default: throw .unsupported("arrays stored in chunks", isConvertible: true)
    }
    guard location.count >= needed else {
      throw .damaged("an array of \(extents) needs \(needed) bytes, \(location.count) are there")
    }
    return HDF5Dataset.Storage(type: type, location: location.lowerBound..<location.lowerBound + needed)
  }
}

/// The names of a group's entries: NUL-terminated texts in one segment of the file.
struct HDF5LocalHeap {
  private let segment: Range<Int>

  init(_ bytes: [UInt8], at address: UInt64) throws(HDF5Fault) {
    var cursor = try HDF5Cursor(bytes, at: address, reading: "a local heap")
    try cursor.expect(signature: "HEAP")
    try cursor.skip(4)
    let size = try cursor.uint64()
    try cursor.skip(8)
    var data = try HDF5Cursor(bytes, at: try cursor.uint64(), count: size, reading: "a local heap's segment")
    segment = try data.take(data.remaining)
  }

  func name(at offset: UInt64, in bytes: [UInt8]) throws(HDF5Fault) -> String {
    guard offset < UInt64(segment.count) else { throw .damaged("a name lies outside its heap") }
    let text = bytes[(segment.lowerBound + Int(offset))..<segment.upperBound]
    guard let end = text.firstIndex(of: 0) else { throw .damaged("a name has no end") }
    let name = String(decoding: text[..<end], as: UTF8.self)
    guard !name.isEmpty, !name.contains("/") else { throw .damaged("a name is empty or contains '/'") }
    return name
  }
}
