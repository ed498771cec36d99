import AisCore
import CKernels

/// Runs the steps of a program on memory that is laid out.
struct StepRunner {
  let geometry: StepGeometry
  /// The address of a value.
  let locate: (Program.ValueID) -> UnsafeMutablePointer<Float>
  let workspace: UnsafeMutablePointer<Float>

  var set: ckernels_instruction_set { geometry.network.engine.instructionSet.kernels }
  var team: OpaquePointer { geometry.network.engine.team.handle }

  func run(_ step: Program.Step) {
    if let prologue = step.prologue, let bands = geometry.bands(of: step) { return run(step, prologue, bands) }
    let sources = step.inputs.map { geometry.source($0, at: UnsafePointer(locate($0.value))) }
    sources.withUnsafeBufferPointer { sources in
      switch step.kind {
      case .winograd(let own): runWinograd(step, own, sources, workspace: workspace)
      case .indirect(let own): runIndirect(step, own, sources)
      case .pooling(let pooling, let average): runPooling(step, pooling, average: average, sources[0])
      case .pointwise: runPointwise(step, sources)
      case .gather(let factor, let offset): runGather(step, factor: factor, offset: offset, sources)
      }
    }
  }

  private func target(_ id: Program.ValueID?) -> ckernels_target {
    geometry.target(id, at: id.map { locate($0) })
  }

  /// Computes some rows of the result, or all.
  func runWinograd(
    _ step: Program.Step, _ own: Program.WinogradStep, _ sources: UnsafeBufferPointer<ckernels_source>,
    rows: Range<Int>? = nil, workspace: UnsafeMutablePointer<Float>
  ) {
    var call = geometry.winograd(step, own, sources: sources.baseAddress)
    if let rows { (call.first_row, call.end_row) = (Int64(rows.lowerBound), Int64(rows.upperBound)) }
    call.output = target(step.output)
    call.pooled = target(own.pooled)
    call.projected = target(own.projection?.value)
    withEpilogue(step.epilogue) { epilogue in
      call.epilogue = epilogue
      (own.projection?.weights ?? []).withUnsafeBufferPointer { weights in
        (own.projection?.bias ?? []).withUnsafeBufferPointer { bias in
          call.projection_weights = weights.baseAddress
          call.projection_bias = bias.baseAddress
          call.projection_activation = (own.projection?.activation ?? .linear).kernels
          ckernels_winograd_run(set, &call, workspace, team)
        }
      }
    }
  }

  private func runIndirect(
    _ step: Program.Step, _ own: Program.IndirectStep, _ sources: UnsafeBufferPointer<ckernels_source>
  ) {
    withEpilogue(step.epilogue) { epilogue in
      geometry.withIndirect(own, step.inputs, sources: sources.baseAddress) { call in
        call.epilogue = epilogue
        call.output = target(step.output)
        ckernels_indirect_run(set, &call, workspace, team)
      }
    }
  }

  /// Computes some rows of the result from the source's rows that they need, or all from all.
  func runPooling(
    _ step: Program.Step, _ pooling: Operation.Pooling, average: Bool, _ source: ckernels_source,
    rows: Range<Int>? = nil, sourceRows: Range<Int>? = nil
  ) {
    var call = ckernels_pooling()
    call.source = source
    call.output = target(step.output)
    if let rows, let sourceRows {
      call.source.data += sourceRows.lowerBound * Int(source.x * source.stride)
      call.source.y = Int64(sourceRows.count)
      call.output.data += rows.lowerBound * Int(call.output.x * call.output.stride)
      call.output.y = Int64(rows.count)
    }
    call.window = pooling.window.kernels
    call.step = pooling.stride.kernels
    call.average = average ? 1 : 0
    let input = geometry.shape(step.inputs[0].value)
    func pad(_ positions: Int, _ axis: (Extent) -> Int) -> Int32 {
      let window = WindowGeometry.sliding(
        input: positions, kernel: axis(pooling.window), stride: axis(pooling.stride), padding: pooling.padding)
      return Int32(window.padBefore)
    }
    call.pad = ckernels_offset(z: pad(input.z) { $0.z }, y: pad(input.y) { $0.y }, x: pad(input.x) { $0.x })
    ckernels_pooling_run(set, &call, team)
  }

  private func runPointwise(_ step: Program.Step, _ sources: UnsafeBufferPointer<ckernels_source>) {
    withEpilogue(step.epilogue) { epilogue in
      var call = ckernels_pointwise()
      call.sources = sources.baseAddress
      call.source_count = Int32(sources.count)
      call.bias = epilogue.bias
      call.first = epilogue.first
      call.scale = epilogue.scale
      call.shift = epilogue.shift
      call.second = epilogue.second
      call.output = target(step.output)
      ckernels_pointwise_run(set, &call, team)
    }
  }

  private func runGather(
    _ step: Program.Step, factor: Extent, offset: Extent, _ sources: UnsafeBufferPointer<ckernels_source>
  ) {
    var call = ckernels_gather()
    call.sources = sources.baseAddress
    call.source_count = Int32(sources.count)
    call.factor = factor.kernels
    call.offset = offset.kernels
    call.output = target(step.output)
    ckernels_gather_run(set, &call, team)
  }

  func withEpilogue(_ epilogue: Program.Epilogue, _ body: (ckernels_epilogue) -> Void) {
    epilogue.bias.withPointer { bias in
      epilogue.scale.withPointer { scale in
        epilogue.shift.withPointer { shift in
          body(
            ckernels_epilogue(
              bias: bias, first: epilogue.first.kernels, scale: scale, shift: shift,
              residual: epilogue.residual.map { UnsafePointer(locate($0)) },
              residual_stride: Int64(epilogue.residual.map { geometry.program[$0].stride } ?? 0),
              second: epilogue.second.kernels))
        }
      }
    }
  }
}

extension [Float]? {
  fileprivate func withPointer(_ body: (UnsafePointer<Float>?) -> Void) {
    guard let self else { return body(nil) }
    self.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}

extension Extent {
  fileprivate var kernels: ckernels_offset { ckernels_offset(z: Int32(z), y: Int32(y), x: Int32(x)) }
}

extension Activation {
  fileprivate var kernels: ckernels_activation {
    switch self {
    case .linear: ckernels_activation(kind: CKERNELS_LINEAR, parameter: 0)
    case .relu: ckernels_activation(kind: CKERNELS_RELU, parameter: 0)
    case .leakyReLU(let slope): ckernels_activation(kind: CKERNELS_LEAKY_RELU, parameter: slope)
    case .sigmoid: ckernels_activation(kind: CKERNELS_SIGMOID, parameter: 0)
    case .tanh: ckernels_activation(kind: CKERNELS_TANH, parameter: 0)
    case .elu(let alpha): ckernels_activation(kind: CKERNELS_ELU, parameter: alpha)
    }
  }
}
