import AisCore
import CTorch

/// What a prediction is compared with a target by.
package enum Loss: String, Sendable, Codable, CaseIterable {
  case meanSquaredError = "mean-squared-error"
  case meanAbsoluteError = "mean-absolute-error"
  /// Of probabilities, held off 0 and 1 by 1e-7.
  case binaryCrossentropy = "binary-crossentropy"
  /// Of values before the sigmoid.
  case binaryCrossentropyOfLogits = "binary-crossentropy-of-logits"

  fileprivate var value: ctorch_loss {
    switch self {
    case .meanSquaredError: CTORCH_MEAN_SQUARED_ERROR
    case .meanAbsoluteError: CTORCH_MEAN_ABSOLUTE_ERROR
    case .binaryCrossentropy: CTORCH_BINARY_CROSSENTROPY
    case .binaryCrossentropyOfLogits: CTORCH_BINARY_CROSSENTROPY_LOGITS
    }
  }
}

extension TorchTensor {
  /// The mean loss over all values, each times its weight: Σ w·l / count. A tensor without axes.
  package func loss(_ loss: Loss, against target: TorchTensor, weights: TorchTensor? = nil) throws(AisError)
    -> TorchTensor
  {
    try library.tensor("compare a prediction with its target") {
      library.api.loss(handle, target.handle, weights?.handle, loss.value, $0)
    }
  }

  /// Whether `backward` leaves a gradient here.
  package func requireGradient(_ on: Bool = true) throws(AisError) {
    try library.check(library.api.require_gradient(handle, on ? 1 : 0), "ask for a gradient")
  }

  /// Adds to every leaf the gradient of this value, a tensor without axes.
  package func backward() throws(AisError) {
    try library.check(library.api.backward(handle), "find gradients")
  }

  /// What `backward` left here.
  package func gradient() throws(AisError) -> TorchTensor? {
    var gradient: OpaquePointer?
    try library.check(library.api.gradient(handle, &gradient), "give a gradient")
    return gradient.map { TorchTensor(handle: $0, library: library) }
  }

  /// Adds the gradient of another leaf, whatever its device, to that of this one, and drops it there.
  package func gatherGradient(of other: TorchTensor) throws(AisError) {
    try library.check(library.api.gather_gradient(handle, other.handle), "add gradients")
  }
}

/// Adam (Kingma and Ba, arXiv 1412.6980) as Keras computes it: ε is added outside the bias correction.
package final class TorchAdam {
  package struct Settings: Sendable, Equatable, Codable {
    package var learningRate: Double
    package var beta1: Double
    package var beta2: Double
    package var epsilon: Double

    /// Keras' defaults.
    package init(learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7) {
      self.learningRate = learningRate
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
    }
  }

  private let handle: OpaquePointer
  private let library: TorchLibrary

  /// Every parameter must ask for gradients already.
  package init(_ parameters: [TorchTensor], _ settings: Settings = Settings(), library: TorchLibrary) throws(AisError) {
    var numbers = ctorch_adam_settings(
      learning_rate: settings.learningRate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon)
    let handles: [OpaquePointer?] = parameters.map(\.handle)
    var made: OpaquePointer?
    try library.check(
      library.api.adam_create(handles, Int32(handles.count), &numbers, &made), "make an optimiser")
    guard let made else { throw AisError(.engineFailed, "libtorch made no optimiser") }
    handle = made
    self.library = library
  }

  deinit { library.api.adam_release(handle) }

  package func setLearningRate(_ rate: Double) throws(AisError) {
    try library.check(library.api.adam_set_learning_rate(handle, rate), "set the learning rate")
  }

  /// The Euclidean norm of all gradients together; above `limit` they are scaled down to it first.
  @discardableResult
  package func clipGradients(to limit: Double?) throws(AisError) -> Double {
    var norm = 0.0
    try library.check(library.api.adam_clip(handle, limit ?? 0, &norm), "measure the gradients")
    return norm
  }

  /// Moves the parameters by the gradients that `backward` left, and drops these.
  package func step() throws(AisError) { try library.check(library.api.adam_step(handle), "step") }

  /// Steps that were made.
  package func steps() throws(AisError) -> Int {
    var count: Int64 = 0
    try library.check(library.api.adam_steps(handle, &count), "count its steps")
    return Int(count)
  }

  /// Goes on as after this many steps.
  package func setSteps(_ count: Int) throws(AisError) {
    try library.check(library.api.adam_set_steps(handle, Int64(count)), "set its steps")
  }

  /// Both moments of parameter number `index`; what is written to them counts.
  package func moments(of index: Int) throws(AisError) -> (first: TorchTensor, second: TorchTensor) {
    var first: OpaquePointer?
    var second: OpaquePointer?
    try library.check(library.api.adam_moments(handle, Int32(index), &first, &second), "give its moments")
    guard let first, let second else { throw AisError(.engineFailed, "libtorch gave no moments") }
    return (TorchTensor(handle: first, library: library), TorchTensor(handle: second, library: library))
  }
}
