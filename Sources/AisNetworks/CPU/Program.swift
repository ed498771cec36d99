import AisCore

/// A network as a sequence of kernel calls, before any shape is known.
///
/// Dropout is gone, activations, batch normalisation, sums, 2 × 2 pooling and a last 1 × 1 convolution are part of the
/// convolution before them, and concatenation and upsampling are read in place where the consumer can.
struct Program {
  var values: [Value] = []
  var steps: [Step] = []
  /// The value that the caller gives.
  var input: ValueID
  /// The value that the caller gets.
  var output: ValueID

  struct ValueID: Hashable { var index: Int }

  /// An array of activations that exists in memory while a network runs.
  struct Value {
    /// Its shape is this node's.
    var node: NetworkGraph.NodeID
    var channels: Int
    /// Positions follow each other without padding channels: the caller's arrays, and those of few channels.
    var isDense: Bool

    /// Floats from one position to the next.
    var stride: Int { isDense ? channels : channels.roundedUp(to: channelMultiple) }
    /// Whether kernels may read whole vectors of channels.
    var isPadded: Bool { stride % channelMultiple == 0 }
  }

  /// A value as a consumer sees it: perhaps upsampled by powers of two.
  struct Part: Equatable {
    var value: ValueID
    /// log₂ of the upsampling on each axis.
    var shift = Extent.zero
  }

  enum Kind {
    case winograd(WinogradStep)
    case indirect(IndirectStep)
    case pooling(Operation.Pooling, average: Bool)
    /// A sum of the parts followed by the epilogue.
    case pointwise
    /// A copy: upsampling by `factor`, then a shift by `offset`.
    case gather(factor: Extent, offset: Extent)
  }

  struct WinogradStep {
    var convolution: Operation.Convolution
    var weights: AlignedMemory
    /// The maximum over 2 × 2 (y, x) of the result, when somebody wants it.
    var pooled: ValueID?
    /// A 1 × 1 convolution of the result.
    var projection: Projection?
  }

  struct Projection {
    var value: ValueID
    /// [filter][channel], rows rounded up to `channelMultiple`.
    var weights: [Float]
    var bias: [Float]
    var activation: Activation
  }

  struct IndirectStep {
    var convolution: Operation.Convolution
    var isTransposed: Bool
    /// One for a convolution, one for each phase of a transposed one.
    var phases: [Phase]
  }

  /// The taps of a kernel that meet at outputs of one phase, and their packed weights.
  struct Phase {
    var phase: Extent
    /// Positions in the kernel.
    var taps: [Extent]
    var weights: AlignedMemory
  }

  /// What follows a sum: second(first(sum + bias) · scale + shift + residual). Arrays are rounded up with zeros.
  struct Epilogue {
    var bias: [Float]?
    var first = Activation.linear
    var scale: [Float]?
    var shift: [Float]?
    var residual: ValueID?
    var second = Activation.linear
  }

  /// A convolution that is cheap enough to be computed again for every reader.
  struct Prologue {
    var step: IndirectStep
    var inputs: [Part]
    var output: ValueID
    var epilogue: Epilogue
  }

  struct Step {
    var kind: Kind
    var inputs: [Part]
    /// `nil` when only the pooled or projected result is wanted.
    var output: ValueID?
    var epilogue = Epilogue()
    /// The node that the step began as, for messages and costs.
    var node: NetworkGraph.NodeID
    /// A first convolution whose result is computed band by band just before this step reads it, and never stored whole.
    var prologue: Prologue?

    /// Every value that is read from memory.
    var reads: [ValueID] {
      let stored = inputs.map(\.value).filter { $0 != prologue?.output }
      return stored + (prologue?.inputs.map(\.value) ?? []) + (epilogue.residual.map { [$0] } ?? [])
    }
    /// Every value that is written.
    var writes: [ValueID] {
      var writes = output.map { [$0] } ?? []
      if case .winograd(let winograd) = kind {
        if let pooled = winograd.pooled { writes.append(pooled) }
        if let projection = winograd.projection { writes.append(projection.value) }
      }
      return writes
    }
  }

  subscript(_ id: ValueID) -> Value { values[id.index] }

  /// Bytes of packed weights.
  var weightBytes: Int {
    steps.reduce(0) { sum, step in
      switch step.kind {
      case .winograd(let winograd): sum + winograd.weights.bytes
      case .indirect(let indirect): sum + indirect.phases.reduce(0) { $0 + $1.weights.bytes }
      default: sum
      }
    }
  }
}

/// Channels are stored and computed in multiples of this many.
let channelMultiple = 16

extension Int {
  func roundedUp(to multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}

extension [Float] {
  /// Zeros appended up to the next multiple of `channelMultiple`.
  var paddedToChannels: [Float] {
    self + [Float](repeating: 0, count: count.roundedUp(to: channelMultiple) - count)
  }
}
