import AisCore
import CKernels

/// How a step with a prologue is cut into bands of rows.
struct Bands {
  /// Rows of the step's result.
  var rowCount: Int
  /// Rows of the result in every band but the last.
  var rowsPerBand: Int
  /// Floats of the prologue's result for the largest band.
  var bufferCount: Int

  var ranges: [Range<Int>] {
    stride(from: 0, to: rowCount, by: rowsPerBand).map { $0..<min($0 + rowsPerBand, rowCount) }
  }
}

extension StepGeometry {
  /// The bands of a step, `nil` when it has no prologue.
  func bands(of step: Program.Step) -> Bands? {
    guard let prologue = step.prologue else { return nil }
    let whole = shape(prologue.output)
    let rowCount = resultRows(of: step)
    let rowFloats = whole.x * program[prologue.output].stride
    // A band should stay in the caches between its two steps, and still give every thread several blocks.
    let wanted = (1 << 20) * network.engine.team.size / rowFloats
    let rowsPerBand = min(max(16, wanted / 16 * 16), rowCount.roundedUp(to: 16))
    var bands = Bands(rowCount: rowCount, rowsPerBand: rowsPerBand, bufferCount: 0)
    bands.bufferCount = bands.ranges.map { rowsNeeded(by: step, for: $0).count * rowFloats }.max() ?? 0
    return bands
  }

  /// The rows of the prologue's result that rows of the step's result depend on.
  func rowsNeeded(by step: Program.Step, for rows: Range<Int>) -> Range<Int> {
    guard let prologue = step.prologue else { return 0..<0 }
    let last = shape(prologue.output).y
    switch step.kind {
    case .winograd(let own):
      let pad = own.convolution.padding == .same ? 1 : 0
      return max(0, rows.lowerBound - pad)..<min(last, rows.upperBound - pad + 2)
    case .pooling(let pooling, _):
      return rows.lowerBound * pooling.stride.y..<min(last, rows.upperBound * pooling.stride.y)
    case .indirect, .pointwise, .gather:
      return 0..<last
    }
  }

  private func resultRows(of step: Program.Step) -> Int {
    if case .winograd(let own) = step.kind { return convolved(joinedShape(step.inputs), own.convolution).y }
    return step.output.map { shape($0).y } ?? 0
  }
}

extension StepRunner {
  /// Runs a step that has a prologue: band after band, first the rows it needs, then its own.
  func run(_ step: Program.Step, _ prologue: Program.Prologue, _ bands: Bands) {
    let (buffer, rest) = (workspace, workspace + bands.bufferCount)
    let origin = geometry.source(prologue.inputs[0], at: UnsafePointer(locate(prologue.inputs[0].value)))
    for rows in bands.ranges {
      let needed = geometry.rowsNeeded(by: step, for: rows)
      compute(prologue, rows: needed, from: origin, into: buffer, workspace: rest)
      let rowFloats = geometry.shape(prologue.output).x * geometry.program[prologue.output].stride
      let sources = step.inputs.map { part in
        // The band stands where its rows would be if the whole array were in memory; no other rows are read.
        part.value == prologue.output
          ? geometry.source(part, at: UnsafePointer(buffer) - needed.lowerBound * rowFloats)
          : geometry.source(part, at: UnsafePointer(locate(part.value)))
      }
      sources.withUnsafeBufferPointer { sources in
        switch step.kind {
        case .winograd(let own): runWinograd(step, own, sources, rows: rows, workspace: rest)
        case .pooling(let pooling, let average):
          runPooling(step, pooling, average: average, sources[0], rows: rows, sourceRows: needed)
        case .indirect, .pointwise, .gather: preconditionFailure("this step cannot work on bands")
        }
      }
    }
  }

  private func compute(
    _ prologue: Program.Prologue, rows: Range<Int>, from origin: ckernels_source,
    into buffer: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
  ) {
    withUnsafePointer(to: origin) { origin in
      withEpilogue(prologue.epilogue) { epilogue in
        geometry.withIndirect(prologue.step, prologue.inputs, sources: origin, rows: rows) { call in
          call.epilogue = epilogue
          call.output = geometry.target(prologue.output, at: buffer)
          call.output.y = Int64(rows.count)
          ckernels_indirect_run(set, &call, workspace, team)
        }
      }
    }
  }
}
