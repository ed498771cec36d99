/// What a node does. Extents have z = 1 in 2D networks.
package enum Operation: Sendable, Equatable, Codable {
  case input(Input)
  case convolution(Convolution)
  case transposedConvolution(Convolution)
  case maxPooling(Pooling)
  case averagePooling(Pooling)
  /// Nearest-neighbour upsampling by whole factors.
  case upsampling(Extent)
  /// Joins channels in the order of the inputs.
  case concatenation
  /// Element-wise sum of all inputs.
  case addition
  case activation(Activation)
  /// Inference form γ(x−μ)/√(σ²+ε)+β over channels; missing γ is 1, missing β is 0.
  case batchNormalization(epsilon: Float)
  /// Identity at inference; the rate is kept for training and for writing the file again.
  case dropout(rate: Float)
  /// Zeros added on each side.
  case zeroPadding(before: Extent, after: Extent)
  /// Voxels removed on each side.
  case cropping(before: Extent, after: Extent)
  /// What a user's own program computes: one value for every pixel.
  case custom(CustomModel)

  package struct Input: Sendable, Equatable, Codable {
    package var channels: Int
    /// Sizes fixed by the file; `nil` where any size will do.
    package var z: Int?
    package var y: Int?
    package var x: Int?
    package init(channels: Int, z: Int? = nil, y: Int? = nil, x: Int? = nil) {
      self.channels = channels
      self.z = z
      self.y = y
      self.x = x
    }
  }

  package struct Convolution: Sendable, Equatable, Codable {
    package var filters: Int
    package var kernel: Extent
    package var stride: Extent
    package var dilation: Extent
    package var padding: Padding
    package var usesBias: Bool
    package var activation: Activation
    package init(
      filters: Int, kernel: Extent, stride: Extent = .one, dilation: Extent = .one, padding: Padding = .same,
      usesBias: Bool = true, activation: Activation = .linear
    ) {
      self.filters = filters
      self.kernel = kernel
      self.stride = stride
      self.dilation = dilation
      self.padding = padding
      self.usesBias = usesBias
      self.activation = activation
    }
  }

  package struct Pooling: Sendable, Equatable, Codable {
    package var window: Extent
    package var stride: Extent
    package var padding: Padding
    package init(window: Extent, stride: Extent, padding: Padding) {
      self.window = window
      self.stride = stride
      self.padding = padding
    }
  }
}

/// A size on each spatial axis.
package struct Extent: Sendable, Hashable, Codable {
  package var z: Int
  package var y: Int
  package var x: Int
  package init(z: Int, y: Int, x: Int) {
    self.z = z
    self.y = y
    self.x = x
  }
  package static let one = Extent(z: 1, y: 1, x: 1)
  package static let zero = Extent(z: 0, y: 0, x: 0)
  package var count: Int { z * y * x }
}

/// TensorFlow's two kinds. `same`: out = ceil(in / stride), total = max((out − 1)·stride + k − in, 0) with
/// k = (kernel − 1)·dilation + 1, the smaller half before. A transposed convolution with `same` gives in · stride.
package enum Padding: String, Sendable, Codable { case same, valid }

package enum Activation: Sendable, Hashable, Codable {
  case linear, relu, sigmoid, tanh
  /// Slope below zero.
  case leakyReLU(slope: Float)
  /// x for x > 0, α(eˣ − 1) below.
  case elu(alpha: Float)
}
