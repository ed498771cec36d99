import AisCore
import AisNetworks
import AisTestSupport
import Synchronization
import Testing

@Suite("What networks are computed on")
struct EngineChoiceTests {
  private let slow = EngineChoice.Candidate(
    device: "cpu", trial: .measured(startSeconds: 0, secondsPerMegavoxel: 0.8))
  private let quick = EngineChoice.Candidate(
    device: "gpu:0", trial: .measured(startSeconds: 6, secondsPerMegavoxel: 0.02))
  private let broken = EngineChoice.Candidate(device: "gpu:1", trial: .failed("no memory"))

  @Test("long work goes to the quickest, short work to what needs no start")
  func work() {
    #expect(EngineChoice.quickest([slow, quick, broken], megavoxels: 100)?.device == "gpu:0")
    #expect(EngineChoice.quickest([slow, quick, broken], megavoxels: 5)?.device == "cpu")
    #expect(EngineChoice.quickest([slow, quick], megavoxels: nil)?.device == "gpu:0")
    #expect(EngineChoice.quickest([broken, slow], megavoxels: 100)?.device == "cpu")
    #expect(EngineChoice.quickest([broken], megavoxels: 100) == nil)
  }

  @Test("the choice is told with what was measured")
  func sentences() {
    #expect(
      EngineChoice.quickest([slow, quick, broken], megavoxels: 100)?.sentence
        == "gpu:0, the quickest: 0.020 s a megavoxel; cpu 0.800 s; gpu:1 cannot: no memory")
    #expect(
      EngineChoice(device: "cpu", reason: .shortWork(seconds: 12.4)).sentence
        == "cpu: done in about 12 s, before others were tried")
    #expect(EngineChoice(device: "cpu", reason: .onlyOne).sentence == "cpu: nothing else can be used here")
  }

  // MARK: - Engines

  private let network = SmallNetwork.uNet.graph

  private func cpu(_ count: Counter) -> AutomaticEngine.Candidate {
    AutomaticEngine.Candidate(device: "cpu") { () throws(AisError) in
      CountedEngine(base: try CPUEngine(threads: 1), count: count)
    }
  }

  @Test("where there is only the processor nothing is tried")
  func onlyOne() throws {
    let count = Counter()
    let engine = try AutomaticEngine([cpu(count)])
    _ = try engine.load(network)
    #expect(count.runs == 0 && engine.name == "cpu" && engine.details["chosen"] == nil)
  }

  @Test("the quickest computes, this network and those after it, and is tried once")
  func quickest() throws {
    let (own, other) = (Counter(), Counter())
    let engine = try AutomaticEngine([
      cpu(own), .init(device: "gpu:0") { InstantEngine(count: other) },
    ])
    let loaded = try engine.load(network)
    #expect(engine.name == "instant")
    #expect(engine.details["chosen"]?.hasPrefix("gpu:0, the quickest: ") == true)
    let (ownRuns, otherRuns) = (own.runs, other.runs)
    #expect(ownRuns > 0 && otherRuns > 0)
    let plan = try loaded.plan(for: TensorShape(z: 1, y: 64, x: 64, channels: network.inputChannels))
    let input = [Float](repeating: 0, count: plan.input.count)
    var output = [Float](repeating: 0, count: plan.output.count)
    try input.withUnsafeBufferPointer { source in
      try output.withUnsafeMutableBufferPointer { try plan.run(source, into: $0) }
    }
    #expect(output.allSatisfy { $0 == InstantEngine.answer })
    _ = try engine.load(SmallNetwork.uNet.graph)
    #expect(own.runs == ownRuns && other.runs == otherRuns + 1)
  }

  @Test(
    "what cannot start, cannot load or cannot run is passed over, and the reason told",
    arguments: FailingEngine.Moment.allCases)
  func failures(moment: FailingEngine.Moment) throws {
    let engine = try AutomaticEngine([
      cpu(Counter()),
      .init(device: "gpu:0") { () throws(AisError) in try FailingEngine(moment) },
    ])
    _ = try engine.load(network)
    #expect(engine.name == "cpu")
    #expect(engine.details["chosen"]?.hasSuffix("gpu:0 cannot: it broke at \(moment)") == true)
  }

  @Test("for short work nothing else is started")
  func shortWork() throws {
    let count = Counter()
    let engine = try AutomaticEngine(
      [
        cpu(count),
        .init(device: "gpu:0") { () throws(AisError) in
          Issue.record("it was started")
          return InstantEngine(count: count)
        },
      ], voxels: { 1000 })
    _ = try engine.load(network)
    #expect(engine.name == "cpu" && count.runs == 0)
    #expect(engine.details["chosen"] == "cpu: done in about 0 s, before others were tried")
  }
}

