import AisCore
import Synchronization

extension TorchLoadedNetwork: PrecisionChoosing {
  /// The more accurate first: cards compute both at the same rate.
  private static let candidates: [TorchTensor.Element] = [.float16, .bfloat16]
  /// What takes so many times as long as float32 is not tried on every input.
  private static let hopelessFactor = 3.0

  var isPrecisionOpen: Bool { state.withLock { $0.isOpen } }

  func choosePrecision(
    count: Int, shape: TensorShape, sample: (Int) throws(AisError) -> [Float]
  ) throws(AisError) {
    guard isPrecisionOpen else { return }
    let exact = TorchPlan.Attempt(try TorchPlan(self, input: shape, number: number))
    var halves: [Half] = []
    defer { for half in halves { if let number = half.number { process.unload(number) } } }
    for element in Self.candidates {
      var half = Half(trial: PrecisionChoice.Trial(element: element))
      do throws(AisError) {
        let number = try repeating { () throws(AisError) in try process.load(graph, element: element) }
        half.number = number
        half.attempt = TorchPlan.Attempt(try TorchPlan(self, input: shape, number: number))
      } catch { half.trial.failure = error.message }
      halves.append(half)
    }
    for index in 0..<count {
      let values = try sample(index)
      let expected = try exact.run(values)
      for place in halves.indices where halves[place].trial.failure == nil {
        guard let attempt = halves[place].attempt else { continue }
        // The first run of each looks for the quickest algorithms.
        if index > 1, attempt.seconds > Self.hopelessFactor * exact.seconds { continue }
        do throws(AisError) {
          halves[place].trial.comparison.add(exact: expected, half: try attempt.run(values))
        } catch { halves[place].trial.failure = error.message }
      }
    }
    for place in halves.indices {
      guard let attempt = halves[place].attempt else { continue }
      halves[place].trial.speedup = exact.seconds / attempt.seconds
    }
    let choice = PrecisionChoice(halves.map(\.trial))
    let exactNumber = number
    var chosen: Int?
    if let place = halves.firstIndex(where: { $0.trial.element == choice.element }) {
      chosen = halves[place].number
      halves[place].number = nil
    }
    state.withLock {
      $0 = State(number: chosen ?? exactNumber, element: choice.element, isOpen: false, choice: choice)
    }
    if chosen != nil { process.unload(exactNumber) }
  }

  var precisionChoice: PrecisionChoice? { state.withLock { $0.choice } }

  func settle(on choice: PrecisionChoice) throws(AisError) {
    let old = number
    let new =
      choice.element == state.withLock { $0.element }
      ? old : try repeating { () throws(AisError) in try process.load(graph, element: choice.element) }
    state.withLock { $0 = State(number: new, element: choice.element, isOpen: false, choice: choice) }
    if new != old { process.unload(old) }
  }

  /// One kind of numbers on trial.
  private struct Half {
    var trial: PrecisionChoice.Trial
    var number: Int?
    var attempt: TorchPlan.Attempt?
  }
}

extension TorchPlan {
  /// Runs of a plan, timed.
  final class Attempt {
    private let plan: TorchPlan
    /// The best so far.
    private(set) var seconds = Double.infinity

    init(_ plan: TorchPlan) { self.plan = plan }

    func run(_ values: [Float]) throws(AisError) -> [Float] {
      var answer = [Float](repeating: 0, count: plan.output.count)
      var failure: AisError?
      let began = ContinuousClock.now
      values.withUnsafeBufferPointer { source in
        answer.withUnsafeMutableBufferPointer { destination in
          do throws(AisError) { try plan.run(source, into: destination) } catch { failure = error }
        }
      }
      if let failure { throw failure }
      seconds = min(seconds, (ContinuousClock.now - began) / .seconds(1))
      return answer
    }
  }
}
