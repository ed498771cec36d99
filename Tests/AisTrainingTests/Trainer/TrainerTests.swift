import AisCore
import AisNetworks
import AisTestSupport
import AisTraining
import Testing

extension TrainingTests {
  @Suite struct Trainers {
    private func settings(_ name: String = "UNet lite", epochs: Int = 3) throws -> TrainingSettings {
      var settings = TrainingSettings(try .named(name), epochs: epochs, seed: 5, threads: 2)
      settings.learningRate = 2e-3
      return settings
    }

    private func train(
      _ settings: TrainingSettings, _ source: Rings = Rings(), network: String = "UNet lite", notes: Notes = Notes(),
      from checkpoint: TrainingCheckpoint? = nil, live: LiveWeights? = nil, cancellation: Cancellation = Cancellation(),
      devices: Int = 1
    ) throws -> TrainingOutcome {
      let graph = try Architecture.named(network).graph(depth: source.isSlab ? 1 : source.depth, seed: settings.seed)
      return try Trainer(
        graph, settings: settings, source: source, library: Torch.library(),
        devices: Array(repeating: .processor, count: devices)
      )
      .run(from: checkpoint, live: live, cancellation: cancellation, observer: notes)
    }

    @Test func `a network learns rings`() throws {
      let notes = Notes()
      let outcome = try train(settings(epochs: 12), notes: notes)
      #expect(outcome.ending == .finished)
      #expect(notes.epochs.map(\.epoch) == Array(1...12))
      let (first, last) = (try #require(notes.epochs.first), try #require(notes.epochs.last))
      #expect(last.training.loss < 0.4 * first.training.loss)
      #expect(try #require(last.validation).dice > 0.8)
      // The best network is the one with the lowest held-out loss, and it computes what was judged.
      #expect(outcome.history.best?.judgedLoss == outcome.history.map(\.judgedLoss).min())
    }

    @Test func `the same seed gives the same weights, bit for bit`() throws {
      let first = try train(settings("UNet dropout", epochs: 2), network: "UNet dropout")
      let second = try train(settings("UNet dropout", epochs: 2), network: "UNet dropout")
      #expect(first.last.weights == second.last.weights)
      var other = try settings("UNet dropout", epochs: 2)
      other.seed = 6
      #expect(try train(other, network: "UNet dropout").last.weights != first.last.weights)
    }

    @Test(arguments: [1, 3, 4, 6]) func `a training that was stopped goes on as if it had not been`(stop: Int) throws {
      let whole = try train(settings("UNet dropout"), network: "UNet dropout")
      let cancellation = Cancellation()
      let notes = Notes()
      notes.onStep = { progress throws(AisError) in
        if progress.stepsMade == stop { cancellation.cancel() }
      }
      let part = try train(
        settings("UNet dropout"), network: "UNet dropout", notes: notes, cancellation: cancellation)
      #expect(part.ending == .stopped)
      #expect(notes.steps.count == stop)
      // Through the file, as after a restart.
      let file = try CheckpointFile(CheckpointFile(part.checkpoint, identity: [:]).bytes(), name: "test")
      let rest = Notes()
      let outcome = try train(settings("UNet dropout"), network: "UNet dropout", notes: rest, from: file.checkpoint)
      #expect(rest.steps.count == 12 - stop)
      #expect(outcome.last.weights == whole.last.weights)
      #expect(outcome.best.weights == whole.best.weights)
      #expect(outcome.history.map(\.training) == whole.history.map(\.training))
      #expect(outcome.history.map(\.validation) == whole.history.map(\.validation))
    }

    @Test func `a loss that is no number ends the training and keeps the best`() throws {
      var source = Rings()
      source.spoil = { epoch, step throws(AisError) in epoch == 1 && step == 2 ? .nan : nil }
      let outcome = try train(settings(), source)
      #expect(outcome.ending == .diverged)
      #expect(outcome.history.count == 1)
      #expect(outcome.best.weights.values.allSatisfy { $0.values.allSatisfy(\.isFinite) })
      source.spoil = { _, _ throws(AisError) in .nan }
      let error = #expect(throws: AisError.self) { try train(settings(), source) }
      #expect(error?.code == .trainingDiverged)
      #expect(error?.message.contains("--rate") == true)
    }

    @Test func `an epoch whose loss is three times the best ends the training`() throws {
      var source = Rings()
      source.spoil = { epoch, _ throws(AisError) in epoch == 6 ? 40 : nil }
      let outcome = try train(settings(epochs: 9), source)
      #expect(outcome.ending == .diverged)
      #expect(outcome.history.count == 7)
      #expect(outcome.history.best.map { $0.epoch <= 6 } == true)
    }

    @Test func `without progress the training settles`() throws {
      var settings = try settings(epochs: 30)
      settings.learningRate = 0
      settings.patience = 2
      let outcome = try train(settings)
      #expect(outcome.ending == .settled)
      #expect(outcome.history.count == 3)
    }

    @Test func `what a source cannot give is the error of the training`() throws {
      var source = Rings()
      source.spoil = { _, step throws(AisError) in
        if step == 2 { throw AisError(.malformed, "box 7 is damaged") }
        return nil
      }
      let error = #expect(throws: AisError.self) { try train(settings(), source) }
      #expect(error?.message == "box 7 is damaged")
    }

    @Test func `labels that do not fit the answer are refused`() throws {
      let error = #expect(throws: AisError.self) {
        try train(settings(), Rings(depth: 4, isSlab: false), network: "ezm-3d-M")
      }
      #expect(error != nil)
    }

