import AisCore
import CKernels

/// A program on one input shape: where everything lies is decided, nothing is allocated before the first run.
package final class CPUPlan: InferencePlan {
  let network: CPUNetwork
  package let input: TensorShape
  /// Of every node.
  let shapes: [TensorShape]
  private let layout: ArenaLayout
  /// Floats of workspace that the hungriest step needs, for all threads.
  private let workspaceCount: Int
  private var memory: AlignedMemory?
  private var workspace: InferenceWorkspace?

  init(network: CPUNetwork, input: TensorShape, shapes: [TensorShape]) {
    self.network = network
    self.input = input
    self.shapes = shapes
    layout = ArenaLayout(network.program, shapes: shapes)
    let geometry = StepGeometry(network: network, shapes: shapes)
    workspaceCount = network.program.steps.reduce(0) { max($0, geometry.workspaceCount(of: $1)) }
  }

  package var output: TensorShape { shapes[network.graph.output.index] }

  private var floats: Int { layout.count.roundedUp(to: 1024) + workspaceCount }

  package var memoryBytes: Int { AlignedMemory.bytes(forFloats: floats) }

  /// Bytes of its own that are allocated now: none, or `memoryBytes`.
  package var allocatedBytes: Int { memory?.bytes ?? 0 }

  package var predictedSeconds: Double {
    let geometry = StepGeometry(network: network, shapes: shapes)
    return network.program.steps.reduce(0) { $0 + network.engine.costs.seconds(geometry.work(of: $1)) }
  }

  package func run(_ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>)
    throws(AisError)
  {
    precondition(source.count == input.count, "the plan is for \(input.count) input values, got \(source.count)")
    precondition(
      destination.count == output.count, "the plan gives \(output.count) values, room is for \(destination.count)")
    guard let first = source.baseAddress, let answer = destination.baseAddress else { return }
    let memory = try allocated()
    let runner = StepRunner(
      geometry: StepGeometry(network: network, shapes: shapes),
      locate: { [layout, program = network.program] id in
        // The caller's input is only ever read.
        if id == program.input { return UnsafeMutablePointer(mutating: first) }
        if id == program.output { return answer }
        return memory.pointer + (layout.offsets[id] ?? 0)
      },
      workspace: memory.pointer + layout.count.roundedUp(to: 1024))
    for step in network.program.steps { runner.run(step) }
  }

  package func releaseMemory() { memory = nil }

  package func share(_ workspace: InferenceWorkspace) {
    memory = nil
    workspace.admit(memoryBytes)
    self.workspace = workspace
  }

  private func allocated() throws(AisError) -> AlignedMemory {
    if let workspace { return try workspace.allocated(for: purpose) }
    if let memory { return memory }
    let new = try AlignedMemory(floats: floats, for: purpose)
    memory = new
    return new
  }

  private var purpose: String { "the network '\(network.graph.name)' on \(network.graph.sizeText(input)) voxels" }
}
