import AisCore
import CTorch

/// An array of libtorch's. For one thread at a time; what operations give are new tensors.
///
/// Activations have axes (image, channel, y, x), or (image, channel, z, y, x) in 3D networks.
package final class TorchTensor {
  let handle: OpaquePointer
  let library: TorchLibrary

  init(handle: OpaquePointer, library: TorchLibrary) {
    self.handle = handle
    self.library = library
  }

  deinit { library.api.release(handle) }

  package enum Element: String, Sendable, Codable, CaseIterable {
    case float32, float64, bfloat16, float16, uint8

    var value: ctorch_dtype {
      switch self {
      case .float32: CTORCH_FLOAT32
      case .float64: CTORCH_FLOAT64
      case .bfloat16: CTORCH_BFLOAT16
      case .float16: CTORCH_FLOAT16
      case .uint8: CTORCH_UINT8
      }
    }
  }

  private var api: ctorch_api { library.api }

  /// The length of every axis.
  package func shape() throws(AisError) -> [Int] {
    var lengths = [Int64](repeating: 0, count: 8)
    var rank: Int32 = 0
    var type = CTORCH_FLOAT32
    var device: Int32 = 0
    try library.check(api.describe(handle, &lengths, &rank, &type, &device), "describe a tensor")
    return lengths.prefix(Int(rank)).map { Int($0) }
  }
}

// MARK: - Values in and out

extension TorchLibrary {
  /// A tensor of these float32 values.
  package func tensor(_ values: [Float], shape: [Int], on device: TorchDevice = .processor) throws(AisError)
    -> TorchTensor
  {
    let tensor = try empty(shape: shape, element: .float32, on: device)
    let status = values.withUnsafeBytes { api.write(tensor.handle, $0.baseAddress, Int64($0.count)) }
    try check(status, "take in \(values.count) values")
    return tensor
  }

  /// A tensor of these float64 values.
  package func tensor(_ values: [Double], shape: [Int], on device: TorchDevice = .processor) throws(AisError)
    -> TorchTensor
  {
    let tensor = try empty(shape: shape, element: .float64, on: device)
    let status = values.withUnsafeBytes { api.write(tensor.handle, $0.baseAddress, Int64($0.count)) }
    try check(status, "take in \(values.count) values")
    return tensor
  }

  /// A tensor with whatever the memory held.
  package func empty(shape: [Int], element: TorchTensor.Element, on device: TorchDevice) throws(AisError) -> TorchTensor
  {
    let lengths = shape.map(Int64.init)
    return try tensor("make room for \(shape) values") {
      api.empty(lengths, Int32(lengths.count), element.value, device.number, $0)
    }
  }

  /// A tensor on the processor of values that are not copied: they must stay where they are, and as they are, as long as it is used.
  func borrowed(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int]) throws(AisError) -> TorchTensor {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values cannot have the shape \(shape)")
    let lengths = shape.map(Int64.init)
    return try tensor("see \(values.count) values") {
      api.borrow(values.baseAddress, lengths, Int32(lengths.count), $0)
    }
  }

  package func full(
    _ value: Double, shape: [Int], element: TorchTensor.Element = .float32, on device: TorchDevice = .processor
  ) throws(AisError) -> TorchTensor {
    let lengths = shape.map(Int64.init)
    return try tensor("make room for \(shape) values") {
      api.full(lengths, Int32(lengths.count), value, element.value, device.number, $0)
    }
  }

  /// Normally distributed random values.
  package func normal(
    mean: Double = 0, deviation: Double = 1, shape: [Int], element: TorchTensor.Element = .float32,
    on device: TorchDevice = .processor
  ) throws(AisError) -> TorchTensor {
    let lengths = shape.map(Int64.init)
    return try tensor("draw \(shape) random values") {
      api.random_normal(lengths, Int32(lengths.count), mean, deviation, element.value, device.number, $0)
    }
  }

  /// Evenly distributed random values from `low` up to `high`.
  package func uniform(
    from low: Double, to high: Double, shape: [Int], element: TorchTensor.Element = .float32,
    on device: TorchDevice = .processor
  ) throws(AisError) -> TorchTensor {
    let lengths = shape.map(Int64.init)
    return try tensor("draw \(shape) random values") {
      api.random_uniform(lengths, Int32(lengths.count), low, high, element.value, device.number, $0)
    }
  }
}

extension TorchTensor {
  /// Overwrites the values, which come in the order of the axes; the number of bytes must be the tensor's.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(AisError) {
    try library.check(api.write(handle, bytes.baseAddress, Int64(bytes.count)), "take in \(bytes.count) bytes")
  }

  /// Copies the values out in the order of the axes; the number of bytes must be the tensor's.
  package func read(into bytes: UnsafeMutableRawBufferPointer) throws(AisError) {
    try library.check(api.read(handle, bytes.baseAddress, Int64(bytes.count)), "give \(bytes.count) bytes")
  }

  /// The values as float32, in the order of the axes.
  package func floats() throws(AisError) -> [Float] {
    let single = try converted(to: .float32)
    var values = [Float](repeating: 0, count: try shape().reduce(1, *))
    let status = values.withUnsafeMutableBytes { api.read(single.handle, $0.baseAddress, Int64($0.count)) }
    try library.check(status, "give its values")
    return values
  }

  /// The values as float64, in the order of the axes.
  package func doubles() throws(AisError) -> [Double] {
    let wide = try converted(to: .float64)
    var values = [Double](repeating: 0, count: try shape().reduce(1, *))
    let status = values.withUnsafeMutableBytes { api.read(wide.handle, $0.baseAddress, Int64($0.count)) }
    try library.check(status, "give its values")
    return values
  }

  package func converted(to element: Element, on device: TorchDevice = .processor) throws(AisError) -> TorchTensor {
    try library.tensor("convert a tensor") { api.convert(handle, element.value, device.number, $0) }
  }
}

// MARK: - Other sides

extension TorchTensor {
  package func permuted(_ axes: [Int]) throws(AisError) -> TorchTensor {
    let order = axes.map(Int64.init)
    return try library.tensor("exchange axes") { api.permute(handle, order, Int32(order.count), $0) }
  }

  package func reshaped(_ shape: [Int]) throws(AisError) -> TorchTensor {
    let lengths = shape.map(Int64.init)
    return try library.tensor("see a tensor as \(shape)") { api.reshape(handle, lengths, Int32(lengths.count), $0) }
  }

  /// Positions `start ..< start + count` of one axis.
  package func narrowed(axis: Int, start: Int, count: Int) throws(AisError) -> TorchTensor {
    try library.tensor("cut a tensor") { api.narrow(handle, Int32(axis), Int64(start), Int64(count), $0) }
  }

  /// The same values with the channel (the second axis) fastest in memory, which convolutions are quickest on.
  package func channelsLast() throws(AisError) -> TorchTensor {
    try library.tensor("order channels last") { api.channels_last(handle, $0) }
  }

  /// Overwrites the values with those of a tensor of the same shape, whatever its device.
  package func assign(_ other: TorchTensor) throws(AisError) {
    try library.check(api.assign(handle, other.handle), "take over values")
  }

  package func clone() throws(AisError) -> TorchTensor {
    try library.tensor("copy a tensor") { api.clone(handle, $0) }
  }

  /// The same values, from which no gradient flows back.
  package func detached() throws(AisError) -> TorchTensor {
    try library.tensor("detach a tensor") { api.detach(handle, $0) }
  }
}
