/// Where the values of a program lie in one block of memory, so that values that are never alive together share it.
struct ArenaLayout {
  /// A value's life and size.
  struct Resident {
    var value: Program.ValueID
    var floats: Int
    /// From the step that writes it to the last step that reads it.
    var life: ClosedRange<Int>
  }

  /// Floats from the start of the block.
  private(set) var offsets: [Program.ValueID: Int] = [:]
  /// Floats of the whole block.
  private(set) var count = 0

  /// Large values first, each at the lowest place where it meets no other that is alive at the same time.
  init(_ residents: [Resident]) {
    var placed: [(resident: Resident, offset: Int)] = []
    let ordered = residents.enumerated().sorted { a, b in
      a.element.floats != b.element.floats ? a.element.floats > b.element.floats : a.offset < b.offset
    }
    for (_, resident) in ordered {
      var offset = 0
      let neighbours = placed.filter { $0.resident.life.overlaps(resident.life) }.sorted { $0.offset < $1.offset }
      for neighbour in neighbours {
        if offset + resident.floats <= neighbour.offset { break }
        offset = max(offset, neighbour.offset + neighbour.resident.floats)
      }
      placed.append((resident, offset))
      offsets[resident.value] = offset
      count = max(count, offset + resident.floats)
    }
  }
}

extension ArenaLayout {
  /// Lays out everything but the caller's own arrays.
  ///
  /// A pointwise step that is the last reader of its first input writes over it.
  init(_ program: Program, shapes: [TensorShape]) {
    func floats(_ id: Program.ValueID) -> Int {
      // Whole cache lines, so that every value starts on one.
      (shapes[program[id].node.index].positions * program[id].stride).roundedUp(to: channelMultiple)
    }
    var life: [Program.ValueID: ClosedRange<Int>] = [:]
    for (index, step) in program.steps.enumerated() {
      for value in step.writes { life[value] = index...index }
      for value in step.reads { life[value] = (life[value]?.lowerBound ?? index)...index }
    }
    var owner: [Program.ValueID: Program.ValueID] = [:]
    let isCallers = { (id: Program.ValueID) in id == program.input || id == program.output }
    for (index, step) in program.steps.enumerated() {
      guard case .pointwise = step.kind, let output = step.output, let input = step.inputs.first?.value,
        !isCallers(input), !isCallers(output), life[input]?.upperBound == index,
        program[input].stride == program[output].stride
      else { continue }
      let root = owner[input] ?? input
      owner[output] = root
      if let own = life[root], let other = life[output] { life[root] = own.lowerBound...other.upperBound }
    }
    let residents = program.values.indices.map { Program.ValueID(index: $0) }.compactMap { id -> Resident? in
      guard !isCallers(id), owner[id] == nil, let life = life[id] else { return nil }
      return Resident(value: id, floats: floats(id), life: life)
    }
    self.init(residents)
    for (value, root) in owner { offsets[value] = offsets[root] }
  }
}
