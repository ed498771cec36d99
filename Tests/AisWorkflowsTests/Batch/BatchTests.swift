import AisCore
import AisWorkflows
import Testing

@Suite("Work on many inputs")
struct BatchTests {
  @Test("one input that fails is named and does not stop the others")
  func failure() throws {
    let known = ["a", "b", "c"].map { BatchOutcome(input: $0) }
    var events: [String] = []
    let outcomes = try Batch.run(
      known, cancellation: Cancellation(),
      watch: { event in
        if case .finished(let index, let outcome) = event { events.append("\(index) \(outcome.failures.count)") }
      }
    ) { (index, outcome: inout BatchOutcome, progress) throws(AisError) in
      progress(0.5)
      if index == 1 { throw AisError(.malformed, "no tomogram") }
      outcome.written = ["out"]
    }
    #expect(events == ["0 0", "1 1", "2 0"])
    #expect(outcomes.map(\.written) == [["out"], [], ["out"]])
    #expect(outcomes[1].failures[0].message == "'b': no tomogram")
  }

  @Test("asked to stop, it stops at once")
  func stop() {
    let cancellation = Cancellation()
    var done = 0
    #expect {
      _ = try Batch.run(
        [BatchOutcome(input: "a"), BatchOutcome(input: "b")], cancellation: cancellation, watch: { _ in }
      ) { (_, _, _) throws(AisError) in
        done += 1
        cancellation.cancel()
      }
    } throws: { ($0 as? AisError)?.code == .cancelled }
    #expect(done == 1)
  }
}
