import AisCore

/// Runs of one plan that go to the engine process in one request.
///
/// Whatever goes wrong with the request costs time only: its runs are then done one by one, with all that `TorchPlan.run` knows to do
/// about lost processes and too little memory.
final class TorchBatch {
  /// One of the runs.
  final class Run: StartedRun {
    private let batch: TorchBatch
    private let source: UnsafeBufferPointer<Float>
    private let destination: UnsafeMutableBufferPointer<Float>

    fileprivate init(
      _ batch: TorchBatch, _ source: UnsafeBufferPointer<Float>, _ destination: UnsafeMutableBufferPointer<Float>
    ) {
      self.batch = batch
      self.source = source
      self.destination = destination
    }

    func finish() throws(AisError) {
      batch.finish()
      if batch.state == .failed { try batch.plan.run(source, into: destination) }
    }
  }

  fileprivate enum State { case gathering, submitted, done, failed }

  private let plan: TorchPlan
  private let number: Int
  private var places: [(source: UnsafeBufferPointer<Float>, destination: UnsafeMutableBufferPointer<Float>)] = []
  private var ticket: EngineProcess.Ticket?
  private var state = State.gathering
  /// What the request takes of the device's memory.
  private var bytes = 0

  init(_ plan: TorchPlan, number: Int) {
    self.plan = plan
    self.number = number
  }

  deinit {
    // Nobody wanted the answers: the work was stopped.
    if let ticket { plan.network.process.discard(ticket) }
  }

  var count: Int { places.count }

  func add(
    _ source: UnsafeBufferPointer<Float>, _ destination: UnsafeMutableBufferPointer<Float>
  ) -> Run {
    places.append((source, destination))
    return Run(self, source, destination)
  }

  /// - Parameter bytes: what one of its runs takes of the device's memory.
  func submit(bytes: Int) {
    self.bytes = bytes * count
    do throws(AisError) {
      ticket = try plan.network.process.submit(
        number, count: count, on: plan.input, outputCount: count * plan.output.count
      ) { memory in
        for (index, place) in places.enumerated() {
          let part = index * plan.input.count..<(index + 1) * plan.input.count
          _ = UnsafeMutableBufferPointer(rebasing: memory[part]).update(fromContentsOf: place.source)
        }
      }
      state = .submitted
    } catch { state = .failed }
  }

  private func finish() {
    if state == .gathering { plan.close(self) }
    guard state == .submitted, let ticket else { return }
    self.ticket = nil
    do throws(AisError) {
      try plan.network.process.collect(ticket) { answers in
        for (index, place) in places.enumerated() {
          let part = index * plan.output.count..<(index + 1) * plan.output.count
          _ = place.destination.update(fromContentsOf: UnsafeBufferPointer(rebasing: answers[part]))
        }
      }
      state = .done
    } catch {
      if error.code == .outOfMemory, count > 1 { plan.network.memory.halve(from: bytes) }
      state = .failed
    }
  }
}
