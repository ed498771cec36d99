import AisCore
import Synchronization

/// Tries the first network on everything that could run it, and runs all networks on what is done first with the work.
///
/// Nothing but the first candidate is started where there is no other, or where the first is done in less time than starting and trying
/// another takes.
package final class AutomaticEngine: Engine {
  package struct Candidate: Sendable {
    /// As `--device` names it.
    package var device: String
    package var start: @Sendable () throws(AisError) -> any Engine

    package init(device: String, start: @escaping @Sendable () throws(AisError) -> any Engine) {
      self.device = device
      self.start = start
    }
  }

  /// Work that the first candidate is expected to do in less needs no trial of others: starting a card takes seconds.
  package static let shortSeconds = 20.0

  private let first: any Engine
  private let candidates: [Candidate]
  private let voxels: @Sendable () -> Int?
  private let state = Mutex<(engine: any Engine, choice: EngineChoice)?>(nil)

  /// - Parameters:
  ///   - candidates: at least one; the first is started at once, and has to start.
  ///   - voxels: that every network is going to be run over, asked once if needed; `nil` where that is not known.
  package init(
    _ candidates: [Candidate], voxels: @escaping @Sendable () -> Int? = { nil }
  ) throws(AisError) {
    precondition(!candidates.isEmpty)
    first = try candidates[0].start()
    self.candidates = candidates
    self.voxels = voxels
  }

  private var current: any Engine { state.withLock { $0?.engine } ?? first }
  package var name: String { current.name }

  /// With what was chosen and why as `chosen`, where there was a choice.
  package var details: [String: String] {
    var details = current.details
    if let choice = state.withLock({ $0?.choice }), candidates.count > 1 { details["chosen"] = choice.sentence }
    return details
  }

  package func load(_ graph: NetworkGraph) throws(AisError) -> any LoadedNetwork {
    let known = state.withLock { $0 }
    if let known { return try known.engine.load(graph) }
    let loaded = try first.load(graph)
    let chosen = choose(graph, loaded)
    state.withLock { $0 = (chosen.engine, chosen.choice) }
    return chosen.loaded
  }

  private typealias Chosen = (engine: any Engine, loaded: any LoadedNetwork, choice: EngineChoice)

  private func choose(_ graph: NetworkGraph, _ loaded: any LoadedNetwork) -> Chosen {
    let own = candidates[0].device
    guard candidates.count > 1 else { return (first, loaded, EngineChoice(device: own, reason: .onlyOne)) }
    let megavoxels = voxels().map { Double($0) / 1e6 }
    let shape = EngineTrial.shape(for: graph)
    if let megavoxels, let plan = try? loaded.plan(for: shape) {
      let seconds = plan.predictedSeconds * megavoxels * 1e6 / Double(shape.positions)
      if seconds < Self.shortSeconds {
        return (first, loaded, EngineChoice(device: own, reason: .shortWork(seconds: seconds)))
      }
    }
    var tried = [EngineChoice.Candidate(device: own, trial: EngineTrial.run(start: { () in loaded }, shape))]
    var started: [String: (any Engine, any LoadedNetwork)] = [own: (first, loaded)]
    for candidate in candidates.dropFirst() {
      let trial = EngineTrial.run(
        start: { () throws(AisError) in
          let engine = try candidate.start()
          let network = try engine.load(graph)
          started[candidate.device] = (engine, network)
          return network
        }, shape)
      tried.append(EngineChoice.Candidate(device: candidate.device, trial: trial))
    }
    // Where the first itself fails its trial, the work will say why.
    guard let choice = EngineChoice.quickest(tried, megavoxels: megavoxels), let winner = started[choice.device] else {
      return (first, loaded, EngineChoice(device: own, reason: .onlyOne, candidates: tried))
    }
    return (winner.0, winner.1, choice)
  }
}

/// How long a device takes for a network.
enum EngineTrial {
  private static let repetitions = 3

  /// What is run: about as much as a tile of a tomogram.
  static func shape(for graph: NetworkGraph) -> TensorShape {
    let stride = graph.totalStride
    func side(_ wanted: Int, _ stride: Int) -> Int { (wanted + stride - 1) / stride * stride }
    return graph.dimensionality == .two
      ? TensorShape(z: 1, y: side(512, stride.y), x: side(512, stride.x), channels: graph.inputChannels)
      : TensorShape(
        z: side(16, stride.z), y: side(128, stride.y), x: side(128, stride.x), channels: graph.inputChannels)
  }

  /// The time until the first result, and the best of the runs after it.
  static func run(start: () throws(AisError) -> any LoadedNetwork, _ shape: TensorShape) -> EngineChoice.Trial {
    let noise = (0..<shape.count).map { Float(($0 &* 7919) % 97) / 48.5 - 1 }
    let began = ContinuousClock.now
    do throws(AisError) {
      let plan = try start().plan(for: shape)
      var answer = [Float](repeating: 0, count: plan.output.count)
      try run(plan, noise, &answer)
      let first = seconds(since: began)
      var best = Double.infinity
      for _ in 0..<repetitions {
        let again = ContinuousClock.now
        try run(plan, noise, &answer)
        best = min(best, seconds(since: again))
      }
      let perMegavoxel = best * 1e6 / Double(shape.positions)
      return .measured(startSeconds: max(0, first - best), secondsPerMegavoxel: perMegavoxel)
    } catch {
      return .failed(error.message)
    }
  }

  private static func run(_ plan: any InferencePlan, _ noise: [Float], _ answer: inout [Float]) throws(AisError) {
    var failure: AisError?
    noise.withUnsafeBufferPointer { source in
      answer.withUnsafeMutableBufferPointer { destination in
        do throws(AisError) { try plan.run(source, into: destination) } catch { failure = error }
      }
    }
    if let failure { throw failure }
  }

  private static func seconds(since start: ContinuousClock.Instant) -> Double {
    let time = (ContinuousClock.now - start).components
    return Double(time.seconds) + Double(time.attoseconds) * 1e-18
  }
}
