import CKernels

/// How long a step takes, from what it computes and moves and what this processor can do.
struct CostModel: Sendable {
  /// What one step does.
  struct Work {
    /// Multiply-add pairs of Winograd's matrix products, and bytes that its transformations read and write.
    var winogradProducts = 0.0
    var transformedBytes = 0.0
    /// Multiply-add pairs of the indirect kernel.
    var indirectProducts = 0.0
    /// Pointers that it looks up.
    var pointers = 0.0
    /// Bytes that other steps read and write.
    var movedBytes = 0.0
  }

  /// Seconds per multiply-add pair at the processor's own limit, one thread.
  private let secondsPerProduct: Double
  private let threads: Double

  /// Measures the processor's limit: a millisecond or two.
  init(instructionSet: InstructionSet, threads: Int) {
    secondsPerProduct = ckernels_measure_peak(instructionSet.kernels) * 1e-9
    self.threads = Double(threads)
  }

  /// Wall time of a step when all threads have a processor of their own.
  func seconds(_ work: Work) -> Double {
    // Shares of the limit, and products that fit into the time of a byte or a pointer: fitted to single layers of 16 to 512
    // channels with AVX-512 and AVX2, which agree.
    let winograd = work.winogradProducts * 1.15 * secondsPerProduct
    let transformations = work.transformedBytes * 2.8 * secondsPerProduct
    let indirect = (work.indirectProducts * 1.15 + work.pointers * 100) * secondsPerProduct
    let moved = work.movedBytes * 1e-10
    return (winograd + transformations + indirect + moved) / threads
  }
}

extension StepGeometry {
  /// What a step computes and moves.
  func work(of step: Program.Step) -> CostModel.Work {
    var work = CostModel.Work()
    let bytes = Double(MemoryLayout<Float>.size)
    func size(_ id: Program.ValueID) -> Double { Double(shape(id).positions * program[id].stride) * bytes }
    if let prologue = step.prologue {
      let depth = prologue.step.convolution.kernel.count * program[prologue.inputs[0].value].channels
      work.indirectProducts += Double(depth) * size(prologue.output) / bytes
      work.pointers += Double(prologue.step.convolution.kernel.count * shape(prologue.output).positions)
    }
    switch step.kind {
    case .winograd(let own):
      let result = convolved(joinedShape(step.inputs), own.convolution)
      let tiles = Double(result.z) * Double((result.y + 3) / 4) * Double((result.x + 3) / 4)
      let channels = Double(step.inputs.reduce(0) { $0 + program[$1.value].channels.roundedUp(to: channelMultiple) })
      let filters = Double(own.convolution.filters.roundedUp(to: channelMultiple))
      work.winogradProducts = 36 * tiles * channels * Double(own.convolution.kernel.z) * filters
      work.transformedBytes = 36 * tiles * (channels + filters) * bytes
    case .indirect(let own):
      let channels = Double(step.inputs.reduce(0) { $0 + program[$1.value].channels })
      let filters = Double(own.convolution.filters.roundedUp(to: channelMultiple))
      withIndirect(own, step.inputs, sources: nil) { call in
        let taps = Double(call.z * call.y * call.x) * Double(call.tap_count)
        work.indirectProducts += taps * channels * filters
        work.pointers += taps * Double(call.source_count)
      }
      work.movedBytes = step.writes.reduce(0) { $0 + size($1) }
    case .pooling, .pointwise, .gather:
      work.movedBytes = (step.reads + step.writes).reduce(0) { $0 + size($1) }
    }
    return work
  }
}
