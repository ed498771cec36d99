import AisCore
import AisNetworks
import Testing

/// Every operation against numbers worked out by hand.
@Suite("ReferenceEngine")
struct ReferenceEngineTests {
  /// A row of numbers through one operation of a 2D network with one channel.
  private func row(_ values: [Float], through operation: Operation, kernel: [Float]? = nil) throws -> [Float] {
    var builder = NetworkBuilder()
    builder.add("layer", operation)
    if let kernel { builder.set("layer", .kernel, kernel) }
    builder.set("layer", .bias, [0])
    return try ReferenceEngine().answer(
      of: builder.graph(), to: values, shape: TensorShape(z: 1, y: 1, x: values.count, channels: 1))
  }

  private func convolution(_ kernel: Int, stride: Int = 1, dilation: Int = 1, _ padding: Padding)
    -> Operation.Convolution
  {
    .init(
      filters: 1, kernel: Extent(z: 1, y: 1, x: kernel), stride: Extent(z: 1, y: 1, x: stride),
      dilation: Extent(z: 1, y: 1, x: dilation), padding: padding)
  }

  @Test("a convolution does not flip its kernel")
  func correlation() throws {
    #expect(
      try row([0, 0, 1, 0, 0], through: .convolution(convolution(3, .same)), kernel: [1, 2, 3]) == [0, 3, 2, 1, 0])
  }

  @Test("a kernel of 4 with 'same' pads one before and two after")
  func evenKernel() throws {
    #expect(
      try row([1, 1, 1, 1], through: .convolution(convolution(4, .same)), kernel: [1, 10, 100, 1000])
        == [1110, 1111, 111, 11])
  }

  @Test("a stride with 'same' rounds the size up and pads by what is left over")
  func stridedSame() throws {
    // 4 wide, stride 2, kernel 3: one zero after, none before.
    #expect(
      try row([1, 2, 3, 4], through: .convolution(convolution(3, stride: 2, .same)), kernel: [1, 10, 100]) == [321, 43])
    // 5 wide: one zero on each side.
    #expect(
      try row([1, 2, 3, 4, 5], through: .convolution(convolution(3, stride: 2, .same)), kernel: [1, 10, 100])
        == [210, 432, 54])
  }

  @Test("a dilated kernel skips positions")
  func dilation() throws {
    #expect(
      try row([1, 2, 3, 4, 5], through: .convolution(convolution(2, dilation: 3, .valid)), kernel: [1, 10]) == [41, 52])
  }

  @Test("a transposed convolution with kernel = stride repeats its kernel")
  func transposedEqual() throws {
    #expect(
      try row([1, 2], through: .transposedConvolution(convolution(2, stride: 2, .same)), kernel: [1, 10])
        == [1, 10, 2, 20])
  }

  @Test(
    "a transposed convolution with a kernel larger than its stride overlaps, and 'same' crops the smaller half before")
  func transposedLarger() throws {
    let kernel: [Float] = [1, 10, 100]
    #expect(
      try row([1, 2], through: .transposedConvolution(convolution(3, stride: 2, .valid)), kernel: kernel)
        == [1, 10, 102, 20, 200])
    #expect(
      try row([1, 2], through: .transposedConvolution(convolution(3, stride: 2, .same)), kernel: kernel)
        == [1, 10, 102, 20])
    #expect(
      try row([1, 2], through: .transposedConvolution(convolution(4, stride: 2, .same)), kernel: [1, 10, 100, 1000])
        == [10, 102, 1020, 200])
  }

  @Test("a transposed convolution with a kernel smaller than its stride leaves gaps")
  func transposedSmaller() throws {
    #expect(
      try row([1, 2], through: .transposedConvolution(convolution(1, stride: 2, .same)), kernel: [5]) == [5, 0, 10, 0])
    #expect(
      try row([1, 2], through: .transposedConvolution(convolution(1, stride: 2, .valid)), kernel: [5]) == [5, 0, 10, 0])
  }

  @Test("'same' max-pooling ignores its padding even below zero, 'valid' drops what does not fill a window")
  func maxPooling() throws {
    let window = Extent(z: 1, y: 1, x: 2)
    #expect(
      try row([-3, -1, -2], through: .maxPooling(.init(window: window, stride: window, padding: .same))) == [-1, -2])
    #expect(
      try row([-3, -1, -2], through: .maxPooling(.init(window: window, stride: window, padding: .valid))) == [-1])
    #expect(
      try row([1, 5, 2], through: .maxPooling(.init(window: Extent(z: 1, y: 1, x: 3), stride: .one, padding: .same)))
        == [5, 5, 5])
  }

  @Test("'same' average pooling divides by the number of values that are there")
  func averagePooling() throws {
    let window = Extent(z: 1, y: 1, x: 2)
    #expect(
      try row([2, 4, 6], through: .averagePooling(.init(window: window, stride: window, padding: .same))) == [3, 6])
  }

  @Test("nearest upsampling, padding and cropping move whole positions")
  func moves() throws {
    let two = Extent(z: 0, y: 0, x: 2)
    let one = Extent(z: 0, y: 0, x: 1)
    #expect(try row([1, 2], through: .upsampling(Extent(z: 1, y: 1, x: 3))) == [1, 1, 1, 2, 2, 2])
    #expect(try row([1, 2], through: .zeroPadding(before: two, after: one)) == [0, 0, 1, 2, 0])
    #expect(try row([1, 2, 3, 4], through: .cropping(before: two, after: one)) == [3])
  }

  @Test("activations are the textbook functions")
  func activations() throws {
    let values: [Float] = [-1, 0, 2]
    #expect(try row(values, through: .activation(.linear)) == [-1, 0, 2])
    #expect(try row(values, through: .activation(.relu)) == [0, 0, 2])
    #expect(try row(values, through: .activation(.leakyReLU(slope: 0.25))) == [-0.25, 0, 2])
    #expect(try row(values, through: .activation(.sigmoid)) == [0.2689414214, 0.5, 0.8807970780])
    #expect(try row(values, through: .activation(.tanh)) == [-0.7615941560, 0, 0.9640275801])
    #expect(try row(values, through: .activation(.elu(alpha: 2))) == [-1.2642411177, 0, 2])
  }

  @Test("batch normalisation without gamma and beta only centres and scales")
  func batchNormalization() throws {
    var builder = NetworkBuilder()
    builder.add("norm", .batchNormalization(epsilon: 1))
    builder.set("norm", .movingMean, [1])
    builder.set("norm", .movingVariance, [3])
    var graph = builder.graph()
    graph.weights[WeightKey("norm", .gamma)] = nil
    graph.weights[WeightKey("norm", .beta)] = nil
    let shape = TensorShape(z: 1, y: 1, x: 2, channels: 1)
    #expect(try ReferenceEngine().answer(of: graph, to: [1, 5], shape: shape) == [0, 2])
    graph.weights[WeightKey("norm", .gamma)] = Tensor(shape: [1], values: [10])
    graph.weights[WeightKey("norm", .beta)] = Tensor(shape: [1], values: [7])
    #expect(try ReferenceEngine().answer(of: graph, to: [1, 5], shape: shape) == [7, 27])
  }

  @Test("concatenation joins channels in order, addition adds them")
  func joins() throws {
    var builder = NetworkBuilder(channels: 2)
    let start = builder.last
    let half = builder.add("relu", .activation(.relu))
    builder.add("concatenate", .concatenation, [half, start])
    let shape = TensorShape(z: 1, y: 1, x: 2, channels: 2)
    #expect(
      try ReferenceEngine().answer(of: builder.graph(), to: [-1, 2, 3, -4], shape: shape) == [0, 2, -1, 2, 3, 0, 3, -4])
    builder.add("add", .addition, [half, start])
    #expect(try ReferenceEngine().answer(of: builder.graph(), to: [-1, 2, 3, -4], shape: shape) == [-1, 4, 6, -4])
  }

  @Test("a 3D convolution runs along z, y and x with the kernel's axes in that order")
  func threeDimensions() throws {
    var builder = NetworkBuilder(.three)
    builder.add(
      "conv", .convolution(.init(filters: 1, kernel: Extent(z: 2, y: 1, x: 1), padding: .valid, usesBias: false)))
    builder.set("conv", .kernel, [1, 10])
    let shape = TensorShape(z: 3, y: 1, x: 2, channels: 1)
    #expect(
      try ReferenceEngine().answer(of: builder.graph(), to: [1, 2, 3, 4, 5, 6], shape: shape) == [31, 42, 53, 64])
  }
}
