import AisCore
import CKernels

/// Builds the descriptions of kernel calls: pointers may be missing when only sizes are asked for.
struct StepGeometry {
  let network: CPUNetwork
  /// Of every node.
  let shapes: [TensorShape]

  var program: Program { network.program }

  func shape(_ id: Program.ValueID) -> TensorShape { shapes[program[id].node.index] }

  func source(_ part: Program.Part, at data: UnsafePointer<Float>?) -> ckernels_source {
    let (value, shape) = (program[part.value], shape(part.value))
    return ckernels_source(
      data: data, z: Int64(shape.z), y: Int64(shape.y), x: Int64(shape.x), stride: Int64(value.stride),
      channels: Int32(value.channels), shift_z: Int32(part.shift.z), shift_y: Int32(part.shift.y),
      shift_x: Int32(part.shift.x))
  }

  func target(_ id: Program.ValueID?, at data: UnsafeMutablePointer<Float>?) -> ckernels_target {
    guard let id else { return ckernels_target() }
    let (value, shape) = (program[id], shape(id))
    return ckernels_target(
      data: data, z: Int64(shape.z), y: Int64(shape.y), x: Int64(shape.x), stride: Int64(value.stride),
      channels: Int32(value.channels))
  }

  /// The shape of what the parts look like together.
  func joinedShape(_ parts: [Program.Part]) -> TensorShape {
    let first = shape(parts[0].value)
    let shift = parts[0].shift
    return TensorShape(
      z: first.z << shift.z, y: first.y << shift.y, x: first.x << shift.x,
      channels: parts.reduce(0) { $0 + program[$1.value].channels })
  }

  // MARK: Winograd

  /// The call without pointers to data, but for `sources`.
  func winograd(
    _ step: Program.Step, _ own: Program.WinogradStep, sources: UnsafePointer<ckernels_source>?
  ) -> ckernels_winograd {
    let input = joinedShape(step.inputs)
    let convolution = own.convolution
    let size = convolved(input, convolution)
    let isSame = convolution.padding == .same
    var call = ckernels_winograd()
    call.sources = sources
    call.source_count = Int32(step.inputs.count)
    call.depth_taps = Int32(convolution.kernel.z)
    call.pad_z = isSame ? Int32((convolution.kernel.z - 1) / 2) : 0
    call.pad_y = isSame ? 1 : 0
    call.pad_x = call.pad_y
    call.weights = UnsafePointer(own.weights.pointer)
    call.filters = Int32(convolution.filters)
    call.z = Int64(size.z)
    call.y = Int64(size.y)
    call.x = Int64(size.x)
    call.end_row = call.y
    return call
  }

  func convolved(_ input: TensorShape, _ convolution: Operation.Convolution) -> TensorShape {
    func extent(_ axis: (Extent) -> Int, _ positions: Int) -> Int {
      WindowGeometry.sliding(
        input: positions, kernel: axis(convolution.kernel), stride: axis(convolution.stride),
        dilation: axis(convolution.dilation), padding: convolution.padding
      ).output
    }
    return TensorShape(
      z: extent({ $0.z }, input.z), y: extent({ $0.y }, input.y), x: extent({ $0.x }, input.x),
      channels: convolution.filters)
  }

  // MARK: Indirect

  /// One phase on one axis: where its outputs and its taps lie.
  struct AxisPhase {
    /// Outputs to compute.
    var count: Int
    /// Input positions from one output to the next.
    var step: Int
    /// Output positions from one to the next, and the first.
    var outputStep: Int
    var outputOffset: Int
    /// Input position of a tap for the first output.
    var tapOffset: (Int) -> Int
  }

  func axis(
    _ convolution: Operation.Convolution, isTransposed: Bool, phase: Int, input: Int, _ axis: (Extent) -> Int
  ) -> AxisPhase {
    let (stride, dilation) = (axis(convolution.stride), axis(convolution.dilation))
    let rule = isTransposed ? WindowGeometry.transposed : WindowGeometry.sliding
    let window = rule(input, axis(convolution.kernel), stride, dilation, convolution.padding)
    if !isTransposed {
      return AxisPhase(count: window.output, step: stride, outputStep: 1, outputOffset: 0) {
        $0 * dilation - window.padBefore
      }
    }
    // The first output o with (o + pad) mod stride = phase; its taps reach input (o + pad − t · dilation) / stride.
    let first = ((phase - window.padBefore) % stride + stride) % stride
    let count = first < window.output ? (window.output - first + stride - 1) / stride : 0
    return AxisPhase(count: count, step: 1, outputStep: stride, outputOffset: first) {
      (first + window.padBefore - $0 * dilation) / stride
    }
  }

