import AisCore
import AisNetworks
import AisTestSupport
import AisTraining
import Testing

extension TrainingTests {
  /// Several devices that share every batch, with the processor in the place of each.
  @Suite struct SeveralDevices {
    private func settings(_ name: String, epochs: Int = 2) throws -> TrainingSettings {
      var settings = TrainingSettings(try .named(name), epochs: epochs, seed: 5, threads: 2)
      settings.learningRate = 2e-3
      return settings
    }

    private func train(
      _ settings: TrainingSettings, _ source: some BatchSource, network: String, devices: Int, notes: Notes = Notes(),
      from checkpoint: TrainingCheckpoint? = nil, cancellation: Cancellation = Cancellation(), live: LiveWeights? = nil
    ) throws -> TrainingOutcome {
      let graph = try Architecture.named(network).graph(depth: source.depth, seed: settings.seed)
      return try Trainer(
        graph, settings: settings, source: source, library: Torch.library(),
        devices: Array(repeating: .processor, count: devices), dataThreads: 2
      )
      .run(from: checkpoint, live: live, cancellation: cancellation, observer: notes)
    }

    /// The largest difference of two networks' weights.
    private func distance(_ a: NetworkGraph, _ b: NetworkGraph) throws -> Float {
      #expect(a.weights.keys == b.weights.keys)
      var largest: Float = 0
      for (key, value) in a.weights {
        let other = try #require(b.weights[key])
        for (x, y) in zip(value.values, other.values) { largest = max(largest, abs(x - y)) }
      }
      return largest
    }

    private static let objectives: [Architecture.Objective] = [
      .crossentropy, .dice, .mixture(crossentropy: 0.3, dice: 0.7),
    ]

    /// Batches that do not divide evenly; a part without a labelled pixel; fewer boxes than devices.
    struct Shared: Sendable {
      var devices, boxes: Int
    }

