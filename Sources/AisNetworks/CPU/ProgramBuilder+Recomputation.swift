import AisCore

// The first convolution of a network reads a channel or a few and gives the largest arrays of all, at full resolution with
// 64 or 128 channels. Computing it costs less than storing and reading it, so every reader computes it again, band by band.
extension ProgramBuilder {
  /// Products per output value up to which a convolution is worth computing twice.
  private static let cheapDepth = 64

  mutating func recomputeFirstConvolutions() {
    for index in program.steps.indices.reversed() {
      guard let prologue = prologue(from: program.steps[index]) else { continue }
      let readers = program.steps.indices.filter { program.steps[$0].inputs.contains { $0.value == prologue.output } }
      let isResidual = program.steps.contains { $0.epilogue.residual == prologue.output }
      guard !isResidual, 1...2 ~= readers.count,
        readers.allSatisfy({ canReadBands(of: prologue.output, program.steps[$0]) })
      else { continue }
      for reader in readers { program.steps[reader].prologue = prologue }
      program.steps.remove(at: index)
    }
  }

  /// The step as a prologue, if it is a cheap convolution of the network's input that keeps every position.
  private func prologue(from step: Program.Step) -> Program.Prologue? {
    guard case .indirect(let own) = step.kind, !own.isTransposed, own.convolution.stride == .one, step.prologue == nil,
      step.epilogue.residual == nil, step.inputs == [Program.Part(value: program.input)], let output = step.output,
      output != program.output, program[output].isPadded,
      own.convolution.kernel.count * program[program.input].channels <= Self.cheapDepth
    else { return nil }
    return Program.Prologue(step: own, inputs: step.inputs, output: output, epilogue: step.epilogue)
  }

  /// Whether a step can work on a band of rows at a time.
  private func canReadBands(of value: Program.ValueID, _ step: Program.Step) -> Bool {
    guard step.prologue == nil, step.inputs.filter({ $0.value == value }) == [Program.Part(value: value)] else {
      return false
    }
    switch step.kind {
    case .winograd: return true
    case .pooling(let pooling, _):
      return pooling.window.y == pooling.stride.y && pooling.padding == .valid
    case .indirect, .pointwise, .gather: return false
    }
  }
}
