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
    // The share of the limit that each kernel reaches, and the bytes a thread moves in the time of one product: measured.
    let winograd = work.winogradProducts / 0.85 * secondsPerProduct
    let transformations = work.transformedBytes * 0.5 * secondsPerProduct
    let indirect = work.indirectProducts / 0.85 * secondsPerProduct
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
      withIndirect(step, own, sources: nil) { call in
        work.indirectProducts += Double(call.z * call.y * call.x) * Double(call.tap_count) * channels * filters
      }
      work.movedBytes = step.writes.reduce(0) { $0 + size($1) }
    case .pooling, .pointwise, .gather:
      work.movedBytes = (step.reads + step.writes).reduce(0) { $0 + size($1) }
    }
    return work
  }
}
