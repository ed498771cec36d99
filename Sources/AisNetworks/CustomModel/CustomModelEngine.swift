import AisCore
import Foundation

/// Runs users' own models in processes of their Python, and leaves everything else to another engine.
package struct CustomModelEngine: Engine {
  private let base: any Engine
  private let store: CustomModelStore
  private let threads: Int

  /// - Parameters:
  ///   - folder: of the user's architectures: only programs that were added there are run.
  ///   - threads: how many the libraries under a program are told to use.
  package init(_ base: any Engine, folder: String?, threads: Int) {
    self.base = base
    store = CustomModelStore(folder: folder)
    self.threads = threads
  }

  package var name: String { base.name }
  package var details: [String: String] { base.details }

  package func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork {
    guard let model = graph.customModel else { return try base.load(graph) }
    guard !model.saved.isEmpty else {
      throw AisError(
        .malformed, "the model of the program '\(model.program.title)' holds nothing that its 'save' wrote")
    }
    return try LoadedCustomModel(
      graph, model, worker: CustomModelWorker(model, python: store.interpreter(for: model.program), threads: threads))
  }
}

/// A model with the process that computes it.
private final class LoadedCustomModel: LoadedNetwork {
  let graph: NetworkGraph
  let engineBytes: Int
  fileprivate let worker: CustomModelWorker
  fileprivate let secondsPerValue: Double

  /// Asks for one box, to see that the model answers, and how quickly.
  init(_ graph: NetworkGraph, _ model: CustomModel, worker: CustomModelWorker) throws(AisError) {
    self.graph = graph
    self.worker = worker
    let (side, depth) = (model.boxSize, model.depth)
    let noise = (0..<depth * side * side).map { Float(($0 &* 7919) % 97) / 48.5 - 1 }
    let start = ContinuousClock.now
    _ = try worker.predict(noise, count: 1, depth: depth, height: side, width: side)
    let time = (ContinuousClock.now - start).components
    secondsPerValue = (Double(time.seconds) + Double(time.attoseconds) * 1e-18) / Double(noise.count)
    engineBytes = worker.residentBytes
  }

  var weightBytes: Int { 0 }

  func plan(for input: TensorShape) throws(AisError) -> any InferencePlan {
    CustomModelPlan(self, input: input, output: try graph.outputShape(for: input))
  }
}

private final class CustomModelPlan: InferencePlan {
  private let network: LoadedCustomModel
  let input: TensorShape
  let output: TensorShape

  init(_ network: LoadedCustomModel, input: TensorShape, output: TensorShape) {
    self.network = network
    self.input = input
    self.output = output
  }

  /// Values on their way between the processes. What a program makes of them only it knows.
  var memoryBytes: Int { 6 * (input.count + output.count) * MemoryLayout<Float>.size }
  var predictedSeconds: Double { network.secondsPerValue * Double(input.count) }

  func run(_ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    let isSlab = network.graph.dimensionality == .three
    let depth = isSlab ? input.z : input.channels
    let plane = input.y * input.x
    var planes = Array(source)
    if !isSlab, depth > 1 {
      // Slices are channels, fastest; the program is handed plane after plane.
      for z in 0..<depth { for index in 0..<plane { planes[z * plane + index] = source[index * depth + z] } }
    }
    let answer = try network.worker.predict(planes, count: 1, depth: depth, height: input.y, width: input.x)
    _ = destination.update(fromContentsOf: answer)
  }

  func releaseMemory() {}
  func share(_ workspace: InferenceWorkspace) {}
}
