import AisNetworks
import AisTraining
import Testing

@Suite("Settings of a training")
struct SettingsTests {
  private func record(_ epoch: Int, isBest: Bool) -> EpochRecord {
    let scores = Scores(loss: 1, precision: 0, recall: 0, dice: 0)
    return EpochRecord(epoch: epoch, learningRate: 1, training: scores, validation: nil, seconds: 0, isBest: isBest)
  }

  @Test func `the architecture's own settings are the default`() throws {
    let settings = TrainingSettings(try .named("ezm-2d"), threads: 1)
    #expect(settings.learningRate == 5e-5)
    #expect(settings.objective == .mixture(crossentropy: 1, dice: 1))
    #expect(TrainingSettings(try .named("Pix2pix"), threads: 1).beta1 == 0.5)
  }

  @Test func `learning rates follow their schedule`() throws {
    var settings = TrainingSettings(try .named("UNet S"), epochs: 4, threads: 1)
    #expect((0..<4).map { settings.rate(epoch: $0, after: []) } == [1e-3, 1e-3, 1e-3, 1e-3])
    settings.schedule = .cosine
    let rates = (0..<4).map { settings.rate(epoch: $0, after: []) }
    #expect(rates[0] == 1e-3 && abs(rates[2] - 5e-4) < 1e-12 && rates == rates.sorted(by: >))
    settings.schedule = .plateau
    var history = [record(1, isBest: true)] + (2...6).map { record($0, isBest: false) }
    #expect(settings.rate(epoch: 6, after: history) == 5e-4)
    history += (7...11).map { record($0, isBest: false) }
    #expect(settings.rate(epoch: 11, after: history) == 2.5e-4)
    history.append(record(12, isBest: true))
    #expect(settings.rate(epoch: 12, after: history) == 2.5e-4)
  }

  @Test func `a network that has learnt already is moved gently at first`() throws {
    var settings = TrainingSettings(try .named("UNet S"), epochs: 4, threads: 1)
    #expect(settings.warmth(step: 0) == 1)
    settings.warmUp(stepsPerEpoch: 3)
    #expect(settings.warmth(step: 0) < 0.05)
    #expect(settings.warmth(step: 9) < settings.warmth(step: 10))
    #expect(settings.warmth(step: 20) == 1)
    settings.warmUp(stepsPerEpoch: 5000)
    #expect(settings.warmth(step: 99) < 1)
    #expect(settings.warmth(step: 100) == 1)
  }

  @Test func `a continued training may have more epochs, but no other rate`() throws {
    let settings = TrainingSettings(try .named("UNet S"), epochs: 4, threads: 1)
    var longer = settings
    longer.epochs = 9
    #expect(longer.identity == settings.identity)
    longer.learningRate = 1
    #expect(longer.identity != settings.identity)
    var cosine = settings
    cosine.schedule = .cosine
    var longerCosine = cosine
    longerCosine.epochs = 9
    #expect(cosine.identity != longerCosine.identity)
  }
}
