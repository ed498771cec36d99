import AisCore

/// A network with its weights packed for the kernels.
struct CPUNetwork: LoadedNetwork {
  let graph: NetworkGraph
  let engine: CPUEngine
  let program: Program
  let tileAlignment: Extent
  let halo: NetworkGraph.Halo

  init(graph: NetworkGraph, engine: CPUEngine) throws(AisError) {
    try graph.validate()
    self.graph = graph
    self.engine = engine
    program = try ProgramBuilder.build(graph, engine: engine)
    // Winograd's algorithm computes 4 × 4 outputs from the same numbers: whoever needs one depends on what all need.
    var blocks = Array(repeating: Extent.one, count: graph.nodes.count)
    for step in program.steps {
      if case .winograd = step.kind { blocks[step.node.index] = Extent(z: 1, y: 4, x: 4) }
    }
    tileAlignment = graph.alignment { blocks[$0.index] }
    halo = graph.halo(aroundTilesOf: tileAlignment) { blocks[$0.index] }
  }

  var weightBytes: Int { program.weightBytes }

  func plan(for input: TensorShape) throws(AisError) -> any InferencePlan {
    CPUPlan(network: self, input: input, shapes: try graph.shapes(for: input))
  }
}
