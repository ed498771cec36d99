import AisCore
import AisFormats
import AisTestSupport
import AisTraining
import Foundation
import Testing

@Suite("Augmentation of boxes")
struct AugmentationTests {
  let folder = try! TemporaryFolder()

  /// Batches of one box: its slices are ramps, its label is 1 in the upper left pixel.
  private func draws(
    _ augmentation: Augmentation, size: Int = 8, depth: Int = 1, slab: Bool = false, count: Int = 64,
    change: (inout Volume<Float>) -> Void = { _ in }
  ) throws -> [TrainingBatch] {
    let set = try SetSamples.set(in: folder, positives: 1, negatives: 0, size: size, depth: depth, change: change)
    let sampler = try TrainingSampler(
      SetSamples.pool([set]),
      settings: SetSamples.settings {
        $0.copies = count
        $0.augmentation = augmentation
        $0.answersSlabs = slab
      })
    return try (0..<count).map { try sampler.batch(epoch: 0, step: $0) }
  }

  @Test(
    "a slice is laid on itself in eight ways, a slab in sixteen, and labels go along", arguments: [(1, 8), (3, 16)])
  func symmetries(depth: Int, ways: Int) throws {
    let batches = try draws(Augmentation(), depth: depth, slab: depth > 1, count: 300)
    var counts: [[Float]: Int] = [:]
    for batch in batches {
      counts[batch.images, default: 0] += 1
      // The labelled pixel is the one with the smallest grey value of its slice.
      for z in 0..<batch.labelDepth {
        let slice = batch.images[z * 64..<(z + 1) * 64]
        let label = Array(batch.labels[z * 64..<(z + 1) * 64])
        if label.contains(1) {
          #expect(label.firstIndex(of: 1) == slice.firstIndex(of: slice.min()!)! - slice.startIndex)
        }
      }
    }
    #expect(counts.count == ways)
    #expect(counts.values.min()! > 300 / ways / 4, "all ways are about as likely")
  }

  @Test("up and down are not exchanged where that would move the annotated slice away from its label")
  func evenDepth() throws {
    for batch in try draws(Augmentation(), depth: 4, count: 40) {
      #expect(batch.images[0] < batch.images[3 * 64], "the first slice is the darkest")
    }
  }

  @Test("a free rotation leaves the mean in corners that are turned in, and makes their label unknown")
  func rotation() throws {
    var augmentation = Augmentation.none
    augmentation.rotatesFreely = true
    let batches = try draws(augmentation, size: 33, count: 20)
    for batch in batches {
      let unknown = batch.labels.count { $0 == 2 }
      #expect(unknown < batch.labels.count / 2)
      // The middle stays where it is, whatever the angle.
      #expect(abs(batch.images[16 * 33 + 16] - Float(16 * 33 + 16) / 100) < 2e-3)
    }
    #expect(Set(batches.map { $0.labels.count { $0 == 2 } }).count > 3)
  }

  @Test("a rotated ramp is a ramp in the turned direction")
  func rotatedRamp() throws {
    var augmentation = Augmentation.none
    augmentation.rotatesFreely = true
    let batches = try draws(augmentation, size: 32, count: 8) { volume in
      for y in 0..<32 { for x in 0..<32 { volume[z: 0, y: y, x: x] = Float(x) } }
    }
    for batch in batches {
      func value(_ y: Int, _ x: Int) -> Double { Double(batch.images[y * 32 + x]) }
      let (dy, dx) = (value(17, 16) - value(16, 16), value(16, 17) - value(16, 16))
      #expect(abs(dy * dy + dx * dx - 1) < 1e-3, "its slope is kept")
      #expect(abs(value(12, 20) - (15.5 + dy * -3.5 + dx * 4.5)) < 1e-3)
    }
  }

  @Test("grey values change as asked for, labels do not")
  func grey() throws {
    func spread(_ change: (inout Augmentation) -> Void) throws -> [[Float]] {
      var augmentation = Augmentation.none
      augmentation.probability = 1
      change(&augmentation)
      let plain = try draws(.none, count: 1)[0]
      return try draws(augmentation, count: 30).map { batch in
        #expect(batch.labels == plain.labels)
        return zip(batch.images, plain.images).map { $0 - $1 }
      }
    }
    let brighter = try spread { $0.brightness = 0.1 }
    #expect(brighter.allSatisfy { $0.max()! - $0.min()! < 1e-5 && abs($0[0]) <= 0.1 + 1e-5 })
    #expect(Set(brighter.map { $0[0] }).count > 20)
    let contrast = try spread { $0.contrast = 0.1 }
    #expect(contrast.allSatisfy { abs($0[63]) <= 0.063 + 1e-5 && $0[0] == 0 })
    let noise = try spread { $0.noise = 0.2 }.flatMap { $0 }
    let deviation = (noise.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(noise.count)).squareRoot()
    #expect(abs(deviation - 0.2) < 0.02)
    let blur = try spread { $0.blur = 1.1 }
    #expect(blur.contains { abs($0[0]) > 1e-3 } && blur.allSatisfy { abs($0.reduce(0, +)) < 1 })
    let gamma = try spread { $0.gamma = 0.2 }
    #expect(gamma.contains { abs($0[40]) > 1e-3 } && gamma.allSatisfy { $0[0] == 0 })
  }

  @Test("what is drawn for one change does not depend on the others")
  func independence() throws {
    var noise = Augmentation.none
    noise.probability = 0.5
    noise.noise = 0.2
    var both = noise
    both.brightness = 0.1
    let (alone, together) = (try draws(noise), try draws(both))
    for (a, b) in zip(alone, together) {
      let shift = b.images[0] - a.images[0]
      #expect(zip(a.images, b.images).allSatisfy { abs($1 - $0 - shift) < 1e-5 })
    }
  }

  @Test("numbers that make no sense are refused")
  func validation() {
    for change: (inout Augmentation) -> Void in [
      { $0.probability = 2 }, { $0.noise = -1 }, { $0.scale = 0.9 }, { $0.blur = .nan },
    ] {
      var augmentation = Augmentation()
      change(&augmentation)
      #expect(throws: AisError.self) { try augmentation.validate() }
    }
  }
}