    @Test func `half-trained weights can be had while it runs`() async throws {
      let live = LiveWeights()
      let settings = try settings(epochs: 2)
      async let fetched = live.fetch()
      // The first fetch may be asked before or after the first step; either way it is answered.
      let outcome = try train(settings, live: live)
      let graph = await fetched
      #expect(graph == nil || graph?.weights.count == outcome.last.weights.count)
      #expect(await live.fetch() == nil)
    }

    @Test(arguments: TrainingSettings.Precision.allCases) func `both precisions learn`(
      precision: TrainingSettings.Precision
    ) throws {
      var settings = try settings(epochs: 10)
      settings.precision = precision
      let outcome = try train(settings)
      #expect(try #require(outcome.history.best?.validation).dice > 0.7)
    }

    @Test func `gradients longer than the limit are shortened`() throws {
      var settings = try settings(epochs: 1)
      settings.gradientLimit = 1e-30
      let outcome = try train(settings)
      // Adam's steps do not depend on the gradients' scale until ε counts: with such short ones nothing moves.
      let start = try Architecture.named("UNet lite").graph(seed: settings.seed)
      for (key, value) in outcome.last.weights {
        let before = try #require(start.weights[key])
        #expect(zip(value.values, before.values).allSatisfy { abs($0 - $1) < 1e-6 })
      }
    }

    @Test func `normalised networks keep statistics that inference can use`() throws {
      let source = Rings(boxSize: 32, stepsPerEpoch: 3, count: 4)
      let outcome = try train(settings("UNet M", epochs: 1), source, network: "UNet M")
      let moved = outcome.last.weights.filter { $0.key.role == .movingMean }.values.flatMap(\.values)
      #expect(moved.contains { $0 != 0 })
    }

    @Test func `two networks learn against each other`() throws {
      let source = Rings(boxSize: 32, stepsPerEpoch: 2, validationSteps: 1, count: 2)
      var settings = try settings("Pix2pix", epochs: 2)
      settings.learningRate = 2e-4
      let outcome = try train(settings, source, network: "Pix2pix")
      #expect(outcome.checkpoint.learners.count == 2)
      #expect(outcome.checkpoint.learners.allSatisfy { $0.steps == 4 })
      #expect(outcome.history.count == 2)
    }
  }
}
