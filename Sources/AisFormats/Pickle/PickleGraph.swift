import AisCore

/// What a pickle holds, as values that refer to each other by number: lists, texts and named objects, none of them made.
package struct PickleGraph: Sendable {
  /// The number of a value.
  package struct Reference: Hashable, Sendable { let index: Int }

  /// One value. Lists and dictionaries are numbers too, so that adding to one does not copy it.
  enum Node: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    /// A whole number beyond 64 bits, which no file needs to be read.
    case hugeInteger
    case float(Double)
    case text(String)
    /// Where the bytes are in the source.
    case bytes(Range<Int>)
    case tuple([Reference])
    case list(Int)
    case dictionary(Int)
    case global(String)
    /// Something that Python would make by calling `callee` with `arguments`, and then give a state.
    case object(callee: Reference, arguments: Reference, state: Reference?)
  }

  let source: PickleSource
  var nodes: [Node] = []
  var lists: [[Reference]] = []
  var dictionaries: [[(key: Reference, value: Reference)]] = []
  /// The value that the file is about.
  package internal(set) var root = Reference(index: 0)

  init(source: PickleSource) { self.source = source }

  mutating func add(_ node: Node) -> Reference {
    nodes.append(node)
    return Reference(index: nodes.count - 1)
  }

  subscript(_ reference: Reference) -> Node { nodes[reference.index] }

  package func integer(_ reference: Reference) -> Int? {
    switch self[reference] {
    case .integer(let value): value
    case .bool(let value): value ? 1 : 0
    case .float(let value): Int(exactly: value)
    default: scalar(reference).flatMap { Int(exactly: $0) }
    }
  }

  /// Any number: Python's own, or one of NumPy.
  package func number(_ reference: Reference) -> Double? {
    switch self[reference] {
    case .integer(let value): Double(value)
    case .bool(let value): value ? 1 : 0
    case .float(let value): value
    default: scalar(reference)
    }
  }

  package func bool(_ reference: Reference) -> Bool? {
    if case .bool(let value) = self[reference] { return value }
    return number(reference).map { $0 != 0 }
  }

  package func text(_ reference: Reference) -> String? {
    if case .text(let value) = self[reference] { value } else { nil }
  }

  package func isNone(_ reference: Reference) -> Bool {
    if case .none = self[reference] { true } else { false }
  }

  /// The elements of a list or tuple.
  package func elements(_ reference: Reference) -> [Reference]? {
    switch self[reference] {
    case .list(let number): lists[number]
    case .tuple(let elements): elements
    default: nil
    }
  }

  /// Keys and values of a dictionary, in the order given; of a key given twice both are there.
  package func pairs(_ reference: Reference) -> [(key: Reference, value: Reference)]? {
    if case .dictionary(let number) = self[reference] { dictionaries[number] } else { nil }
  }

  /// An object: the name of what makes it, what with, and the attributes that it is given.
  package func object(_ reference: Reference) -> (name: String, arguments: [Reference], state: Reference?)? {
    guard case .object(let callee, let arguments, let state) = self[reference], case .global(let name) = self[callee]
    else { return nil }
    return (name, elements(arguments) ?? [], state)
  }

  /// The attributes of an object by name; of a name given twice the last counts.
  package func attributes(_ reference: Reference) -> [String: Reference]? {
    guard let state = object(reference)?.state, let pairs = pairs(state) else { return nil }
    var result: [String: Reference] = [:]
    for (key, value) in pairs {
      if let name = text(key) { result[name] = value }
    }
    return result
  }
}
