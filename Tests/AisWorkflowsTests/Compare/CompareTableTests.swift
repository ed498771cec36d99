import AisCore
import AisFormats
import AisTraining
import AisWorkflows
import Testing

@Suite("Tables of comparisons")
struct CompareTableTests {
  private func row(
    _ feature: String, _ architecture: String, dice: Double?, ending: TrainingOutcome.Ending = .finished
  ) -> CompareRow {
    CompareRow(
      feature: feature, architecture: architecture, parameters: 1_485_761, epochs: 5, ending: ending.rawValue,
      trainingSeconds: 200, secondsPerSlice: 0.25, loss: dice.map { 1 - $0 },
      training: dice.map { .init(dice: $0, precision: $0, recall: $0) }, heldOut: nil,
      tomogram: dice.map { .init(dice: $0 / 2, precision: 0.5, recall: 0.25) }, model: "m.scnm")
  }

  @Test("the best Dice of each feature is marked, and what was judged by is said")
  func lines() throws {
    let rows = [
      row("Membrane", "UNet S", dice: 0.5), row("Ribosome", "UNet S", dice: 0.9),
      row("Membrane", "VGGNet S", dice: 0.75),
    ]
    let lines = CompareTable.lines(rows)
    #expect(lines[0] == "Membrane: Dice, precision and recall on the tomogram")
    #expect(lines[2] == "UNet S          1.49 M    3 min 20 s   0.25 s   0.5000   0.250      0.500   0.250")
    #expect(lines[3] == "VGGNet S        1.49 M    3 min 20 s   0.25 s   0.2500   0.375      0.500   0.250  best")
    #expect(lines.filter { $0.hasSuffix("best") }.count == 2)
  }

  @Test("a training without a network has dashes for numbers and empty fields")
  func diverged() throws {
    let rows = [row("Membrane", "UNet S", dice: nil, ending: .diverged), row("Membrane", "VGGNet S", dice: 0.5)]
    let lines = CompareTable.lines(rows)
    #expect(lines[2].hasSuffix("        –       –          –       –  diverged"))
    let text = String(decoding: CompareTable.csv(rows).bytes, as: UTF8.self).split(separator: "\n")
    #expect(text[1] == "Membrane,UNet S,1485761,5,diverged,200.000,0.2500,,,,,,,,,,")
    #expect(
      text[2]
        == "Membrane,VGGNet S,1485761,5,finished,200.000,0.2500,0.500000,0.5000,0.5000,0.5000,,,,0.2500,0.5000,0.2500")
  }

  @Test("forecasts go by what was measured")
  func forecast() {
    var forecast = CompareForecast(precision: .float32, threads: 2)
    let guess = forecast.seconds(for: 1e12)
    #expect(guess > 1 && guess < 1000)
    #expect(forecast.seconds(for: 0) == 0)
    forecast.measured(work: 1e12, seconds: 8)
    #expect(forecast.seconds(for: 2e12) == 16)
  }

  @Test("what makes no sense is refused as usage")
  func validation() throws {
    let training = TrainRequest(sets: ["a.scnt"], output: "", threads: 1, memoryLimit: 1 << 30)
    var request = CompareRequest(
      sets: ["a.scnt"], architectures: ["UNet S", "VGGNet S"], outputFolder: "out", training: training)
    try request.validate()
    request.slice = 3
    #expect(throws: AisError.self) { try request.validate() }
    request.tomogram = "T.mrc"
    try request.validate()
    request.labelNumbers = [.init(feature: nil, number: 1)]
    #expect(throws: AisError.self) { try request.validate() }
    request.labels = "L.mrc"
    try request.validate()
    request.architectures = ["UNet S"]
    #expect(throws: AisError.self) { try request.validate() }
  }

  @Test("the paper's protocol is what was published")
  func paper() {
    var request = TrainRequest(sets: [], output: "", threads: 1, memoryLimit: 1 << 30)
    TrainingProtocol.paper.fill(&request)
    #expect(request.epochs == 50 && request.sampler.batchSize == 32 && request.sampler.copies == 10)
    #expect(request.sampler.negativesPerPositive == 1.3 && request.sampler.validationFraction == 0)
    #expect(request.sampler.augmentation.rotatesFreely && TrainingProtocol.paper.boxSize == 64)
    #expect(TrainingProtocol.paper.architectures.count == 6)
  }
}