  /// The calls of all phases; `body` must not keep the pointers.
  ///
  /// With `rows`, only those rows (y) of a convolution of stride 1 are computed, and stored as if they were all.
  func withIndirect(
    _ own: Program.IndirectStep, _ inputs: [Program.Part], sources: UnsafePointer<ckernels_source>?,
    rows: Range<Int>? = nil, _ body: (inout ckernels_indirect) -> Void
  ) {
    let input = joinedShape(inputs)
    for phase in own.phases {
      let convolution = own.convolution
      let z = axis(convolution, isTransposed: own.isTransposed, phase: phase.phase.z, input: input.z) { $0.z }
      let y = axis(convolution, isTransposed: own.isTransposed, phase: phase.phase.y, input: input.y) { $0.y }
      let x = axis(convolution, isTransposed: own.isTransposed, phase: phase.phase.x, input: input.x) { $0.x }
      if z.count * y.count * x.count == 0 { continue }
      let taps = phase.taps.map {
        ckernels_offset(
          z: Int32(z.tapOffset($0.z)), y: Int32(y.tapOffset($0.y) + (rows?.lowerBound ?? 0)),
          x: Int32(x.tapOffset($0.x)))
      }
      taps.withUnsafeBufferPointer { taps in
        var call = ckernels_indirect()
        call.sources = sources
        call.source_count = Int32(inputs.count)
        call.taps = taps.baseAddress
        call.tap_count = Int32(taps.count)
        call.step = ckernels_offset(z: Int32(z.step), y: Int32(y.step), x: Int32(x.step))
        call.weights = UnsafePointer(phase.weights.pointer)
        call.filters = Int32(convolution.filters)
        call.z = Int64(z.count)
        call.y = Int64(rows?.count ?? y.count)
        call.x = Int64(x.count)
        call.output_step = ckernels_offset(z: Int32(z.outputStep), y: Int32(y.outputStep), x: Int32(x.outputStep))
        call.output_offset = ckernels_offset(
          z: Int32(z.outputOffset), y: Int32(y.outputOffset), x: Int32(x.outputOffset))
        body(&call)
      }
    }
  }

  // MARK: Sizes

  /// Floats of workspace that a step needs for all threads, and for its bands.
  func workspaceCount(of step: Program.Step) -> Int {
    let threads = network.engine.team.size
    let sources = step.inputs.map { source($0, at: nil) }
    return sources.withUnsafeBufferPointer { sources in
      guard let bands = bands(of: step), let prologue = step.prologue else {
        return threads * workspaceCount(of: step, sources, rows: nil)
      }
      let own = bands.ranges.map { workspaceCount(of: step, sources, rows: $0) }.max() ?? 0
      let first = workspaceCount(of: prologue.step, prologue.inputs)
      return bands.bufferCount + threads * max(own, first)
    }
  }

  /// Floats for one thread.
  private func workspaceCount(
    of step: Program.Step, _ sources: UnsafeBufferPointer<ckernels_source>, rows: Range<Int>?
  ) -> Int {
    switch step.kind {
    case .winograd(let own):
      var call = winograd(step, own, sources: sources.baseAddress)
      if let rows { (call.first_row, call.end_row) = (Int64(rows.lowerBound), Int64(rows.upperBound)) }
      // Only its channels matter here, but the kernel looks at the pointer to see whether it is wanted.
      if let projection = own.projection {
        call.projected = target(projection.value, at: UnsafeMutablePointer(bitPattern: channelMultiple))
      }
      return Int(ckernels_winograd_workspace(&call, network.engine.team.handle))
    case .indirect(let own):
      return workspaceCount(of: own, step.inputs)
    case .pooling, .pointwise, .gather:
      return 0
    }
  }

  private func workspaceCount(of own: Program.IndirectStep, _ inputs: [Program.Part]) -> Int {
    let sources = inputs.map { source($0, at: nil) }
    return sources.withUnsafeBufferPointer { sources in
      var count = 0
      withIndirect(own, inputs, sources: sources.baseAddress) { call in
        count = max(count, Int(ckernels_indirect_workspace(&call)))
      }
      return count
    }
  }
}
