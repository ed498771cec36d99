import AisTraining
import AisWorkflows
import ArgumentParser

/// How the architectures of a comparison are trained, all alike.
package struct CompareTrainingArguments: ParsableArguments {
  @Option(
    name: .customLong("protocol"),
    help: ArgumentHelp("Settings that were published; options beside it change them.", valueName: "paper"))
  package var standard: TrainingProtocol?

  @Option(name: [.short, .long], help: ArgumentHelp("Without it, 50.", valueName: "count"))
  package var epochs: Int?

  @Option(
    name: [.customShort("b"), .customLong("batch")],
    help: ArgumentHelp("Boxes in a batch. Without it, 32.", valueName: "count"))
  package var batch: Int?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("How often an epoch shows each box. Without it, 10.", valueName: "count"))
  package var copies: Int?

  @Option(
    help: ArgumentHelp("The share of the boxes that is held out, such as 0.2. Without it, none.", valueName: "share"))
  package var validation: Double?

  @Option(
    help: ArgumentHelp(
      "Boxes without the feature for each one with it. Without it, all as they are.", valueName: "ratio"))
  package var negatives: Double?

  @Option(
    help: ArgumentHelp(
      "Adam's learning rate, for all. Without it, the one that each was tuned with.", valueName: "number"))
  package var rate: Double?

  @Option(
    help:
      "The numbers that layers compute with. Without it, bfloat16 where the processor, or the card, multiplies it by itself."
  )
  package var precision: TrainingSettings.Precision?

  @Option(help: "The same seed shows every architecture the same boxes in the same order.")
  package var seed: UInt64 = 1

  package init() {}

  func fill(_ request: inout TrainRequest) {
    standard?.fill(&request)
    if let epochs { request.epochs = epochs }
    if let batch { request.sampler.batchSize = batch }
    if let copies { request.sampler.copies = copies }
    if let validation { request.sampler.validationFraction = validation }
    if let negatives { request.sampler.negativesPerPositive = negatives }
    request.learningRate = rate
    request.precision = precision
    request.seed = seed
  }
}

/// What trained networks are shown at work on.
package struct CompareWorkArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("Show one slice of this tomogram as every network sees it.", valueName: "file"))
  package var tomogram: String?

  @Option(help: ArgumentHelp("Which slice, counted from 0. Without it, the middle one.", valueName: "z"))
  package var slice: Int?

  @Option(
    help: ArgumentHelp(
      "A volume of labels of that tomogram: the networks segment all of it and are judged.", valueName: "file"))
  package var labels: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "The number that marks a feature in the labels, such as Membrane=1; one for each feature.",
      valueName: "title=number"),
    transform: Self.label)
  package var label: [CompareRequest.Label] = []

  package init() {}

  private static func label(_ text: String) throws -> CompareRequest.Label {
    // Titles may hold the sign, numbers do not.
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard let last = parts.last, let number = Int(last), number > 0 else {
      throw ValidationError(
        "--label '\(text)': expected a number above 0, or a feature's title and a number: Membrane=1")
    }
    let title = parts.dropLast().joined(separator: "=")
    return .init(feature: parts.count > 1 ? title : nil, number: number)
  }
}

extension TrainingProtocol: ExpressibleByArgument {}
