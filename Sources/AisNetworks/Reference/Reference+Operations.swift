import AisCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension Activation {
  /// The function itself, in Float64. NaN stays NaN.
  func value(at x: Double) -> Double {
    switch self {
    case .linear: x
    case .relu: x < 0 ? 0 : x
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: tanhOf(x)
    case .leakyReLU(let slope): x < 0 ? x * Double(slope) : x
    case .elu(let alpha): x < 0 ? Double(alpha) * expm1(x) : x
    }
  }
}

/// The C function, which the enum case of the same name hides.
private func tanhOf(_ x: Double) -> Double { tanh(x) }

extension Reference {
  /// The largest value under the window; padding counts as −∞, so it never wins.
  static func maxPooling(_ input: Activations, _ pooling: Operation.Pooling, giving shape: TensorShape) -> [Float] {
    pooled(input, pooling, giving: shape) { window in window.reduce(-.infinity) { max($0, $1) } }
  }

  /// The mean of the values under the window; padding does not count, not even in the divisor.
  static func averagePooling(_ input: Activations, _ pooling: Operation.Pooling, giving shape: TensorShape) -> [Float] {
    pooled(input, pooling, giving: shape) { window in
      Float(window.reduce(0.0) { $0 + Double($1) } / Double(window.count))
    }
  }

  private static func pooled(
    _ input: Activations, _ pooling: Operation.Pooling, giving shape: TensorShape, summary: ([Float]) -> Float
  ) -> [Float] {
    let (window, stride) = (pooling.window, pooling.stride)
    let wz = WindowGeometry.sliding(input: input.shape.z, kernel: window.z, stride: stride.z, padding: pooling.padding)
    let wy = WindowGeometry.sliding(input: input.shape.y, kernel: window.y, stride: stride.y, padding: pooling.padding)
    let wx = WindowGeometry.sliding(input: input.shape.x, kernel: window.x, stride: stride.x, padding: pooling.padding)
    var result: [Float] = []
    result.reserveCapacity(shape.count)
    var seen: [Float] = []
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x {
          for channel in 0..<shape.channels {
            seen.removeAll(keepingCapacity: true)
            for iz in wz.covered(by: z) {
              for iy in wy.covered(by: y) {
                for ix in wx.covered(by: x) { seen.append(input.values[input.offset(z: iz, y: iy, x: ix) + channel]) }
              }
            }
            result.append(summary(seen))
          }
        }
      }
    }
    return result
  }

  /// Every position repeated `factor` times on each axis.
  static func upsampling(_ input: Activations, _ factor: Extent, giving shape: TensorShape) -> [Float] {
    gathered(input, giving: shape) { z, y, x in (z / factor.z, y / factor.y, x / factor.x) }
  }

  /// The input moved by `shift` positions into a frame of another size, zeros where nothing lands.
  static func shifted(_ input: Activations, by shift: Extent, giving shape: TensorShape) -> [Float] {
    gathered(input, giving: shape) { z, y, x in (z - shift.z, y - shift.y, x - shift.x) }
  }

  /// Every output position takes its channels from one input position, zeros where that lies outside.
  private static func gathered(
    _ input: Activations, giving shape: TensorShape, from source: (Int, Int, Int) -> (z: Int, y: Int, x: Int)
  ) -> [Float] {
    var result = [Float](repeating: 0, count: shape.count)
    var out = 0
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x {
          let from = source(z, y, x)
          if 0..<input.shape.z ~= from.z, 0..<input.shape.y ~= from.y, 0..<input.shape.x ~= from.x {
            let start = input.offset(z: from.z, y: from.y, x: from.x)
            for channel in 0..<shape.channels { result[out + channel] = input.values[start + channel] }
          }
          out += shape.channels
        }
      }
    }
    return result
  }

  /// At every position, the channels of all inputs one after another.
  static func concatenation(_ inputs: [Activations], giving shape: TensorShape) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(shape.count)
    for position in 0..<shape.positions {
      for input in inputs {
        let channels = input.shape.channels
        result += input.values[position * channels..<(position + 1) * channels]
      }
    }
    return result
  }

  /// The sum of all inputs, value by value.
  static func addition(_ inputs: [Activations]) -> [Float] {
    inputs[0].values.indices.map { index in Float(inputs.reduce(0.0) { $0 + Double($1.values[index]) }) }
  }

  /// γ(x − μ)/√(σ² + ε) + β per channel.
  static func batchNormalization(
    _ input: Activations, epsilon: Float, gamma: [Float]?, beta: [Float]?, mean: [Float], variance: [Float]
  ) -> [Float] {
    let channels = input.shape.channels
    return input.values.indices.map { index in
      let channel = index % channels
      let scale = Double(gamma?[channel] ?? 1) / (Double(variance[channel]) + Double(epsilon)).squareRoot()
      return Float((Double(input.values[index]) - Double(mean[channel])) * scale + Double(beta?[channel] ?? 0))
    }
  }
}

extension WindowGeometry {
  /// The input positions under the window at output position `output`, padding left out.
  fileprivate func covered(by output: Int) -> Range<Int> {
    let start = output * stride - padBefore
    return max(start, 0)..<max(max(start, 0), min(start + kernel, input))
  }
}
