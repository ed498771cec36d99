import AisCore

/// Reads a Python pickle (protocols 2 to 5) without Python: a stack machine whose instructions only put values together.
///
/// Names of Python's world that `vocabulary` does not hold end the reading, before anything else is made of them. Objects
/// are noted, never made. Values nested however deep are fine: nothing here calls itself.
package struct PickleMachine {
  /// What a pickle may ask for.
  package struct Limits: Sendable {
    package var values = 4_000_000
    package var textBytes = 64 << 20
    package init() {}
  }

  var graph: PickleGraph
  var stack: [PickleGraph.Reference] = []
  var marks: [Int] = []
  private var memo: [Int: PickleGraph.Reference] = [:]
  var cursor: PickleCursor
  let vocabulary: PickleVocabulary
  let limits: Limits
  private var textBytes = 0
  /// Places taken in lists and dictionaries, which may hold one value many times.
  var placed = 0

  private init(_ source: PickleSource, _ vocabulary: PickleVocabulary, _ limits: Limits) {
    graph = PickleGraph(source: source)
    cursor = PickleCursor(source)
    self.vocabulary = vocabulary
    self.limits = limits
  }

  /// What a pickle holds. `name` is what errors call it.
  package static func read(
    _ source: PickleSource, name: String, vocabulary: PickleVocabulary, limits: Limits = Limits()
  ) throws(AisError) -> PickleGraph {
    var machine = PickleMachine(source, vocabulary, limits)
    do throws(PickleFault) {
      try machine.run()
      return machine.graph
    } catch {
      throw .pickle(error, file: name, size: source.byteCount)
    }
  }

  private mutating func run() throws(PickleFault) {
    guard cursor.remaining >= 2, try cursor.byte() == PickleOpcode.protocolVersion.rawValue,
      (2...5).contains(try cursor.byte())
    else { throw .foreign }
    while true {
      let position = cursor.position
      let code = try cursor.byte()
      guard let opcode = PickleOpcode(rawValue: code) else {
        let letter = (33...126).contains(code) ? "'\(Character(UnicodeScalar(code)))'" : "\(code)"
        throw .unsupported("the instruction \(letter) at byte \(position)")
      }
      if opcode == .stop { break }
      try execute(opcode)
      if max(graph.nodes.count, stack.count, placed) > limits.values {
        throw .excessive("it holds more than \(limits.values) values")
      }
    }
    guard stack.count == 1, marks.isEmpty else { throw .damaged("\(stack.count) values are left at its end") }
    graph.root = stack[0]
  }

  mutating func push(_ node: PickleGraph.Node) {
    stack.append(graph.add(node))
  }

  mutating func pushText(_ byteCount: Int) throws(PickleFault) {
    textBytes += byteCount
    if textBytes > limits.textBytes { throw .excessive("it holds more than \(limits.textBytes) bytes of text") }
    push(.text(try cursor.text(byteCount)))
  }

  mutating func pop() throws(PickleFault) -> PickleGraph.Reference {
    // Values below the last mark belong to whoever set it.
    guard stack.count > (marks.last ?? 0) else { throw .damaged("a value is missing before byte \(cursor.position)") }
    return stack.removeLast()
  }

  func top() throws(PickleFault) -> PickleGraph.Reference {
    guard stack.count > (marks.last ?? 0) else { throw .damaged("a value is missing before byte \(cursor.position)") }
    return stack[stack.count - 1]
  }

  /// Everything above the last mark.
  mutating func popToMark() throws(PickleFault) -> [PickleGraph.Reference] {
    guard let mark = marks.popLast() else { throw .damaged("a mark is missing before byte \(cursor.position)") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  mutating func memoize(at index: Int) throws(PickleFault) {
    guard memo.count < limits.values else { throw .excessive("it remembers more than \(limits.values) values") }
    memo[index] = try top()
  }

  mutating func memoizeNext() throws(PickleFault) { try memoize(at: memo.count) }

  mutating func recall(_ index: Int) throws(PickleFault) {
    guard let reference = memo[index] else {
      throw .damaged("byte \(cursor.position) asks for value \(index), which was not remembered")
    }
    stack.append(reference)
  }

  mutating func pushGlobal(_ module: String, _ name: String) throws(PickleFault) {
    guard vocabulary.contains(module, name) else { throw .foreignGlobal("\(module).\(name)") }
    push(.global("\(module) \(name)"))
  }

  /// Notes an object that Python would make by a call. Only names may be called: never something made by a call.
  mutating func pushObject(_ callee: PickleGraph.Reference, _ arguments: PickleGraph.Reference) throws(PickleFault) {
    guard case .global = graph[callee] else {
      throw .damaged("byte \(cursor.position) calls something that is not a name")
    }
    guard case .tuple = graph[arguments] else {
      throw .damaged("byte \(cursor.position) calls something without a tuple of arguments")
    }
    push(.object(callee: callee, arguments: arguments, state: nil))
  }
}
