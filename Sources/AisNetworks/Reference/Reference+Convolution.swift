import AisCore

/// The operations of the reference engine, one function each.
enum Reference {}

extension Reference {
  /// output(o, f) = activation(bias(f) + Σ over taps t and channels c of input(o · stride − pad + t · dilation, c) ·
  /// kernel(t, c, f)), with zeros outside the input. A cross-correlation, as in all network libraries.
  static func convolution(
    _ input: Activations, _ convolution: Operation.Convolution, kernel: [Float], bias: [Float]?,
    giving shape: TensorShape
  ) -> [Float] {
    let (wz, wy, wx) = windows(input.shape, convolution, rule: WindowGeometry.sliding)
    let (inputChannels, filters) = (input.shape.channels, convolution.filters)
    var result = [Float](repeating: 0, count: shape.count)
    var sums = [Double](repeating: 0, count: filters)
    var out = 0
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x {
          for f in 0..<filters { sums[f] = Double(bias?[f] ?? 0) }
          var tap = 0
          for kz in 0..<wz.kernel {
            let iz = z * wz.stride - wz.padBefore + kz * wz.dilation
            for ky in 0..<wy.kernel {
              let iy = y * wy.stride - wy.padBefore + ky * wy.dilation
              for kx in 0..<wx.kernel {
                let ix = x * wx.stride - wx.padBefore + kx * wx.dilation
                if 0..<wz.input ~= iz, 0..<wy.input ~= iy, 0..<wx.input ~= ix {
                  let position = input.offset(z: iz, y: iy, x: ix)
                  for c in 0..<inputChannels {
                    addProducts(
                      of: input.values[position + c], with: kernel, from: (tap * inputChannels + c) * filters,
                      to: &sums)
                  }
                }
                tap += 1
              }
            }
          }
          for f in 0..<filters { result[out + f] = Float(convolution.activation.value(at: sums[f])) }
          out += filters
        }
      }
    }
    return result
  }

  /// The transpose of `convolution` between the same two sizes: input(i, c) adds input · kernel(t, c, f) to the output
  /// at i · stride − pad + t · dilation; what falls outside is dropped. Then bias and activation.
  static func transposedConvolution(
    _ input: Activations, _ convolution: Operation.Convolution, kernel: [Float], bias: [Float]?,
    giving shape: TensorShape
  ) -> [Float] {
    let (wz, wy, wx) = windows(input.shape, convolution, rule: WindowGeometry.transposed)
    let (inputChannels, filters) = (input.shape.channels, convolution.filters)
    var result = [Float](repeating: 0, count: shape.count)
    var sums = [Double](repeating: 0, count: filters)
    var out = 0
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x {
          for f in 0..<filters { sums[f] = Double(bias?[f] ?? 0) }
          var tap = 0
          for kz in 0..<wz.kernel {
            let iz = wz.source(of: z, tap: kz)
            for ky in 0..<wy.kernel {
              let iy = wy.source(of: y, tap: ky)
              for kx in 0..<wx.kernel {
                if let iz, let iy, let ix = wx.source(of: x, tap: kx) {
                  let position = input.offset(z: iz, y: iy, x: ix)
                  for c in 0..<inputChannels {
                    addProducts(
                      of: input.values[position + c], with: kernel, from: (tap * inputChannels + c) * filters,
                      to: &sums)
                  }
                }
                tap += 1
              }
            }
          }
          for f in 0..<filters { result[out + f] = Float(convolution.activation.value(at: sums[f])) }
          out += filters
        }
      }
    }
    return result
  }

  /// sums(f) += value · kernel(start + f) for all filters f.
  private static func addProducts(of value: Float, with kernel: [Float], from start: Int, to sums: inout [Double]) {
    let value = Double(value)
    for f in sums.indices { sums[f] += value * Double(kernel[start + f]) }
  }

  private static func windows(
    _ input: TensorShape, _ convolution: Operation.Convolution,
    rule: (Int, Int, Int, Int, Padding) -> WindowGeometry
  ) -> (z: WindowGeometry, y: WindowGeometry, x: WindowGeometry) {
    let (kernel, stride, dilation) = (convolution.kernel, convolution.stride, convolution.dilation)
    return (
      rule(input.z, kernel.z, stride.z, dilation.z, convolution.padding),
      rule(input.y, kernel.y, stride.y, dilation.y, convolution.padding),
      rule(input.x, kernel.x, stride.x, dilation.x, convolution.padding)
    )
  }
}

extension WindowGeometry {
  /// The input position that reaches output position `output` through kernel position `tap` of a transposed window.
  fileprivate func source(of output: Int, tap: Int) -> Int? {
    let scaled = output + padBefore - tap * dilation
    guard scaled >= 0, scaled % stride == 0, scaled / stride < input else { return nil }
    return scaled / stride
  }
}
