import AisCore
import AisNetworks
import AisTestSupport
import Foundation
import Testing

extension TorchTests {
  /// Networks in engine processes, which the program beside these tests starts.
  @Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: Torch.program))) struct Engines {
    private let graph = SmallNetwork.uNet.graph
    private let shape = TensorShape(z: 1, y: 192, x: 256, channels: 1)

    private func engine(
      _ precision: TorchEngine.Precision = .fixed(.float32), budget: Int? = nil, deviceBytes: Int? = nil,
      batch: Int? = nil
    ) throws -> TorchEngine {
      let installation = try #require(Torch.installation)
      return try TorchEngine(
        EngineProcessSettings(installation: installation, device: .processor, threads: 1, memoryBudget: budget),
        precision: precision, deviceBytes: deviceBytes, batch: batch, program: Torch.program)
    }

    private func input(_ seed: UInt64) -> [Float] { randomValues(shape.count, seed: seed) }

    private func expected(_ seed: UInt64) throws -> [Float] {
      try answer(CPUEngine(threads: 1).load(graph).plan(for: shape), input(seed))
    }

    private func answer(_ plan: any InferencePlan, _ values: [Float]) throws -> [Float] {
      var answer = [Float](repeating: 0, count: plan.output.count)
      try values.withUnsafeBufferPointer { source in
        try answer.withUnsafeMutableBufferPointer { try plan.run(source, into: $0) }
      }
      return answer
    }

    /// Starts as many runs as the plan allows before it finishes the first, as a pass over a tomogram does.
    private func answers(_ plan: any InferencePlan, seeds: Range<UInt64>, between: (UInt64) throws -> Void = { _ in })
      throws -> [[Float]]
    {
      var results: [[Float]] = []
      var underWay:
        [(run: any StartedRun, input: UnsafeMutableBufferPointer<Float>, output: UnsafeMutableBufferPointer<Float>)] =
          []
      func finishFirst() throws {
        let (run, input, output) = underWay.removeFirst()
        defer {
          input.deallocate()
          output.deallocate()
        }
        try run.finish()
        results.append(Array(output))
      }
      for seed in seeds {
        let source = UnsafeMutableBufferPointer<Float>.allocate(capacity: plan.input.count)
        _ = source.initialize(fromContentsOf: input(seed))
        let target = UnsafeMutableBufferPointer<Float>.allocate(capacity: plan.output.count)
        target.initialize(repeating: .nan)
        underWay.append((try plan.start(UnsafeBufferPointer(source), into: target), source, target))
        try between(seed)
        while underWay.count >= plan.runsAtOnce { try finishFirst() }
      }
      while !underWay.isEmpty { try finishFirst() }
      return results
    }

    private func expectRight(_ found: [[Float]], seeds: Range<UInt64>) throws {
      #expect(found.count == seeds.count)
      for (seed, values) in zip(seeds, found) { #expect(largestDifference(values, try expected(seed)) <= 1e-4) }
    }

    @Test("runs that overlap, or go to the device together, give what each gives alone", arguments: [1, 3])
    func overlap(batch: Int) throws {
      let plan = try engine(batch: batch).load(graph).plan(for: shape)
      #expect(plan.runsAtOnce == 2 * batch)
      try expectRight(answers(plan, seeds: 0..<7), seeds: 0..<7)
    }

    @Test("what does not fit the device's memory goes in pieces")
    func pieces() throws {
      let whole = try engine().load(graph).plan(for: shape).memoryBytes
      let plan = try engine(deviceBytes: whole / 6).load(graph).plan(for: shape)
      #expect(plan.memoryBytes < whole / 2)
      try expectRight(answers(plan, seeds: 0..<2), seeds: 0..<2)
    }

    @Test("where less memory is there than was thought, pieces get smaller and the answers stay right")
    func tooLittleMemory() throws {
      let whole = try engine().load(graph).plan(for: shape).memoryBytes
      let plan = try engine(budget: whole / 6).load(graph).plan(for: shape)
      try expectRight(answers(plan, seeds: 0..<3), seeds: 0..<3)
    }

    @Test("memory that others take while runs are under way does not end the work", arguments: [1, 2])
    func memoryTaken(batch: Int) throws {
      let engine = try engine(batch: batch)
      let plan = try engine.load(graph).plan(for: shape)
      let found = try answers(plan, seeds: 0..<6) { seed in
        if seed == 2 { try engine.setMemoryBudget(plan.memoryBytes / 8) }
      }
      try expectRight(found, seeds: 0..<6)
    }

    @Test("memory for not even the smallest piece is an error that says what to do")
    func noMemory() throws {
      let plan = try engine(budget: 1 << 20).load(graph).plan(for: shape)
      let error = #expect(throws: AisError.self) { try answer(plan, input(0)) }
      #expect(error?.code == .outOfMemory)
      #expect(error?.message.contains("not even the smallest pieces fit") == true)
      #expect(error?.message.contains("--gpu-memory") == true)
    }

    @Test("a process that dies while runs are under way costs nothing")
    func killed() throws {
      let engine = try engine(batch: 2)
      let plan = try engine.load(graph).plan(for: shape)
      let found = try answers(plan, seeds: 0..<8) { seed in
        if seed % 3 == 2, let process = engine.processIdentifier { kill(process, SIGKILL) }
      }
      try expectRight(found, seeds: 0..<8)
    }

    @Test("several devices share the work, and the answers come in order")
    func team() throws {
      let team = EngineTeam([try engine(), try engine(), try engine()])
      let network = try team.load(graph)
      let plan = try network.plan(for: shape)
      #expect(plan.runsAtOnce == 6)
      try expectRight(answers(plan, seeds: 0..<8), seeds: 0..<8)
      #expect(team.details["device"] == "the processor, the processor, the processor")
    }

    @Test("of a team whose members do not all live the others' work stands and the lost is done again")
    func teamWithLoss() throws {
      let (first, second) = (try engine(), try engine())
      let plan = try EngineTeam([first, second]).load(graph).plan(for: shape)
      let found = try answers(plan, seeds: 0..<6) { seed in
        if seed == 2, let process = second.processIdentifier { kill(process, SIGKILL) }
      }
      try expectRight(found, seeds: 0..<6)
    }

    @Test("half precision is tried on what comes, and taken only within the bounds")
    func precision() throws {
      let team = EngineTeam([try engine(.automatic), try engine(.automatic)])
      let network = try #require(try team.load(graph) as? any PrecisionChoosing)
      #expect(network.isPrecisionOpen && network.details["precision"] == "float32")
      try network.choosePrecision(count: 3, shape: shape) { input(UInt64($0)) }
      #expect(!network.isPrecisionOpen)
      let choice = try #require(network.precisionChoice)
      #expect(choice.trials.map(\.element) == [.float16, .bfloat16])
      #expect(choice.trials.allSatisfy { $0.failure == nil })
      #expect(network.details["precision"] == choice.element.rawValue)
      #expect(network.details["precisionTrial"] == choice.sentence)
      // Whatever was quicker here: both members compute with it, and as near as was asked for.
      let found = try answers(network.plan(for: shape), seeds: 0..<3)
      for (seed, values) in zip(UInt64(0)..<3, found) {
        let exact = try expected(seed)
        let mean = zip(values, exact).reduce(0) { $0 + Double(abs($1.0 - $1.1)) } / Double(exact.count)
        #expect(mean * 255 <= PrecisionComparison.largestMeanDifference)
      }
    }
  }
}
