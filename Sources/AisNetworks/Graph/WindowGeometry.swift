/// How a sliding window lies on one axis: TensorFlow's size and padding rules for convolutions and pooling.
package struct WindowGeometry: Sendable, Hashable {
  /// Positions of the input on this axis.
  package var input: Int
  /// Positions of the output on this axis.
  package var output: Int
  package var kernel: Int
  package var stride: Int
  package var dilation: Int
  /// Positions of padding before the first; what lies behind the last needs no name.
  package var padBefore: Int

  /// Positions that the window spans, gaps of dilation included.
  package var span: Int { (kernel - 1) * dilation + 1 }

  /// A convolution or pooling: output position o reads input positions o · stride − padBefore + t · dilation.
  ///
  /// The output has 0 positions when a `valid` window does not fit into the input at all.
  package static func sliding(
    input: Int, kernel: Int, stride: Int, dilation: Int = 1, padding: Padding
  ) -> WindowGeometry {
    let span = (kernel - 1) * dilation + 1
    switch padding {
    case .same:
      let output = (input + stride - 1) / stride
      let total = max((output - 1) * stride + span - input, 0)
      return WindowGeometry(
        input: input, output: output, kernel: kernel, stride: stride, dilation: dilation, padBefore: total / 2)
    case .valid:
      let output = input < span ? 0 : (input - span) / stride + 1
      return WindowGeometry(
        input: input, output: output, kernel: kernel, stride: stride, dilation: dilation, padBefore: 0)
    }
  }

  /// A transposed convolution: input position i adds to output positions i · stride − padBefore + t · dilation.
  ///
  /// It is the transpose of the `sliding` window that leads from `output` back to `input`, so `same` gives
  /// input · stride positions and crops max(span − stride, 0) of them, the smaller half before.
  package static func transposed(
    input: Int, kernel: Int, stride: Int, dilation: Int = 1, padding: Padding
  ) -> WindowGeometry {
    let surplus = max((kernel - 1) * dilation + 1 - stride, 0)
    return WindowGeometry(
      input: input, output: input * stride + (padding == .valid ? surplus : 0), kernel: kernel, stride: stride,
      dilation: dilation, padBefore: padding == .same ? surplus / 2 : 0)
  }
}
