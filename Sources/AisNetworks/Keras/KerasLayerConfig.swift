import AisFormats

/// Operations as layers of Keras 2.15 with their settings: the inverse of `KerasSettings.operation()`.
struct KerasLayerConfig {
  let is3D: Bool
  let settings: KerasWriter.Settings

  typealias Layer = (className: String, config: [String: JSONValue])

  /// One layer, or a convolution and the activation that Keras 2 has only as a layer of its own.
  func layers(for operation: Operation) -> [Layer] {
    switch operation {
    case .input(let input): [("InputLayer", self.input(input))]
    case .convolution(let convolution): self.convolution(convolution, "Conv\(rank)")
    case .transposedConvolution(let convolution): self.convolution(convolution, "Conv\(rank)Transpose")
    case .maxPooling(let pooling): [("MaxPooling\(rank)", self.pooling(pooling))]
    case .averagePooling(let pooling): [("AveragePooling\(rank)", self.pooling(pooling))]
    case .upsampling(let factor):
      [
        (
          "UpSampling\(rank)",
          ["size": axes(factor), "data_format": channelsLast]
            .merging(is3D ? [:] : ["interpolation": .string("nearest")]) { $1 }
        )
      ]
    case .concatenation: [("Concatenate", ["axis": .number(-1)])]
    case .addition: [("Add", [:])]
    case .activation(let activation): [self.activation(activation)]
    case .batchNormalization(let epsilon):
      [
        (
          "BatchNormalization",
          [
            "axis": .array([.number(is3D ? 4 : 3)]), "momentum": number(settings.batchMomentum),
            "epsilon": number(epsilon),
            "center": .bool(true), "scale": .bool(true),
          ]
        )
      ]
    case .dropout(let rate): [("Dropout", ["rate": number(rate), "noise_shape": .null, "seed": .null])]
    case .zeroPadding(let before, let after):
      [("ZeroPadding\(rank)", ["padding": margins(before, after), "data_format": channelsLast])]
    case .cropping(let before, let after):
      [("Cropping\(rank)", ["cropping": margins(before, after), "data_format": channelsLast])]
    case .custom:
      preconditionFailure("graphs are validated before they are written, and those of programs refused")
    }
  }

  private var rank: String { is3D ? "3D" : "2D" }
  private var channelsLast: JSONValue { .string("channels_last") }

  /// The decimal text of a float32, not of the float64 nearest to it.
  private func number(_ value: Float) -> JSONValue { .number(Double("\(value)") ?? Double(value)) }

  /// Keras' order of axes is (y, x, z).
  private func axes(_ extent: Extent) -> JSONValue {
    .array((is3D ? [extent.y, extent.x, extent.z] : [extent.y, extent.x]).map { .number(Double($0)) })
  }

  private func margins(_ before: Extent, _ after: Extent) -> JSONValue {
    func pair(_ a: Int, _ b: Int) -> JSONValue { .array([.number(Double(a)), .number(Double(b))]) }
    return .array(
      [pair(before.y, after.y), pair(before.x, after.x)] + (is3D ? [pair(before.z, after.z)] : []))
  }

  private func input(_ input: Operation.Input) -> [String: JSONValue] {
    let depth: JSONValue = settings.slabDepth.map { .number(Double($0)) } ?? .null
    let batch: JSONValue = settings.batch.map { .number(Double($0)) } ?? .null
    let spatial: [JSONValue] = is3D ? [.null, .null, depth] : [.null, .null]
    return [
      "batch_input_shape": .array([batch] + spatial + [.number(Double(input.channels))]), "sparse": .bool(false),
      "ragged": .bool(false),
    ]
  }

  private func convolution(_ convolution: Operation.Convolution, _ className: String) -> [Layer] {
    let isTransposed = className.hasSuffix("Transpose")
    let (name, other) = activationName(convolution.activation)
    var config: [String: JSONValue] = [
      "filters": .number(Double(convolution.filters)), "kernel_size": axes(convolution.kernel),
      "strides": axes(convolution.stride), "padding": .string(convolution.padding.rawValue),
      "data_format": channelsLast,
      "groups": .number(1), "activation": .string(name), "use_bias": .bool(convolution.usesBias),
    ]
    // Keras' transposed convolutions of slabs take no dilation.
    if !(isTransposed && is3D) || convolution.dilation != .one { config["dilation_rate"] = axes(convolution.dilation) }
    if isTransposed { config["output_padding"] = .null }
    return [(className, config)] + (other.map { [activation($0)] } ?? [])
  }

  private func pooling(_ pooling: Operation.Pooling) -> [String: JSONValue] {
    [
      "pool_size": axes(pooling.window), "strides": axes(pooling.stride), "padding": .string(pooling.padding.rawValue),
      "data_format": channelsLast,
    ]
  }

  /// The activation's name, or a plain one and what must follow as a layer.
  private func activationName(_ activation: Activation) -> (name: String, other: Activation?) {
    switch activation {
    case .linear: ("linear", nil)
    case .relu: ("relu", nil)
    case .sigmoid: ("sigmoid", nil)
    case .tanh: ("tanh", nil)
    case .elu(1): ("elu", nil)
    case .elu, .leakyReLU: ("linear", activation)
    }
  }

  private func activation(_ activation: Activation) -> Layer {
    switch activation {
    case .leakyReLU(let slope): ("LeakyReLU", ["alpha": number(slope)])
    case .elu(let alpha): ("ELU", ["alpha": number(alpha)])
    default: ("Activation", ["activation": .string(activationName(activation).name)])
    }
  }
}
