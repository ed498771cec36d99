import AisCore

/// A NumPy array inside a pickle: what its bytes are and where they lie.
package struct PickleArray: Sendable {
  package enum Kind: Sendable { case unsigned, signed, float, bool }

  package let kind: Kind
  /// Bytes of one element.
  package let elementByteCount: Int
  package let isBigEndian: Bool
  /// Lengths of the axes, the slowest first.
  package let shape: [Int]
  /// Whether the first axis is the fastest in the bytes.
  package let isColumnMajor: Bool
  /// Where the bytes are in the source: exactly as many as shape and element need.
  package let bytes: Range<Int>

  package var count: Int { shape.reduce(1, *) }

  /// The elements as numbers, in the order of rows.
  package func numbers(in graph: PickleGraph) throws(AisError) -> [Double] {
    let raw = try graph.source.bytes(bytes)
    let stored = (0..<count).map { number(raw, $0) }
    return isColumnMajor && shape.count == 2 ? transposed(stored) : stored
  }

  /// Which elements are above zero, of an array of two axes (y, x).
  package func mask(in graph: PickleGraph) throws(AisError) -> SliceMask {
    var mask = SliceMask(height: shape[0], width: shape[1])
    if elementByteCount == 1, kind != .signed, !isColumnMajor {
      let raw = try graph.source.bytes(bytes)
      for index in raw.indices where raw[index] != 0 { mask[index] = true }
    } else {
      for (index, value) in try numbers(in: graph).enumerated() where value > 0 { mask[index] = true }
    }
    return mask
  }

  private func transposed(_ values: [Double]) -> [Double] {
    var result = values
    for y in 0..<shape[0] {
      for x in 0..<shape[1] { result[y * shape[1] + x] = values[x * shape[0] + y] }
    }
    return result
  }

  fileprivate func number(_ raw: [UInt8], _ index: Int) -> Double {
    var bits: UInt64 = 0
    for place in 0..<elementByteCount {
      let offset = isBigEndian ? place : elementByteCount - 1 - place
      bits = bits << 8 | UInt64(raw[index * elementByteCount + offset])
    }
    switch (kind, elementByteCount) {
    case (.float, 8): return Double(bitPattern: bits)
    case (.float, 4): return Double(Float(bitPattern: UInt32(bits)))
    case (.float, _): return Double(Float16(bitPattern: UInt16(bits)))
    case (.signed, _):
      let unused = UInt64(64 - 8 * elementByteCount)
      return Double(Int64(bitPattern: bits << unused) >> Int64(unused))
    default: return Double(bits)
    }
  }
}

extension PickleGraph {
  /// The array behind a value, plain or wrapped by the library dill; `nil` when it is none, or not of plain numbers.
  package func array(_ reference: Reference) -> PickleArray? {
    guard let object = object(reference) else { return nil }
    let stateReference: Reference
    switch lastName(object.name) {
    // (constructor, its arguments, state, attributes)
    case "_create_array":
      guard object.arguments.count >= 3, isReconstruction(object.arguments[0]) else { return nil }
      stateReference = object.arguments[2]
    case "_reconstruct":
      guard let state = object.state else { return nil }
      stateReference = state
    default: return nil
    }
    // (version, shape, element type, whether the first axis is the fastest, bytes)
    guard let state = elements(stateReference), state.count == 5, let lengths = elements(state[1]),
      lengths.count <= 4, let type = elementType(state[2]), let isColumnMajor = bool(state[3]),
      let bytes = byteRange(state[4])
    else { return nil }
    var shape: [Int] = []
    var count = type.byteCount
    for length in lengths {
      guard let length = integer(length), length >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      count = product
      shape.append(length)
    }
    guard count == bytes.count else { return nil }
    return PickleArray(
      kind: type.kind, elementByteCount: type.byteCount, isBigEndian: type.isBigEndian, shape: shape,
      isColumnMajor: isColumnMajor && shape.count > 1, bytes: bytes)
  }

  /// A single number of NumPy.
  func scalar(_ reference: Reference) -> Double? {
    guard let object = object(reference), lastName(object.name) == "scalar", object.arguments.count == 2,
      let type = elementType(object.arguments[0]), let range = byteRange(object.arguments[1]),
      range.count == type.byteCount, let raw = try? source.bytes(range)
    else { return nil }
    let one = PickleArray(
      kind: type.kind, elementByteCount: type.byteCount, isBigEndian: type.isBigEndian, shape: [],
      isColumnMajor: false, bytes: range)
    return one.number(raw, 0)
  }

  private func isReconstruction(_ reference: Reference) -> Bool {
    if case .global(let name) = self[reference] { lastName(name) == "_reconstruct" } else { false }
  }

  private func byteRange(_ reference: Reference) -> Range<Int>? {
    if case .bytes(let range) = self[reference] { range } else { nil }
  }

  private func lastName(_ global: String) -> Substring { global.split(separator: " ").last ?? "" }

  /// `numpy.dtype(code, False, True)` with the state (3, byte order, …): numbers of 1 to 8 bytes.
  private func elementType(
    _ reference: Reference
  ) -> (kind: PickleArray.Kind, byteCount: Int, isBigEndian: Bool)? {
    guard let object = object(reference), object.name == "numpy dtype", let first = object.arguments.first,
      let code = text(first), code.utf8.count == 2, let byteCount = code.last?.wholeNumberValue
    else { return nil }
    let order = object.state.flatMap { elements($0) }.flatMap { $0.count > 1 ? text($0[1]) : nil }
    let isBigEndian = order == ">"
    switch (code.first, byteCount) {
    case ("u", 1), ("u", 2), ("u", 4), ("u", 8): return (.unsigned, byteCount, isBigEndian)
    case ("i", 1), ("i", 2), ("i", 4), ("i", 8): return (.signed, byteCount, isBigEndian)
    case ("f", 2), ("f", 4), ("f", 8): return (.float, byteCount, isBigEndian)
    case ("b", 1): return (.bool, 1, false)
    default: return nil
    }
  }
}
