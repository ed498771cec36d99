import CKernels

/// How long a step takes, from what it computes and moves and what this processor can do.
///
/// The constants were fitted, by least relative error, to 75 networks of 1 to 512 channels on slices of 128² to 1024² with each
/// instruction set; `Benchmarks forecasts` prints such a table.
struct CostModel: Sendable {
  /// What one step does.
  struct Work {
    /// Multiply-add pairs of Winograd's matrix products, and numbers that its transformations read and write.
    var winogradProducts = 0.0
    var transformed = 0.0
    /// Multiply-add pairs of the indirect kernel, pointers that it looks up, positions of its results.
    var indirectProducts = 0.0
    var pointers = 0.0
    var positions = 0.0
    /// Bytes of arrays that no cache holds: read, written in order, and written by phases of a transposed convolution.
    var readBytes = 0.0
    var writtenBytes = 0.0
    var scatteredBytes = 0.0
    /// Bytes that steps without products read and write.
    var movedBytes = 0.0
  }

  /// How many multiply-add pairs at the processor's limit fit into the time of one pair or number.
  private struct Shares {
    var winogradProduct, transformed, indirectProduct: Double

    init(_ instructionSet: InstructionSet) {
      switch instructionSet {
      case .avx512: self.init(winogradProduct: 1.13, transformed: 15.8, indirectProduct: 1.12)
      case .avx2: self.init(winogradProduct: 1.13, transformed: 9.4, indirectProduct: 1.06)
      case .baseline: self.init(winogradProduct: 1.4, transformed: 10.1, indirectProduct: 1.5)
      }
    }

    private init(winogradProduct: Double, transformed: Double, indirectProduct: Double) {
      (self.winogradProduct, self.transformed, self.indirectProduct) = (winogradProduct, transformed, indirectProduct)
    }
  }

  private let shares: Shares
  /// Seconds per multiply-add pair at the processor's own limit, one thread.
  private let secondsPerProduct: Double
  /// Nanoseconds of the processor that the other constants were measured on, in seconds of this one.
  private let nanosecond: Double
  private let threads: Double

  /// Measures the processor's limits: a few milliseconds.
  init(instructionSet: InstructionSet, threads: Int) {
    shares = Shares(instructionSet)
    secondsPerProduct = ckernels_measure_peak(instructionSet.kernels) * 1e-9
    // A pair took 31.4 ps there with the instructions that every processor has.
    nanosecond = 1e-9 * ckernels_measure_peak(CKERNELS_BASELINE) / 31.4e-3
    self.threads = Double(threads)
  }

  /// Wall time of a step when all threads have a processor of their own.
  func seconds(_ work: Work) -> Double {
    let products =
      work.winogradProducts * shares.winogradProduct + work.transformed * shares.transformed
      + work.indirectProducts * shares.indirectProduct
    let places = work.pointers * 2.4 + work.positions * 6.7
    let bytes =
      work.readBytes * 0.014 + work.writtenBytes * 0.039 + work.scatteredBytes * 0.089 + work.movedBytes * 0.07
    return (products * secondsPerProduct + (places + bytes) * nanosecond) / threads
  }
}

extension StepGeometry {
  /// What a step computes and moves.
  func work(of step: Program.Step) -> CostModel.Work {
    var work = CostModel.Work()
    let bytes = Double(MemoryLayout<Float>.size)
    func size(_ id: Program.ValueID) -> Double { Double(shape(id).positions * program[id].stride) * bytes }
    func uncached(_ ids: [Program.ValueID]) -> Double { ids.map(size).filter { $0 > 8e6 }.reduce(0, +) }
    if let prologue = step.prologue {
      let depth = prologue.step.convolution.kernel.count * program[prologue.inputs[0].value].channels
      work.indirectProducts += Double(depth) * size(prologue.output) / bytes
      work.pointers += Double(prologue.step.convolution.kernel.count * shape(prologue.output).positions)
      work.positions += Double(shape(prologue.output).positions)
    }
    work.readBytes = uncached(step.reads)
    work.writtenBytes = uncached(step.writes)
    switch step.kind {
    case .winograd(let own):
      let result = convolved(joinedShape(step.inputs), own.convolution)
      let tiles = Double(result.z) * Double((result.y + 3) / 4) * Double((result.x + 3) / 4)
      let channels = Double(step.inputs.reduce(0) { $0 + program[$1.value].channels.roundedUp(to: channelMultiple) })
      let filters = Double(own.convolution.filters.roundedUp(to: channelMultiple))
      work.winogradProducts = 36 * tiles * channels * Double(own.convolution.kernel.z) * filters
      work.transformed = 36 * tiles * (channels + filters)
    case .indirect(let own):
      let channels = Double(step.inputs.reduce(0) { $0 + program[$1.value].channels })
      let filters = Double(own.convolution.filters.roundedUp(to: channelMultiple))
      withIndirect(own, step.inputs, sources: nil) { call in
        let positions = Double(call.z * call.y * call.x)
        let taps = positions * Double(call.tap_count)
        work.indirectProducts += taps * channels * filters
        work.pointers += taps * Double(call.source_count)
        work.positions += positions
      }
      if own.isTransposed { (work.writtenBytes, work.scatteredBytes) = (0, work.writtenBytes) }
    case .pooling, .pointwise, .gather:
      (work.readBytes, work.writtenBytes) = (0, 0)
      work.movedBytes = (step.reads + step.writes).reduce(0) { $0 + size($1) }
    }
    return work
  }
}
