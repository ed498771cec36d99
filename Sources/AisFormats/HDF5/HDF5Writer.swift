import AisCore

/// Writes HDF5 as h5py does by default: superblock version 0, groups as symbol tables, version 1 object headers, contiguous
/// arrays (HDF5 File Format Specification 3.0, sections II–IV). The same tree gives the same bytes.
///
/// Children are written before the groups that name them, so every address is known when it is needed.
package struct HDF5Writer {
  /// Entries of a symbol node and children of a B-tree node, at most; half of them stand in the superblock.
  private static let symbolsPerNode = 8
  private static let childrenPerNode = 32
  /// An attribute must fit its header message: as many texts as Keras puts into one.
  private static let mostTexts = 4000
  private static let undefined = UInt64.max

  private var bytes: [UInt8] = []

  /// The bytes of a whole file.
  package static func bytes(of root: HDF5Output) throws(AisError) -> [UInt8] {
    var writer = HDF5Writer()
    writer.bytes = [UInt8](repeating: 0, count: 96)
    let place = try writer.write(root)
    writer.writeSuperblock(root: place)
    return writer.bytes
  }

  private struct GroupPlace {
    var header, tree, heap: UInt64
  }

  private func superblock(root: GroupPlace) -> [UInt8] {
    var block = HDF5Superblock.signature + [0, 0, 0, 0, 0, 8, 8, 0]
    block.append(integer: UInt16(Self.symbolsPerNode / 2))
    block.append(integer: UInt16(Self.childrenPerNode / 2))
    block.append(integer: UInt32(0))
    for value in [0, Self.undefined, UInt64(bytes.count), Self.undefined, 0, root.header] {
      block.append(integer: value)
    }
    // The root's entry keeps where its tree and its names are.
    block.append(integer: UInt32(1))
    block.append(integer: UInt32(0))
    block.append(integer: root.tree)
    block.append(integer: root.heap)
    return block
  }

  private mutating func writeSuperblock(root: GroupPlace) {
    let block = superblock(root: root)
    bytes.replaceSubrange(0..<96, with: block)
  }

  /// Appends a block at a multiple of 8 and gives its address.
  private mutating func append(_ block: [UInt8]) -> UInt64 {
    bytes.pad(to: 8)
    defer { bytes.append(contentsOf: block) }
    return UInt64(bytes.count)
  }

  // MARK: - Groups

  private mutating func write(_ group: HDF5Output) throws(AisError) -> GroupPlace {
    var entries: [(name: String, header: UInt64)] = []
    for dataset in group.datasets { entries.append((dataset.name, write(dataset))) }
    for child in group.groups { entries.append((child.name, try write(child.group).header)) }
    // Trees are searched by the bytes of names.
    entries.sort { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    for (a, b) in zip(entries, entries.dropFirst()) where a.name == b.name {
      throw AisError(.malformed, "two things of an HDF5 group have the name '\(a.name)'")
    }
    let (heap, offsets) = writeNames(entries.map(\.name))
    let tree = writeTree(entries.map(\.header), names: offsets)
    var messages: [(type: UInt16, data: [UInt8])] = []
    var table: [UInt8] = []
    table.append(integer: tree)
    table.append(integer: heap)
    messages.append((HDF5ObjectHeader.symbolTable, table))
    for attribute in group.attributes { messages.append((HDF5ObjectHeader.attribute, try message(attribute))) }
    return GroupPlace(header: writeHeader(messages), tree: tree, heap: heap)
  }

  /// A local heap with these names; offset 0 is an empty name.
  private mutating func writeNames(_ names: [String]) -> (address: UInt64, offsets: [UInt64]) {
    var segment = [UInt8](repeating: 0, count: 8)
    var offsets: [UInt64] = []
    for name in names {
      offsets.append(UInt64(segment.count))
      segment.append(contentsOf: name.utf8)
      segment.append(0)
      segment.pad(to: 8)
    }
    let data = append(segment)
    var heap = Array("HEAP".utf8) + [0, 0, 0, 0]
    // 1 says that nothing of it is free.
    for value in [UInt64(segment.count), 1, data] { heap.append(integer: value) }
    return (append(heap), offsets)
  }

  /// A version 1 B-tree over symbol nodes; between its children stand the last names below them.
  private mutating func writeTree(_ headers: [UInt64], names: [UInt64]) -> UInt64 {
    var children: [(address: UInt64, lastName: UInt64)] = []
    for start in stride(from: 0, to: headers.count, by: Self.symbolsPerNode) {
      let part = start..<min(start + Self.symbolsPerNode, headers.count)
      var node = Array("SNOD".utf8) + [1, 0]
      node.append(integer: UInt16(part.count))
      for index in part {
        node.append(integer: names[index])
        node.append(integer: headers[index])
        node.append(contentsOf: [UInt8](repeating: 0, count: 24))
      }
      node.append(contentsOf: [UInt8](repeating: 0, count: (Self.symbolsPerNode - part.count) * 40))
      children.append((append(node), names[part.upperBound - 1]))
    }
    var level: UInt8 = 0
    while true {
      var nodes: [(address: UInt64, lastName: UInt64)] = []
      for start in stride(from: 0, to: max(children.count, 1), by: Self.childrenPerNode) {
        let part = children[start..<min(start + Self.childrenPerNode, children.count)]
        var node = Array("TREE".utf8) + [0, level]
        node.append(integer: UInt16(part.count))
        node.append(integer: Self.undefined)
        node.append(integer: Self.undefined)
        node.append(integer: start == 0 ? 0 : children[start - 1].lastName)
        for child in part {
          node.append(integer: child.address)
          node.append(integer: child.lastName)
        }
        let whole = 24 + 8 * (2 * Self.childrenPerNode + 1)
        node.append(contentsOf: [UInt8](repeating: 0, count: whole - node.count))
        nodes.append((append(node), part.last?.lastName ?? 0))
      }
      linkSiblings(nodes.map(\.address))
      guard nodes.count > 1 else { return nodes[0].address }
      children = nodes
      level += 1
    }
  }

  /// Nodes of one level know their neighbours.
  private mutating func linkSiblings(_ addresses: [UInt64]) {
    for index in addresses.indices {
      var links: [UInt8] = []
      links.append(integer: index > 0 ? addresses[index - 1] : Self.undefined)
      links.append(integer: index + 1 < addresses.count ? addresses[index + 1] : Self.undefined)
      let start = Int(addresses[index]) + 8
      bytes.replaceSubrange(start..<start + 16, with: links)
    }
  }

  // MARK: - Objects

  private mutating func writeHeader(_ messages: [(type: UInt16, data: [UInt8])]) -> UInt64 {
    var body: [UInt8] = []
    for (type, data) in messages {
      var padded = data
      padded.pad(to: 8)
      body.append(integer: type)
      body.append(integer: UInt16(padded.count))
      // Types of arrays never change.
      body.append(contentsOf: [type == HDF5ObjectHeader.datatype ? 1 : 0, 0, 0, 0])
      body.append(contentsOf: padded)
    }
    var header: [UInt8] = [1, 0]
    header.append(integer: UInt16(messages.count))
    header.append(integer: UInt32(1))
    header.append(integer: UInt32(body.count))
    header.append(integer: UInt32(0))
    return append(header + body)
  }

  private mutating func write(_ dataset: HDF5Output.Dataset) -> UInt64 {
    bytes.pad(to: 8)
    let data = dataset.values.isEmpty ? Self.undefined : UInt64(bytes.count)
    bytes.reserveCapacity(bytes.count + 4 * dataset.values.count + 512)
    for value in dataset.values {
      withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }
    var layout: [UInt8] = [3, 1]
    layout.append(integer: data)
    layout.append(integer: UInt64(4 * dataset.values.count))
    return writeHeader([
      (HDF5ObjectHeader.dataspace, Self.dataspace(dataset.shape)), (HDF5ObjectHeader.datatype, Self.float32),
      // Room is made late, and filled only where somebody says with what.
      (0x0005, [2, 2, 2, 1, 0, 0, 0, 0]), (HDF5ObjectHeader.layout, layout),
    ])
  }

  // MARK: - Attributes

  private mutating func message(_ attribute: HDF5Output.Attribute) throws(AisError) -> [UInt8] {
    let (type, space, data): ([UInt8], [UInt8], [UInt8])
    switch attribute.value {
    case .text(let text):
      (type, space) = (Self.text(isUTF8: attribute.isUTF8), Self.dataspace([]))
      data = writeTexts([text])
    case .texts(let texts) where texts.isEmpty:
      (type, space, data) = (Self.float64, Self.dataspace([0]), [])
    case .texts(let texts):
      guard texts.count <= Self.mostTexts else {
        throw AisError(
          .limitExceeded,
          "'\(attribute.name)' has \(texts.count) names, and a Keras file holds \(Self.mostTexts) in one list")
      }
      (type, space) = (Self.text(isUTF8: attribute.isUTF8), Self.dataspace([texts.count]))
      data = writeTexts(texts)
    }
    var name = Array(attribute.name.utf8) + [0]
    var result: [UInt8] = [1, 0]
    for count in [name.count, type.count, space.count] { result.append(integer: UInt16(count)) }
    name.pad(to: 8)
    result += name + type.padded(to: 8) + space.padded(to: 8) + data
    return result
  }

  /// Puts texts into a collection of the global heap and gives what refers to them: length, address, index.
  private mutating func writeTexts(_ texts: [String]) -> [UInt8] {
    var objects: [UInt8] = []
    for (index, text) in texts.enumerated() {
      objects.append(integer: UInt16(index + 1))
      objects.append(contentsOf: [0, 0, 0, 0, 0, 0])
      objects.append(integer: UInt64(text.utf8.count))
      objects.append(contentsOf: text.utf8)
      objects.pad(to: 8)
    }
    // Readers expect collections of 4 KiB at least; what is left is an object with the number 0.
    let size = max(4096, 16 + objects.count + 16)
    let left = size - 16 - objects.count
    objects.append(contentsOf: [UInt8](repeating: 0, count: 8))
    objects.append(integer: UInt64(left))
    objects.append(contentsOf: [UInt8](repeating: 0, count: left - 16))
    var collection = Array("GCOL".utf8) + [1, 0, 0, 0]
    collection.append(integer: UInt64(size))
    let address = append(collection + objects)
    var references: [UInt8] = []
    for (index, text) in texts.enumerated() {
      references.append(integer: UInt32(text.utf8.count))
      references.append(integer: address)
      references.append(integer: UInt32(index + 1))
    }
    return references
  }

  // MARK: - Types and extents

  private static let float32: [UInt8] = [0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]
  private static let float64: [UInt8] = [0x11, 0x20, 63, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 0xFF, 3, 0, 0]

  /// Text of variable length that ends with NUL, a list of unsigned bytes.
  private static func text(isUTF8: Bool) -> [UInt8] {
    [0x19, 0x01, isUTF8 ? 1 : 0, 0, 16, 0, 0, 0] + [0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]
  }

  private static func dataspace(_ extents: [Int]) -> [UInt8] {
    var message: [UInt8] = [1, UInt8(extents.count), 0, 0, 0, 0, 0, 0]
    for extent in extents { message.append(integer: UInt64(extent)) }
    return message
  }
}

extension [UInt8] {
  fileprivate mutating func append(integer value: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  fileprivate mutating func pad(to multiple: Int) {
    append(contentsOf: [UInt8](repeating: 0, count: (multiple - count % multiple) % multiple))
  }

  fileprivate func padded(to multiple: Int) -> [UInt8] {
    var result = self
    result.pad(to: multiple)
    return result
  }
}
