import AisCore
import AisNetworks

extension NetworkGraph {
  /// The same network with kernels scaled so that activations neither grow nor fade from layer to layer (He 2015), as
  /// those of trained networks: the bounds of the tests are absolute.
  var withKernelsOfTrainedSize: NetworkGraph {
    var graph = self
    for (key, tensor) in weights where key.role == .kernel {
      let inputs = tensor.shape.dropLast().reduce(1, *)
      // Uniform in −1 … 1 has a variance of 1/3.
      let scale = (6 / Float(max(inputs, 1))).squareRoot()
      graph.weights[key]?.values = tensor.values.map { $0 * scale }
    }
    for (key, tensor) in weights where key.role == .bias || key.role == .beta {
      graph.weights[key]?.values = tensor.values.map { $0 * 0.1 }
    }
    return graph
  }
}

/// Seeded numbers in −1 … 1.
func randomValues(_ count: Int, seed: UInt64) -> [Float] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
}

/// The largest difference, or infinity when there is a NaN or the sizes differ.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  var largest: Float = 0
  for (x, y) in zip(a, b) {
    let difference = abs(x - y)
    if !(difference <= largest) { largest = difference.isNaN ? .infinity : difference }
  }
  return largest
}
