import AisCore
import AisWorkflows
import ArgumentParser

/// What boxes of a training set are.
package struct ExtractBoxArguments: ParsableArguments {
  @Option(name: [.customLong("box")], help: ArgumentHelp("Edge of a box in pixels of the set.", valueName: "pixels"))
  package var box = 128

  @Option(
    help: ArgumentHelp(
      "Slices that the network sees at once. Any number above 1 stores 16 more, so that slabs can be cut at varying heights.",
      valueName: "slices"))
  package var depth = 1

  @Option(
    help: ArgumentHelp(
      "The pixel size of the set; tomograms that differ by 5% or more are resampled.", valueName: "length"),
    transform: Quantity.positiveLength)
  package var pixelSize: Length = .angstroms(10)

  @Option(
    name: .customLong("flavour"), parsing: .singleValue,
    help: ArgumentHelp(
      "Store another version of each box: of the tomogram of the same name in this folder. May be given several times.",
      valueName: "name=folder"),
    transform: ExtractBoxArguments.flavour)
  var flavours: [ExtractRequest.Flavour] = []

  @Flag(help: "Of projects: store all versions that the project has of a tomogram.")
  package var versions = false

  package init() {}

  private static func flavour(_ text: String) throws -> ExtractRequest.Flavour {
    guard let equals = text.firstIndex(of: "="), text.index(after: equals) < text.endIndex else {
      throw ValidationError("'\(text)' names no folder; expected for example denoised=tomograms/denoised")
    }
    return ExtractRequest.Flavour(
      name: String(text[..<equals]), folder: String(text[text.index(after: equals)...]))
  }
}

/// Boxes from volumes of labels.
package struct ExtractLabelArguments: ParsableArguments {
  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A volume of labels: the inputs are then tomograms, one for each volume. May be given several times.",
      valueName: "file"))
  package var labels: [String] = []

  @Option(
    name: .customLong("label"), parsing: .singleValue,
    help: ArgumentHelp(
      "The number that marks a feature, one for each '--feature'. Without it, everything above 0.", valueName: "number")
  )
  package var numbers: [Int] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A list of box centres, in any format of 'ais coordinates'. May be given several times.", valueName: "list"))
  package var boxes: [String] = []

  @Option(help: ArgumentHelp("Place so many boxes at random places of the label.", valueName: "count"))
  package var random: Int?

  @Option(
    help: ArgumentHelp(
      "And so many where there is nothing of it. Without it, as many as with it.", valueName: "count"))
  package var randomNegatives: Int?

  @Option(help: ArgumentHelp("Of random places: the same seed gives the same ones.", valueName: "number"))
  package var seed: UInt64 = 1

  package init() {}

  package func validate() throws {
    for number in numbers {
      do { try PredictionScale.check(label: number) } catch { throw ValidationError(error.message) }
    }
    if labels.isEmpty {
      guard numbers.isEmpty, boxes.isEmpty, random == nil, randomNegatives == nil else {
        throw ValidationError("--label, --boxes and --random go with a volume of labels: give it with '--labels'")
      }
      return
    }
    if boxes.isEmpty == (random == nil) {
      throw ValidationError("with '--labels', say where boxes lie: '--boxes LIST', or '--random COUNT'")
    }
    if randomNegatives != nil, random == nil {
      throw ValidationError("--random-negatives goes with '--random'")
    }
  }

  var request: ExtractRequest.Labels? {
    guard !labels.isEmpty else { return nil }
    let placement: ExtractRequest.Labels.Placement =
      random.map { .random(positives: $0, negatives: randomNegatives ?? $0) } ?? .lists(boxes)
    return ExtractRequest.Labels(volumes: labels, numbers: numbers, placement: placement)
  }
}
