import AisCore
import AisFormats

extension KerasSettings {
  /// What the layer does, in our terms. Throws, naming the layer, when it cannot be run.
  func operation() throws(AisError) -> Operation {
    switch layer.className {
    case "InputLayer":
      return .input(try input())
    case "Conv2D", "Conv3D":
      return .convolution(try convolution())
    case "Conv2DTranspose", "Conv3DTranspose":
      return .transposedConvolution(try transposedConvolution())
    case "MaxPooling2D", "MaxPooling3D":
      return .maxPooling(try pooling())
    case "AveragePooling2D", "AveragePooling3D":
      return .averagePooling(try pooling())
    case "UpSampling2D", "UpSampling3D":
      return .upsampling(try upsampling())
    case "Concatenate":
      try requireChannelAxis()
      return .concatenation
    case "Add":
      return .addition
    case "Activation":
      return .activation(try activation())
    case "ReLU":
      return .activation(try rectifier())
    case "LeakyReLU":
      // Keras 2 says alpha, Keras 3 negative_slope.
      let key = layer.config["negative_slope"] == nil ? "alpha" : "negative_slope"
      return .activation(.leakyReLU(slope: Float(try number(key, default: 0.3))))
    case "ELU":
      return .activation(.elu(alpha: Float(try number("alpha", default: 1))))
    case "BatchNormalization":
      try requireChannelAxis()
      return .batchNormalization(epsilon: Float(try number("epsilon", default: 1e-3)))
    case "Dropout", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout":
      return .dropout(rate: Float(try number("rate", default: 0)))
    case "GaussianNoise", "ActivityRegularization":
      return .dropout(rate: 0)
    case "ZeroPadding2D", "ZeroPadding3D":
      try requireChannelsLast()
      let (before, after) = try margins("padding")
      return .zeroPadding(before: before, after: after)
    case "Cropping2D", "Cropping3D":
      try requireChannelsLast()
      let (before, after) = try margins("cropping")
      return .cropping(before: before, after: after)
    default:
      throw refusal()
    }
  }

  private func input() throws(AisError) -> Operation.Input {
    guard let shape = layer.batchShape, shape.count == dimensionality.rawValue + 2 else {
      throw .kerasLayer(
        layer, in: file, "does not state the shape of the input", do: "Save the model again with Keras.")
    }
    guard let channels = shape[shape.count - 1].integer, (1...1 << 20).contains(channels) else {
      throw .kerasLayer(
        layer, in: file, "does not say how many channels it takes",
        do: "Build the network with a fixed number of channels.")
    }
    // Sizes stated here are those of training boxes. All operations that we run slide over inputs of any size, and the
    // reference program changes these numbers itself before it predicts.
    return Operation.Input(channels: channels)
  }

  private func convolution() throws(AisError) -> Operation.Convolution {
    try requireChannelsLast()
    let groups = try layer.config["groups"] == nil ? 1 : count("groups")
    guard groups == 1 else {
      throw .kerasLayer(
        layer, in: file, "is a grouped convolution (\(groups) groups)",
        do: "Only convolutions over all channels are run.")
    }
    return Operation.Convolution(
      filters: try count("filters"), kernel: try extent("kernel_size"), stride: try extent("strides"),
      dilation: try extent("dilation_rate"), padding: try padding(), usesBias: try flag("use_bias", default: true),
      activation: try activation())
  }

  private func transposedConvolution() throws(AisError) -> Operation.Convolution {
    if let setting = layer.config["output_padding"], !setting.isNull {
      throw .kerasLayer(layer, in: file, "sets output_padding", do: "Build the network without it.")
    }
    let convolution = try convolution()
    guard convolution.dilation == .one || convolution.stride == .one else {
      throw .kerasLayer(layer, in: file, "has both strides and a dilation", do: "Build the network with one of them.")
    }
    return convolution
  }

  private func pooling() throws(AisError) -> Operation.Pooling {
    try requireChannelsLast()
    let window = try extent("pool_size", default: Extent(z: dimensionality == .three ? 2 : 1, y: 2, x: 2))
    return Operation.Pooling(window: window, stride: try extent("strides", default: window), padding: try padding())
  }

  private func upsampling() throws(AisError) -> Extent {
    try requireChannelsLast()
    let interpolation = try text("interpolation", default: "nearest")
    guard interpolation == "nearest" else {
      throw .kerasLayer(
        layer, in: file, "upsamples by '\(interpolation)' interpolation", do: "Only 'nearest' is run.")
    }
    return try extent("size", default: Extent(z: dimensionality == .three ? 2 : 1, y: 2, x: 2))
  }

  private func rectifier() throws(AisError) -> Activation {
    guard layer.config["max_value"]?.isNull ?? true, try number("threshold", default: 0) == 0 else {
      throw .kerasLayer(
        layer, in: file, "has a largest value or a threshold", do: "Only plain and leaky rectifiers are run.")
    }
    let slope = try number("negative_slope", default: 0)
    return slope == 0 ? .relu : .leakyReLU(slope: Float(slope))
  }

  /// Why a layer of another class is refused.
  private func refusal() -> AisError {
    switch layer.className {
    case "Lambda", "TFOpLambda", "SlicingOpLambda", "TFSMLayer":
      return .kerasLayer(
        layer, in: file, "holds code, and code from files is never run",
        do: "Build the network from ordinary layers.")
    case "SeparableConv2D", "SeparableConv3D", "DepthwiseConv2D":
      return .kerasLayer(
        layer, in: file, "is a grouped convolution", do: "Only convolutions over all channels are run.")
    case "Functional", "Model", "Sequential":
      return .kerasLayer(
        layer, in: file, "is a whole network inside the network", do: "Save the model with its layers side by side.")
    case "Convolution2D", "Convolution3D", "Deconvolution2D":
      return .kerasLayer(
        layer, in: file, "was written by Keras 1", do: "Load and save the model with Keras 2 first.")
    case "Dense", "Flatten", "Reshape", "GlobalAveragePooling2D", "GlobalMaxPooling2D":
      return .kerasLayer(
        layer, in: file, "does not answer voxel by voxel", do: "A segmentation network needs convolutions throughout.")
    case "Softmax", "PReLU":
      return .kerasLayer(
        layer, in: file, "is an activation that is not run here",
        do: "Known are ReLU, LeakyReLU, ELU, sigmoid and tanh.")
    default:
      return .kerasLayer(
        layer, in: file, "is of a kind that is not known here",
        do: "Known are convolutions, pooling, upsampling, Concatenate, Add, batch normalisation and activations.")
    }
  }
}