/// Counts what was run.
private final class Counter: Sendable {
  private let value = Mutex(0)
  var runs: Int { value.withLock { $0 } }
  func add() { value.withLock { $0 += 1 } }
}

/// Another engine, whose runs are counted.
private struct CountedEngine: Engine {
  let base: any Engine
  let count: Counter
  var name: String { base.name }
  var details: [String: String] { base.details }

  func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork {
    Network(base: try base.load(graph), count: count)
  }

  struct Network: LoadedNetwork {
    let base: any LoadedNetwork
    let count: Counter
    var graph: NetworkGraph { base.graph }
    var weightBytes: Int { base.weightBytes }
    func plan(for input: TensorShape) throws(AisError) -> any InferencePlan {
      FakePlan(input: input, output: try base.plan(for: input).output, base: try base.plan(for: input), count: count)
    }
  }
}

/// Answers at once, and always the same.
private struct InstantEngine: Engine {
  static let answer: Float = 0.25
  let count: Counter
  var name: String { "instant" }
  var details: [String: String] { [:] }

  func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork { Network(graph: graph, count: count) }

  struct Network: LoadedNetwork {
    let graph: NetworkGraph
    let count: Counter
    var weightBytes: Int { 0 }
    func plan(for input: TensorShape) throws(AisError) -> any InferencePlan {
      FakePlan(input: input, output: try graph.outputShape(for: input), base: nil, count: count)
    }
  }
}

private final class FakePlan: InferencePlan {
  let input: TensorShape
  let output: TensorShape
  private let base: (any InferencePlan)?
  private let count: Counter
  private let failure: AisError?

  init(input: TensorShape, output: TensorShape, base: (any InferencePlan)?, count: Counter, failure: AisError? = nil) {
    self.input = input
    self.output = output
    self.base = base
    self.count = count
    self.failure = failure
  }

  var memoryBytes: Int { base?.memoryBytes ?? 0 }
  var predictedSeconds: Double { base?.predictedSeconds ?? 0 }

  func run(_ source: UnsafeBufferPointer<Float>, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    if let failure { throw failure }
    count.add()
    if let base { return try base.run(source, into: destination) }
    destination.update(repeating: InstantEngine.answer)
  }

  func releaseMemory() {}
  func share(_ workspace: InferenceWorkspace) {}
}

/// Breaks at one moment.
struct FailingEngine: Engine {
  enum Moment: CaseIterable { case start, load, run }

  private let moment: Moment
  var name: String { "failing" }
  var details: [String: String] { [:] }

  init(_ moment: Moment) throws(AisError) {
    self.moment = moment
    if moment == .start { throw Self.error(moment) }
  }

  private static func error(_ moment: Moment) -> AisError { AisError(.engineFailed, "it broke at \(moment)") }

  func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork {
    if moment == .load { throw Self.error(moment) }
    return Network(graph: graph)
  }

  private struct Network: LoadedNetwork {
    let graph: NetworkGraph
    var weightBytes: Int { 0 }
    func plan(for input: TensorShape) throws(AisError) -> any InferencePlan {
      FakePlan(
        input: input, output: try graph.outputShape(for: input), base: nil, count: Counter(),
        failure: FailingEngine.error(.run))
    }
  }
}