    @Test(
      arguments: objectives,
      [
        Shared(devices: 2, boxes: 8), .init(devices: 3, boxes: 8), .init(devices: 2, boxes: 3),
        .init(devices: 3, boxes: 2),
      ])
    func `several devices take the steps of one`(objective: Architecture.Objective, shared: Shared) throws {
      var settings = try settings("UNet lite")
      settings.objective = objective
      settings.gradientLimit = 0.5
      // Adam divides by the gradients' own size: where that is rounding alone, signs would decide. It is all that differs.
      settings.learningRate = 1e-4
      let source = Uneven(Rings(stepsPerEpoch: 4, validationSteps: 3, count: shared.boxes))
      let (one, several) = (Notes(), Notes())
      let whole = try train(settings, source, network: "UNet lite", devices: 1, notes: one)
      let parts = try train(settings, source, network: "UNet lite", devices: shared.devices, notes: several)
      #expect(one.steps.count == several.steps.count)
      for (a, b) in zip(one.epochs, several.epochs) {
        #expect(abs(a.training.loss - b.training.loss) < 1e-5)
        let held = (try #require(a.validation).loss, try #require(b.validation).loss)
        #expect(abs(held.0 - held.1) < 1e-5)
        #expect(abs(a.training.dice - b.training.dice) < 1e-2)
      }
      #expect(try distance(whole.last, parts.last) < 1e-5)
      let start = try Architecture.named("UNet lite").graph(depth: 1, seed: 5)
      #expect(try distance(whole.last, start) > 1e-4)
    }

    @Test func `gradients are those of the undivided batch, however its labels lie`() throws {
      let library = try Torch.library()
      let batch = try Uneven(Rings(count: 5)).batch(epoch: 0, step: 0)
      let graph = try Architecture.named("UNet lite").graph(seed: 3)
      for objective in Self.objectives {
        let whole = try gradients(graph, [batch], objective, library)
        let parts = try gradients(graph, batch.divided(among: 2), objective, library)
        #expect(abs(whole.loss - parts.loss) < 1e-9)
        for (a, b) in zip(whole.gradients, parts.gradients) {
          #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-10 })
        }
      }
    }

    /// With 64 bits, and the sums of parts even where there is only one.
    private func gradients(
      _ graph: NetworkGraph, _ batches: [TrainingBatch], _ objective: Architecture.Objective, _ library: TorchLibrary
    ) throws -> (loss: Double, gradients: [[Double]]) {
      try library.enableGradients(true)
      defer { try? library.enableGradients(false) }
      let network = try TorchNetwork(graph, library: library, element: .float64)
      for parameter in network.parameters { try parameter.requireGradient() }
      let answers = try batches.map { batch in
        let shape = [batch.count, 1, batch.height, batch.width]
        let images = try library.tensor(batch.images, shape: shape).converted(to: .float64)
        return (
          Answer(values: try network.answer(to: images, asLogits: true), isLogits: true),
          try MaskedTarget(batch.labels, shape: shape, library: library, element: .float64)
        )
      }
      let loss: Double
      if answers.count == 1 {
        let value = try MaskedLoss.value(of: objective, answers[0].0, answers[0].1)
        try value.backward()
        loss = try value.doubles()[0]
      } else {
        let parts = try answers.map { try MaskedLoss.Part(of: objective, $0.0, $0.1) }
        let sums = parts.dropFirst().reduce(parts[0].sums) { $0 + $1.sums }
        for part in parts { try part.share(of: sums).backward() }
        loss = sums.value(of: objective)
      }
      return (loss, try network.parameters.map { try $0.gradient()?.doubles() ?? [] })
    }

    @Test func `with normalised batches it learns, and statistics are the mean of the parts'`() throws {
      let source = Rings(boxSize: 32, stepsPerEpoch: 1, count: 5)
      var settings = try settings("UNet M", epochs: 1)
      let whole = try train(settings, source, network: "UNet M", devices: 1)
      let parts = try train(settings, source, network: "UNet M", devices: 2)
      // The first normalisation sees sums of the input alone: weighted by boxes, the parts' means are the batch's.
      let graph = try Architecture.named("UNet M").graph(seed: settings.seed)
      let first = try #require(graph.nodes.first { graph.weights[WeightKey($0.name, .movingMean)] != nil }).name
      let (a, b) = (
        try #require(whole.last.weights[WeightKey(first, .movingMean)]),
        try #require(parts.last.weights[WeightKey(first, .movingMean)])
      )
      let start = try #require(graph.weights[WeightKey(first, .movingMean)])
      #expect(zip(a.values, b.values).allSatisfy { abs($0 - $1) < 1e-6 })
      #expect(zip(a.values, start.values).contains { abs($0 - $1) > 1e-5 })
      settings.epochs = 3
      let outcome = try train(
        settings, Rings(boxSize: 32, stepsPerEpoch: 2, validationSteps: 0, count: 3), network: "UNet M", devices: 2)
      let (begin, end) = (try #require(outcome.history.first), try #require(outcome.history.last))
      #expect(end.training.loss < begin.training.loss)
      #expect(outcome.last.weights.values.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    }

    @Test func `each device leaves out its own values, the same ones each time`() throws {
      let source = Rings(count: 7)
      let first = try train(settings("UNet dropout"), source, network: "UNet dropout", devices: 2)
      let second = try train(settings("UNet dropout"), source, network: "UNet dropout", devices: 2)
      #expect(first.last.weights == second.last.weights)
      let one = try train(settings("UNet dropout"), source, network: "UNet dropout", devices: 1)
      #expect(one.last.weights != first.last.weights)
    }

    @Test(arguments: [1, 4, 6]) func `a stopped training goes on as if it had not been`(stop: Int) throws {
      let settings = try settings("UNet dropout", epochs: 3)
      let source = Rings(count: 7)
      let whole = try train(settings, source, network: "UNet dropout", devices: 2)
      let (cancellation, notes) = (Cancellation(), Notes())
      notes.onStep = { progress throws(AisError) in
        if progress.stepsMade == stop { cancellation.cancel() }
      }
      let part = try train(
        settings, source, network: "UNet dropout", devices: 2, notes: notes, cancellation: cancellation)
      #expect(part.ending == .stopped)
      let file = try CheckpointFile(CheckpointFile(part.checkpoint, identity: [:]).bytes(), name: "test")
      let rest = try train(settings, source, network: "UNet dropout", devices: 2, from: file.checkpoint)
      #expect(rest.last.weights == whole.last.weights)
      #expect(rest.history.map(\.validation) == whole.history.map(\.validation))
    }

    @Test func `what several devices began goes on with one`() throws {
      let source = Rings(count: 5)
      var settings = try settings("UNet lite", epochs: 1)
      settings.learningRate = 1e-4
      let begun = try train(settings, source, network: "UNet lite", devices: 3)
      settings.epochs = 2
      let outcome = try train(settings, source, network: "UNet lite", devices: 1, from: begun.checkpoint)
      let whole = try train(settings, source, network: "UNet lite", devices: 1)
      #expect(outcome.history.count == 2)
      #expect(try distance(outcome.last, whole.last) < 1e-5)
    }

    @Test func `a loss that is no number on one device ends the training before a step`() throws {
      var source = Uneven(Rings(count: 4))
      source.spoilsLast = true
      let error = #expect(throws: AisError.self) {
        try train(settings("UNet lite"), source, network: "UNet lite", devices: 2)
      }
      #expect(error?.code == .trainingDiverged)
    }

    @Test func `two networks learn against each other on two devices`() throws {
      let source = Rings(boxSize: 32, stepsPerEpoch: 2, validationSteps: 1, count: 3)
      var settings = try settings("Pix2pix", epochs: 2)
      settings.learningRate = 2e-4
      let outcome = try train(settings, source, network: "Pix2pix", devices: 2)
      #expect(outcome.checkpoint.learners.count == 2)
      #expect(outcome.checkpoint.learners.allSatisfy { $0.steps == 4 })
      #expect(outcome.history.count == 2)
      #expect(outcome.last.weights.values.allSatisfy { $0.values.allSatisfy(\.isFinite) })
    }

    @Test func `half precision learns on two devices`() throws {
      var settings = try settings("UNet lite", epochs: 10)
      settings.precision = .bfloat16
      let outcome = try train(settings, Rings(), network: "UNet lite", devices: 2)
      #expect(try #require(outcome.history.best?.validation).dice > 0.7)
    }
  }

  @Suite struct DividedBatches {
    @Test(arguments: [(1, 4), (4, 1), (5, 2), (7, 3), (8, 4), (2, 3)])
    func `parts are of nearly equal size, in order, and none is empty`(boxes: Int, parts: Int) throws {
      let batch = try Rings(depth: 2, count: boxes).batch(epoch: 0, step: 0)
      let divided = batch.divided(among: parts)
      #expect(divided.count == min(boxes, parts))
      #expect(divided.flatMap(\.images) == batch.images && divided.flatMap(\.labels) == batch.labels)
      let sizes = divided.map(\.count)
      #expect(sizes.min() ?? 0 >= 1 && (sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }
  }
}

/// Rings of which the last boxes of a batch have no label at all, others only half of them; the last batch of an epoch is smaller.
private struct Uneven: BatchSource {
  let rings: Rings
  var spoilsLast = false

  init(_ rings: Rings) { self.rings = rings }

  var boxSize: Int { rings.boxSize }
  var depth: Int { rings.depth }
  var stepsPerEpoch: Int { rings.stepsPerEpoch }
  var validationSteps: Int { rings.validationSteps }

  func batch(epoch: Int, step: Int) throws(AisError) -> TrainingBatch {
    let whole = try rings.batch(epoch: epoch, step: step)
    return changed(step == stepsPerEpoch - 1 ? whole.divided(among: whole.count)[0] : whole)
  }

  func validationBatch(step: Int) throws(AisError) -> TrainingBatch { try rings.validationBatch(step: step) }

  private func changed(_ batch: TrainingBatch) -> TrainingBatch {
    var (labels, images) = (batch.labels, batch.images)
    let one = labels.count / batch.count
    // Half of the second box, and all of the last one.
    if batch.count > 1 {
      for index in one..<one + one / 2 { labels[index] = TrainingBatch.ignored }
      for index in labels.count - one..<labels.count where batch.count > 2 { labels[index] = TrainingBatch.ignored }
      if spoilsLast { images[images.count - 1] = .nan }
    }
    return TrainingBatch(
      count: batch.count, depth: batch.depth, labelDepth: batch.labelDepth, height: batch.height, width: batch.width,
      images: images, labels: labels)
  }
}
