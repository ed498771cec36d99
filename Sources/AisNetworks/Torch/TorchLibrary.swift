import AisCore
import CTorch

/// libtorch, opened in this process. Several threads may use it at the same time on tensors that they do not share; gradients and
/// mixed precision are switched for the calling thread alone.
///
/// Every function of the plugin answers with a status; here it becomes an `AisError` with what libtorch said.
package final class TorchLibrary {
  /// The plugin's table of functions.
  let api: ctorch_api

  /// Opens libtorch and the plugin. Throws `engineUnavailable` when they do not open or do not fit this program.
  package init(_ installation: TorchInstallation) throws(AisError) {
    var message = [CChar](repeating: 0, count: 4096)
    let table = ctorch_open(installation.libraries, installation.plugin, &message, Int32(message.count))
    guard let table else {
      let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw AisError(
        .engineUnavailable,
        "libtorch in '\(installation.libraries)' cannot be used: \(text). 'make deps-torch torch' sets it up anew.")
    }
    api = table.pointee
  }

  /// As libtorch names it: "2.11.0".
  package var version: String { api.version().map { String(cString: $0) } ?? "" }

  /// Throws what the last call said when it did not succeed. `purpose` completes the sentence "libtorch could not …".
  func check(_ status: ctorch_status, _ purpose: @autoclosure () -> String) throws(AisError) {
    guard status != CTORCH_OK else { return }
    let message = api.last_message().map { String(cString: $0) } ?? ""
    if status == CTORCH_OUT_OF_MEMORY {
      throw AisError(.outOfMemory, "there is not enough memory to \(purpose()): \(message)")
    }
    throw AisError(.engineFailed, "libtorch could not \(purpose()): \(message)")
  }

  /// The tensor that a call of the plugin makes.
  func tensor(
    _ purpose: @autoclosure () -> String, _ make: (UnsafeMutablePointer<OpaquePointer?>) -> ctorch_status
  ) throws(AisError) -> TorchTensor {
    var handle: OpaquePointer?
    try check(make(&handle), purpose())
    guard let handle else { throw AisError(.engineFailed, "libtorch gave no tensor to \(purpose())") }
    return TorchTensor(handle: handle, library: self)
  }
}

extension TorchLibrary {
  package func setThreads(_ count: Int) throws(AisError) {
    try check(api.set_threads(Int32(clamping: count)), "set the number of threads")
  }

  /// From here on random numbers are those of this seed.
  package func setSeed(_ seed: UInt64) throws(AisError) { try check(api.set_seed(seed), "set the seed") }

  /// What dropout leaves out is decided by this seed from here on: on a GPU, or on the processor in this thread alone.
  package func setSeed(_ seed: UInt64, on device: TorchDevice) throws(AisError) {
    try check(api.seed_device(device.number, seed), "set the seed of \(device)")
  }

  /// Same results for the same input, machine and number of threads; slower on a GPU.
  ///
  /// - Parameter strict: throws where libtorch knows no such way; some poolings have none on a GPU.
  package func setDeterministic(_ on: Bool, strict: Bool = true) throws(AisError) {
    try check(api.set_deterministic(on ? 1 : 0, strict ? 1 : 0), "switch deterministic algorithms")
  }

  /// Whether a GPU may round the factors of float32 products to 10 bits, and try algorithms to keep the fastest.
  package func setGPUMath(roundsFactors: Bool, triesAlgorithms: Bool) throws(AisError) {
    try check(api.set_gpu_math(roundsFactors ? 1 : 0, triesAlgorithms ? 1 : 0), "set the GPU's arithmetic")
  }

  /// The most bytes that tensors on the processor may hold; `nil`: no bound.
  package func setBudget(_ bytes: Int?) throws(AisError) {
    try check(api.set_budget(Int64(bytes ?? 0)), "set the memory budget")
  }

  package struct Memory: Sendable, Equatable, Codable {
    /// Bytes of live tensors, now and at most since the peak was last reset.
    package var used: Int
    package var peak: Int
    /// Bytes kept for the next tensors.
    package var cached: Int
  }

  package func memory(on device: TorchDevice) throws(AisError) -> Memory {
    var memory = ctorch_memory()
    try check(api.memory(device.number, &memory), "count its memory")
    return Memory(used: Int(memory.used_bytes), peak: Int(memory.peak_bytes), cached: Int(memory.cached_bytes))
  }

  package func resetPeak(on device: TorchDevice) throws(AisError) {
    try check(api.reset_peak(device.number), "count its memory")
  }

  /// Gives memory that is kept for the next tensors back to the system.
  package func releaseCached(on device: TorchDevice) throws(AisError) {
    try check(api.release_cached(device.number), "give memory back")
  }

  /// Waits until the device has done all that it was asked for.
  package func synchronize(_ device: TorchDevice) throws(AisError) {
    try check(api.synchronize(device.number), "wait for \(device)")
  }

  /// How many CUDA devices this libtorch can use.
  package func deviceCount() throws(AisError) -> Int {
    var count: Int32 = 0
    try check(api.device_count(&count), "look for GPUs")
    return Int(count)
  }

  /// Bytes of a CUDA device that are free, of all programs, and that it has.
  package func deviceMemory(_ device: TorchDevice) throws(AisError) -> (free: Int, total: Int) {
    var free: Int64 = 0
    var total: Int64 = 0
    try check(api.device_memory(device.number, &free, &total), "ask for the memory of \(device)")
    return (Int(free), Int(total))
  }

  /// Whether operations remember what their gradients need. Off at the start.
  package func enableGradients(_ on: Bool) throws(AisError) {
    try check(api.enable_gradients(on ? 1 : 0), "switch gradients")
  }

  /// Runs the operations that stand it in `type` from here on, or no longer.
  package func setAutocast(_ type: TorchTensor.Element?, on device: TorchDevice) throws(AisError) {
    let value = type?.value ?? CTORCH_BFLOAT16
    try check(api.autocast(device.number, type == nil ? 0 : 1, value), "switch to mixed precision")
  }
}

/// What tensors lie on: the processor, or the CUDA device of that number.
package enum TorchDevice: Sendable, Hashable, Codable, CustomStringConvertible {
  case processor
  case gpu(Int)

  var number: Int32 {
    switch self {
    case .processor: -1
    case .gpu(let index): Int32(clamping: index)
    }
  }

  package var description: String {
    switch self {
    case .processor: "the processor"
    case .gpu(let index): "GPU \(index)"
    }
  }
}
