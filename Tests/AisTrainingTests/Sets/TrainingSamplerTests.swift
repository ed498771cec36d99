import AisCore
import AisFormats
import AisTestSupport
import AisTraining
import Foundation
import Testing

@Suite("Batches drawn from training sets")
struct TrainingSamplerTests {
  let folder = try! TemporaryFolder()

  /// Which boxes a batch holds, by their grey values.
  private func boxes(_ batch: TrainingBatch) -> [Int] {
    let size = batch.depth * batch.height * batch.width
    return (0..<batch.count).map { Int(batch.images[$0 * size] / 1000) }
  }

  @Test("a batch depends on seed, epoch and step, not on what was drawn before or by how many threads")
  func determinism() throws {
    let set = try SetSamples.set(in: folder, positives: 6, negatives: 6, size: 8, depth: 3, jitter: 4)
    let settings = SetSamples.settings {
      $0.augmentation = .further
      $0.augmentation.probability = 1
      $0.augmentation.rotatesFreely = true
      $0.augmentation.scale = 0.1
      $0.augmentation.gamma = 0.2
    }
    let sampler = try TrainingSampler(SetSamples.pool([set]), settings: settings)
    let other = try TrainingSampler(SetSamples.pool([set], memoryLimit: 0), settings: settings)
    let forwards = try (0..<6).map { try sampler.batch(epoch: 2, step: $0) }
    let results = Results()
    DispatchQueue.concurrentPerform(iterations: 6) { step in
      results.set(step, Result { try other.batch(epoch: 2, step: 5 - step) })
    }
    for step in 0..<6 {
      let batch = try results.get(5 - step)
      #expect(batch.images == forwards[step].images && batch.labels == forwards[step].labels)
    }
    #expect(try sampler.batch(epoch: 3, step: 0).images != forwards[0].images)
    var seeded = settings
    seeded.seed = 9
    #expect(
      try TrainingSampler(SetSamples.pool([set]), settings: seeded).batch(epoch: 2, step: 0).images
        != forwards[0].images)
  }

  private final class Results: @unchecked Sendable {
    // Guarded by the lock.
    private var values: [Int: Result<TrainingBatch, any Error>] = [:]
    private let lock = NSLock()
    func set(_ index: Int, _ value: Result<TrainingBatch, any Error>) { lock.withLock { values[index] = value } }
    func get(_ index: Int) throws -> TrainingBatch { try lock.withLock { values[index]! }.get() }
  }

  @Test("every box is seen once in a pass, and each batch has one with the feature")
  func passes() throws {
    let set = try SetSamples.set(in: folder, positives: 2, negatives: 14)
    let sampler = try TrainingSampler(SetSamples.pool([set]), settings: SetSamples.settings { $0.copies = 4 })
    #expect(sampler.stepsPerEpoch == 16)
    var drawn: [Int: Int] = [:]
    for step in 0..<16 {
      let found = boxes(try sampler.batch(epoch: 0, step: step))
      #expect(found.count == 4)
      #expect(found[3] < 2, "the last of a batch shows the feature")
      for box in found.prefix(3) { drawn[box, default: 0] += 1 }
    }
    #expect(drawn.count == 16 && drawn.values.allSatisfy { $0 == 3 })
  }

  @Test("boxes without the feature come in the ratio that is asked for", arguments: [0.0, 0.5, 1.3, 4])
  func ratio(ratio: Double) throws {
    let set = try SetSamples.set(in: folder, positives: 10, negatives: 5)
    let sampler = try TrainingSampler(
      SetSamples.pool([set]),
      settings: SetSamples.settings {
        $0.negativesPerPositive = ratio
        $0.batchSize = 5
      })
    let expected = Int(ratio * 30)
    #expect(sampler.stepsPerEpoch == (30 + expected) / 5)
    var (positives, negatives) = (0, 0)
    for step in 0..<sampler.stepsPerEpoch {
      for box in boxes(try sampler.batch(epoch: 0, step: step)) {
        if box < 10 { positives += 1 } else { negatives += 1 }
      }
    }
    #expect(positives + negatives == sampler.stepsPerEpoch * 5)
    #expect(abs(negatives - expected) < 5 && abs(positives - 30) < 5)
  }

  @Test("the same share of boxes with and without the feature is held out, and never trained on")
  func split() throws {
    let set = try SetSamples.set(in: folder, positives: 40, negatives: 10)
    let sampler = try TrainingSampler(
      SetSamples.pool([set]), settings: SetSamples.settings { $0.validationFraction = 0.2 })
    var held: [Int] = []
    for step in 0..<sampler.validationSteps { held += boxes(try sampler.validationBatch(step: step)) }
    #expect(held.count == 10 && Set(held).count == 10)
    #expect(held.count { $0 < 40 } == 8)
    for epoch in 0..<3 {
      for step in 0..<sampler.stepsPerEpoch {
        #expect(Set(held).isDisjoint(with: boxes(try sampler.batch(epoch: epoch, step: step))))
      }
    }
  }

  @Test("a box that is in two sets is on one side only")
  func sameBoxTwice() throws {
    let first = try SetSamples.set(in: folder, "a.scnt", positives: 10, negatives: 0)
    let second = try SetSamples.set(in: folder, "b.scnt", positives: 10, negatives: 0)
    let pool = try SetSamples.pool([first, second])
    let split = try TrainingSplit(pool, fraction: 0.3, seed: 4)
    func names(_ samples: [Int]) -> Set<String> {
      Set(samples.map { [first, second][pool.samples[$0].set].identifiers[pool.samples[$0].index] })
    }
    #expect(split.validation.count == 6)
    #expect(names(split.training).isDisjoint(with: names(split.validation)))
  }

  @Test("sets of one box and of too few to hold one out")
  func tiny() throws {
    let one = try SetSamples.pool([try SetSamples.set(in: folder, positives: 1, negatives: 0)])
    let sampler = try TrainingSampler(one, settings: SetSamples.settings())
    #expect(sampler.stepsPerEpoch == 3 && sampler.batchSize == 1)
    #expect(boxes(try sampler.batch(epoch: 0, step: 2)) == [0])
    #expect(throws: AisError.self) {
      try TrainingSampler(one, settings: SetSamples.settings { $0.validationFraction = 0.5 })
    }
  }

  @Test("an empty set is an error that says so")
  func empty() throws {
    let set = try SetSamples.set(in: folder, positives: 0, negatives: 0)
    do {
      _ = try SetSamples.pool([set])
      Issue.record("it was taken")
    } catch { #expect("\(error)".contains("holds no boxes")) }
  }

  @Test("sets of different boxes are not pooled")
  func mismatch() throws {
    let small = try SetSamples.set(in: folder, "a.scnt", positives: 1, negatives: 1)
    let large = try SetSamples.set(in: folder, "b.scnt", positives: 1, negatives: 1, size: 8)
    let deep = try SetSamples.set(in: folder, "c.scnt", positives: 1, negatives: 1, depth: 5, jitter: 16)
    for other in [large, deep] { #expect(throws: AisError.self) { try SetSamples.pool([small, other]) } }
  }

  @Test("mixed normalisations fall back to that of single boxes, with a warning")
  func mixedNormalisation() throws {
    let global = try SetSamples.set(in: folder, "a.scnt", positives: 2, negatives: 2)
    let raw = try SetSamples.set(in: folder, "b.scnt", positives: 2, negatives: 2, normalisation: .perBox)
    let pool = try SetSamples.pool([global, raw])
    #expect(pool.normalisation == .perBox && pool.warnings.count == 1)
    let sampler = try TrainingSampler(pool, settings: SetSamples.settings())
    let batch = try sampler.batch(epoch: 0, step: 0)
    for box in 0..<batch.count {
      let values = batch.images[box * 16..<(box + 1) * 16]
      #expect(abs(values.reduce(0, +)) < 1e-4)
      #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 16 - 1) < 1e-3)
    }
  }

  @Test("values that are no numbers become the box's mean, and a box of nothing else is an error")
  func broken() throws {
    let set = try SetSamples.set(in: folder, positives: 1, negatives: 0) { $0.voxels[5] = .nan }
    let pool = try SetSamples.pool([set])
    #expect(pool.warnings.count == 1)
    let image = try pool.image(0)
    let others = image.voxels.enumerated().filter { $0.offset != 5 }.map(\.element)
    #expect(abs(image.voxels[5] - others.reduce(0, +) / 15) < 1e-5)
    let dead = try SetSamples.set(in: folder, "dead.scnt", positives: 1, negatives: 0) { volume in
      for i in volume.voxels.indices { volume.voxels[i] = .infinity }
    }
    #expect(throws: AisError.self) { try SetSamples.pool([dead]) }
  }

  @Test("versions of a box are drawn and mixed, and what is held out shows the annotated one")
  func flavours() throws {
    let set = try SetSamples.set(in: folder, positives: 12, negatives: 0, hasRaw: true)
    let pool = try SetSamples.pool([set])
    #expect(pool.flavours == ["x_main", "x_raw"])
    let sampler = try TrainingSampler(
      pool,
      settings: SetSamples.settings {
        $0.validationFraction = 0.25
        $0.copies = 20
      })
    var shares: [Float] = []
    for step in 0..<sampler.stepsPerEpoch {
      let batch = try sampler.batch(epoch: 0, step: step)
      shares += (0..<batch.count).map { batch.images[$0 * 16].truncatingRemainder(dividingBy: 1) }
    }
    let (main, raw) = (shares.count { $0 < 1e-3 }, shares.count { abs($0 - 0.25) < 1e-3 })
    #expect(main > shares.count / 8 && raw > shares.count / 8 && main + raw < shares.count * 3 / 4)
    let held = try sampler.validationBatch(step: 0)
    #expect((0..<held.count).allSatisfy { held.images[$0 * 16].truncatingRemainder(dividingBy: 1) < 1e-3 })
  }

  @Test("networks of slices see the annotated one in the middle")
  func middleSlice() throws {
    let set = try SetSamples.set(in: folder, positives: 3, negatives: 0, depth: 5, jitter: 16)
    let sampler = try TrainingSampler(SetSamples.pool([set]), settings: SetSamples.settings())
    let batch = try sampler.batch(epoch: 0, step: 0)
    #expect(batch.depth == 5 && batch.labelDepth == 1)
    // The annotated slice is number 21 / 2 of those stored, and number 5 / 2 of the five.
    for box in 0..<batch.count {
      let first = batch.images[box * 80].truncatingRemainder(dividingBy: 1000)
      #expect(first == 800)
    }
  }

  @Test("in slabs the annotated slice lies anywhere, and only it is known", arguments: [false, true])
  func slabs(slabLabels: Bool) throws {
    let set = try SetSamples.set(
      in: folder, positives: 1, negatives: 0, depth: 8, jitter: 16, slabLabels: slabLabels)
    let sampler = try TrainingSampler(
      SetSamples.pool([set]),
      settings: SetSamples.settings {
        $0.answersSlabs = true
        $0.copies = 100
      })
    var places: Set<Int> = []
    for step in 0..<sampler.stepsPerEpoch {
      let batch = try sampler.batch(epoch: 0, step: step)
      #expect(batch.labelDepth == 8 && batch.labels.count == 8 * 16)
      let first = Int((batch.images[0] / 100).rounded())
      let known = (0..<8).filter { batch.labels[$0 * 16 + 1] != 2 }
      // The annotated slice is number 24 / 2 of those stored.
      places.insert(12 - first)
      #expect(known == (slabLabels ? Array(0..<8) : [12 - first]))
    }
    #expect(places == Set(0..<8))
  }
}
