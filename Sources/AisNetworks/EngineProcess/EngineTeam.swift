import AisCore

/// Several devices that share the work: inputs are dealt to them in turn.
package struct EngineTeam: Engine {
  private let engines: [any Engine]

  /// - Parameter engines: at least one, all of a kind: what they answer must not depend on which of them does.
  package init(_ engines: [any Engine]) {
    precondition(!engines.isEmpty)
    self.engines = engines
  }

  package var name: String { engines[0].name }

  package var details: [String: String] {
    var details = engines[0].details
    let devices = engines.compactMap { $0.details["device"] }
    if !devices.isEmpty { details["device"] = devices.joined(separator: ", ") }
    return details
  }

  package func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork {
    var networks: [any LoadedNetwork] = []
    for engine in engines { networks.append(try engine.load(graph)) }
    return TeamNetwork(networks)
  }
}

/// A network that each device of a team has loaded.
private final class TeamNetwork: LoadedNetwork, PrecisionChoosing {
  private let networks: [any LoadedNetwork]

  init(_ networks: [any LoadedNetwork]) { self.networks = networks }

  var graph: NetworkGraph { networks[0].graph }
  var weightBytes: Int { networks.reduce(0) { $0 + $1.weightBytes } }
  var engineBytes: Int { networks.reduce(0) { $0 + $1.engineBytes } }
  var details: [String: String] { networks[0].details }
  var tileAlignment: Extent { networks[0].tileAlignment }
  var halo: NetworkGraph.Halo { networks[0].halo }

  func plan(for input: TensorShape) throws(AisError) -> any InferencePlan {
    var plans: [any InferencePlan] = []
    for network in networks { plans.append(try network.plan(for: input)) }
    return TeamPlan(plans)
  }

  // MARK: - Precision: the first device finds out, all do alike

  private var choosing: [any PrecisionChoosing] { networks.compactMap { $0 as? any PrecisionChoosing } }
  var isPrecisionOpen: Bool { choosing.count == networks.count && choosing[0].isPrecisionOpen }
  var precisionChoice: PrecisionChoice? { choosing.first?.precisionChoice }

  func choosePrecision(
    count: Int, shape: TensorShape, sample: (Int) throws(AisError) -> [Float]
  ) throws(AisError) {
    guard isPrecisionOpen else { return }
    try choosing[0].choosePrecision(count: count, shape: shape, sample: sample)
    if let choice = precisionChoice { try settle(on: choice) }
  }

  func settle(on choice: PrecisionChoice) throws(AisError) {
    for network in choosing where network.isPrecisionOpen { try network.settle(on: choice) }
  }
}

private final class TeamPlan: InferencePlan {
  private let plans: [any InferencePlan]
  /// Whose turn it is.
  private var next = 0

  init(_ plans: [any InferencePlan]) { self.plans = plans }

  var input: TensorShape { plans[0].input }
  var output: TensorShape { plans[0].output }
  var memoryBytes: Int { plans.reduce(0) { $0 + $1.memoryBytes } }
  var predictedSeconds: Double { plans[0].predictedSeconds / Double(plans.count) }
  /// As many of each: they are dealt in turn.
  var runsAtOnce: Int { plans.count * (plans.map(\.runsAtOnce).min() ?? 1) }

  func run(_ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    try plans[0].run(source, into: destination)
  }

  func start(
    _ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(AisError) -> any StartedRun {
    let plan = plans[next]
    next = (next + 1) % plans.count
    return try plan.start(source, into: destination)
  }

  func releaseMemory() { plans.forEach { $0.releaseMemory() } }
  func share(_ workspace: InferenceWorkspace) { plans.forEach { $0.share(workspace) } }
}
