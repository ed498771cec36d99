import AisCore
import CTorch

extension TorchTensor {
  private var api: ctorch_api { library.api }

  /// Padded on the spatial axes.
  func padded(before: Extent, after: Extent, with value: Double = 0, dimensions: Int) throws(AisError) -> TorchTensor {
    try library.tensor("pad") { api.pad(handle, Int32(dimensions), before.axes, after.axes, value, $0) }
  }

  /// A cross-correlation. Kernel: (out, in, [z,] y, x).
  func convolved(with kernel: TorchTensor, bias: TorchTensor?, _ window: ctorch_window) throws(AisError) -> TorchTensor
  {
    try library.tensor("convolve") { out in
      withUnsafePointer(to: window) { api.convolution(handle, kernel.handle, bias?.handle, $0, out) }
    }
  }

  /// Kernel: (in, out, [z,] y, x).
  func convolvedTransposed(with kernel: TorchTensor, bias: TorchTensor?, _ window: ctorch_window) throws(AisError)
    -> TorchTensor
  {
    try library.tensor("convolve") { out in
      withUnsafePointer(to: window) { api.transposed_convolution(handle, kernel.handle, bias?.handle, $0, out) }
    }
  }

  func maxPooled(_ window: ctorch_window) throws(AisError) -> TorchTensor {
    try library.tensor("pool") { out in withUnsafePointer(to: window) { api.max_pooling(handle, $0, out) } }
  }

  /// The sums under the window over `divisor`, by default the number of its positions.
  func averagePooled(_ window: ctorch_window, divisor: Int = 0) throws(AisError) -> TorchTensor {
    try library.tensor("pool") { out in
      withUnsafePointer(to: window) { api.average_pooling(handle, $0, Int64(divisor), out) }
    }
  }

  func upsampled(by factors: Extent, dimensions: Int) throws(AisError) -> TorchTensor {
    try library.tensor("upsample") { api.upsampling(handle, Int32(dimensions), factors.axes, $0) }
  }

  package func adding(_ other: TorchTensor) throws(AisError) -> TorchTensor {
    try library.tensor("add") { api.addition(handle, other.handle, $0) }
  }

  package func multiplied(by other: TorchTensor) throws(AisError) -> TorchTensor {
    try library.tensor("multiply") { api.multiplication(handle, other.handle, $0) }
  }

  package func divided(by other: TorchTensor) throws(AisError) -> TorchTensor {
    try library.tensor("divide") { api.division(handle, other.handle, $0) }
  }

  /// factor · value + offset.
  package func scaled(by factor: Double, plus offset: Double = 0) throws(AisError) -> TorchTensor {
    try library.tensor("scale") { api.scaling(handle, factor, offset, $0) }
  }

  /// The mean of all values, a tensor without axes.
  package func mean() throws(AisError) -> TorchTensor { try library.tensor("average") { api.mean(handle, $0) } }

  package func activated(_ activation: Activation) throws(AisError) -> TorchTensor {
    let (kind, parameter): (ctorch_activation, Float) =
      switch activation {
      case .linear: (CTORCH_RELU, 0)
      case .relu: (CTORCH_RELU, 0)
      case .sigmoid: (CTORCH_SIGMOID, 0)
      case .tanh: (CTORCH_TANH, 0)
      case .leakyReLU(let slope): (CTORCH_LEAKY_RELU, slope)
      case .elu(let alpha): (CTORCH_ELU, alpha)
      }
    if activation == .linear { return self }
    return try library.tensor("apply an activation") { api.activation(handle, kind, Double(parameter), $0) }
  }

  /// By the moving statistics, or in training by the batch's own, towards which the moving ones then go by `momentum`.
  func batchNormalized(
    gamma: TorchTensor?, beta: TorchTensor?, mean: TorchTensor, variance: TorchTensor, momentum: Double?,
    epsilon: Double
  ) throws(AisError) -> TorchTensor {
    try library.tensor("normalise a batch") {
      api.batch_normalization(
        handle, gamma?.handle, beta?.handle, mean.handle, variance.handle, momentum == nil ? 0 : 1, momentum ?? 0,
        epsilon,
        $0)
    }
  }

  /// Values dropped at random with probability `rate`, the others raised to keep the sum.
  func dropped(rate: Double) throws(AisError) -> TorchTensor {
    try library.tensor("drop values") { api.dropout(handle, rate, $0) }
  }
}

extension TorchLibrary {
  /// The channels of all tensors, one after another.
  package func concatenation(_ tensors: [TorchTensor]) throws(AisError) -> TorchTensor {
    let handles: [OpaquePointer?] = tensors.map(\.handle)
    return try tensor("concatenate") { api.concatenation(handles, Int32(handles.count), $0) }
  }
}

extension Extent {
  /// (z, y, x)
  var axes: [Int64] { [Int64(z), Int64(y), Int64(x)] }
  /// As C holds it.
  var tuple: (Int64, Int64, Int64) { (Int64(z), Int64(y), Int64(x)) }
}
