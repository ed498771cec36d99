import AisCore

/// The instructions that are read (Python's `pickletools` describes them), by their bytes.
enum PickleOpcode: UInt8 {
  case protocolVersion = 0x80
  case stop = 0x2E
  case mark = 0x28
  case pop = 0x30
  case popMark = 0x31
  case duplicate = 0x32
  case none = 0x4E
  case newTrue = 0x88
  case newFalse = 0x89
  case binInt = 0x4A
  case binInt1 = 0x4B
  case binInt2 = 0x4D
  case long1 = 0x8A
  case long4 = 0x8B
  case binFloat = 0x47
  case shortBinUnicode = 0x8C
  case binUnicode = 0x58
  case binUnicode8 = 0x8D
  case shortBinBytes = 0x43
  case binBytes = 0x42
  case binBytes8 = 0x8E
  case byteArray8 = 0x96
  case emptyTuple = 0x29
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case tuple = 0x74
  case emptyList = 0x5D
  case append = 0x61
  case appends = 0x65
  case emptyDictionary = 0x7D
  case setItem = 0x73
  case setItems = 0x75
  case global = 0x63
  case stackGlobal = 0x93
  case reduce = 0x52
  case newObject = 0x81
  case newObjectWithNames = 0x92
  case build = 0x62
  case memoize = 0x94
  case binPut = 0x71
  case longBinPut = 0x72
  case binGet = 0x68
  case longBinGet = 0x6A
  case frame = 0x95
}

extension PickleMachine {
  mutating func execute(_ opcode: PickleOpcode) throws(PickleFault) {
    switch opcode {
    case .protocolVersion, .stop: throw .damaged("a second pickle begins at byte \(cursor.position - 1)")
    // Frames only say how much to read at once, and cut through values.
    case .frame: _ = try cursor.unsigned(8)
    case .mark:
      guard marks.count < limits.values else { throw .excessive("it sets more than \(limits.values) marks") }
      marks.append(stack.count)
    case .pop: _ = try pop()
    case .popMark: _ = try popToMark()
    case .duplicate: stack.append(try top())
    case .none: push(.none)
    case .newTrue: push(.bool(true))
    case .newFalse: push(.bool(false))
    case .binInt: push(.integer(Int(Int32(truncatingIfNeeded: try cursor.unsigned(4)))))
    case .binInt1: push(.integer(Int(try cursor.unsigned(1))))
    case .binInt2: push(.integer(Int(try cursor.unsigned(2))))
    case .long1: try pushLong(try cursor.length(1))
    case .long4: try pushLong(try cursor.length(4))
    case .binFloat: push(.float(Double(bitPattern: try cursor.unsigned(8).byteSwapped)))
    case .shortBinUnicode: try pushText(try cursor.length(1))
    case .binUnicode: try pushText(try cursor.length(4))
    case .binUnicode8: try pushText(try cursor.length(8))
    case .shortBinBytes: push(.bytes(try cursor.skip(try cursor.length(1))))
    case .binBytes: push(.bytes(try cursor.skip(try cursor.length(4))))
    case .binBytes8, .byteArray8: push(.bytes(try cursor.skip(try cursor.length(8))))
    case .emptyTuple: push(.tuple([]))
    case .tuple1: push(.tuple([try pop()]))
    case .tuple2:
      let second = try pop()
      push(.tuple([try pop(), second]))
    case .tuple3:
      let third = try pop()
      let second = try pop()
      push(.tuple([try pop(), second, third]))
    case .tuple: push(.tuple(try popToMark()))
    case .emptyList:
      graph.lists.append([])
      push(.list(graph.lists.count - 1))
    case .emptyDictionary:
      graph.dictionaries.append([])
      push(.dictionary(graph.dictionaries.count - 1))
    case .append:
      let element = try pop()
      try add([element], to: try top())
    case .appends:
      let elements = try popToMark()
      try add(elements, to: try top())
    case .setItem:
      let value = try pop()
      let key = try pop()
      try set([key, value], in: try top())
    case .setItems:
      let items = try popToMark()
      try set(items, in: try top())
    case .global: try pushGlobal(try cursor.line(), try cursor.line())
    case .stackGlobal:
      let name = try pop()
      let module = try pop()
      guard let module = graph.text(module), let name = graph.text(name) else {
        throw .damaged("byte \(cursor.position) names something of Python without a text")
      }
      try pushGlobal(module, name)
    case .reduce, .newObject:
      let arguments = try pop()
      try pushObject(try pop(), arguments)
    case .newObjectWithNames:
      _ = try pop()
      let arguments = try pop()
      try pushObject(try pop(), arguments)
    case .build:
      let state = try pop()
      let object = try top()
      guard case .object(let callee, let arguments, _) = graph[object] else {
        throw .damaged("byte \(cursor.position) gives a state to something that is not an object")
      }
      graph.nodes[object.index] = .object(callee: callee, arguments: arguments, state: state)
    case .memoize: try memoizeNext()
    case .binPut: try memoize(at: Int(try cursor.unsigned(1)))
    case .longBinPut: try memoize(at: Int(try cursor.unsigned(4)))
    case .binGet: try recall(Int(try cursor.unsigned(1)))
    case .longBinGet: try recall(Int(try cursor.unsigned(4)))
    }
  }

  /// A little-endian number in two's complement, of any length.
  private mutating func pushLong(_ byteCount: Int) throws(PickleFault) {
    guard byteCount <= 8 else {
      _ = try cursor.skip(byteCount)
      return push(.hugeInteger)
    }
    let bits = try cursor.unsigned(byteCount)
    let unused = UInt64(64 - 8 * byteCount)
    push(.integer(byteCount == 0 ? 0 : Int(Int64(bitPattern: bits << unused) >> Int64(unused))))
  }

  private mutating func add(_ elements: [PickleGraph.Reference], to list: PickleGraph.Reference) throws(PickleFault) {
    placed += elements.count
    switch graph[list] {
    case .list(let number): graph.lists[number] += elements
    // The elements of objects that behave like lists are of no interest.
    case .object: break
    default: throw .damaged("byte \(cursor.position) adds to something that is not a list")
    }
  }

  private mutating func set(_ items: [PickleGraph.Reference], in dictionary: PickleGraph.Reference) throws(PickleFault)
  {
    placed += items.count
    guard items.count.isMultiple(of: 2) else {
      throw .damaged("the dictionary before byte \(cursor.position) has a key without a value")
    }
    switch graph[dictionary] {
    case .dictionary(let number):
      for index in stride(from: 0, to: items.count, by: 2) {
        graph.dictionaries[number].append((key: items[index], value: items[index + 1]))
      }
    case .object: break
    default: throw .damaged("byte \(cursor.position) sets a key of something that is not a dictionary")
    }
  }
}
