import AisCore
import AisFormats
import AisImaging
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais preview`: a picture of a slice with its segmentations.
package struct PreviewCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "preview",
    abstract: "Draw a slice of a tomogram with its segmentations as a PNG picture.",
    discussion: """
      Segmentations are found by their names (TOMOGRAM__FEATURE.mrc) in the tomogram's folder; --segmentation names \
      others, or another folder. Row 0 of the tomogram is drawn at the bottom, as in 3dmod and Ais-cryoET.

        ais preview TS_03.mrc
        ais preview TS_03.mrc -s segmented/ -m Membrane.scnm --slice best -o TS_03.png
        ais preview TS_03.mrc --montage 9
      """)

  @Argument(help: "The tomogram.")
  package var file: String

  @Option(
    name: [.short, .customLong("segmentation")], parsing: .singleValue,
    help: ArgumentHelp(
      "A segmentation, or a folder with segmentations of the tomogram; may be given several times.", valueName: "path"))
  package var segmentations: [String] = []

  @Flag(help: "Paint no segmentation, even if there is one.")
  package var plain = false

  @Option(
    name: [.short, .customLong("model")], parsing: .singleValue,
    help: ArgumentHelp(
      "A network: its features get its colour and threshold; may be given several times.", valueName: "file"))
  package var models: [String] = []

  @Option(
    help: ArgumentHelp("Slice counted from 0, middle, or best (with most of the features).", valueName: "n|middle|best")
  )
  package var slice = "middle"

  @Option(help: ArgumentHelp("Show so many slices, evenly spread, instead of one.", valueName: "count"))
  package var montage: Int?

  @Option(help: ArgumentHelp("The longer side of the slice in the picture, in pixels.", valueName: "pixels"))
  package var size = 1024

  @Option(
    name: [.short, .long],
    help: "What counts as found, 0 to 255. Without it, the network's threshold or 127.5.")
  package var threshold: Float?

  @Option(help: "Opacity of the features, 0 (outline only) to 1.")
  package var opacity: Float = 0.45

  @Option(
    help: ArgumentHelp(
      "Values drawn as black and white, such as 90,160. Without it, chosen from the slice.", valueName: "low,high"),
    transform: PreviewCommand.contrast)
  package var contrast: ContrastLimits?

  @Flag(help: "Leave name, size and legend away.")
  package var noCaption = false

  @Flag(help: "Draw no scale bar.")
  package var noScaleBar = false

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The picture to write. Without it, TOMOGRAM.png in this folder.", valueName: "file"))
  package var output: String?

  @OptionGroup(title: "How to look at the tomogram")
  package var tomogram: TomogramArguments

  package init() {}

  package func validate() throws {
    if !(16...16384).contains(size) {
      throw ValidationError("--size \(size): a picture has 16 to 16384 pixels on its longer side")
    }
    if let threshold, !(0..<255).contains(threshold) {
      throw ValidationError("--threshold \(threshold): a threshold lies between 0 and 254")
    }
    if !(0...1).contains(opacity) { throw ValidationError("--opacity \(opacity): an opacity lies between 0 and 1") }
    if let montage, !(1...400).contains(montage) {
      throw ValidationError("--montage \(montage): 1 to 400 slices can be shown")
    }
    if let output, !output.lowercased().hasSuffix(".png") {
      throw ValidationError("--output '\(output)': a picture's name ends in .png")
    }
    if plain, !segmentations.isEmpty { throw ValidationError("--plain and --segmentation exclude each other") }
    _ = try chosenSlice()
  }

  package func run() throws {
    var options = Preview.Options()
    options.slice = try chosenSlice()
    options.size = size
    options.threshold = threshold.map { $0 / 255 }
    options.opacity = opacity
    options.contrast = contrast
    options.hasCaption = !noCaption
    options.hasScaleBar = !noScaleBar
    let preview = try Preview(
      tomogram: file, reading: tomogram.options, segmentations: try foundSegmentations(), models: models,
      options: options)
    let result = try preview.draw()
    let path = output ?? SegmentationName.stem(of: file) + ".png"
    let picture = result.picture
    let bytes = try PNGEncoder.encode(
      rgb: picture.rgb, width: picture.width, height: picture.height, texts: result.texts)
    try AtomicFile.write(bytes, to: path)
    let hint = plain ? "" : " ('-s' names one, or its folder)"
    let features = result.features.isEmpty ? "no segmentation\(hint)" : result.features.joined(separator: ", ")
    let slices = result.slices.count == 1 ? "slice \(result.slices[0])" : "\(result.slices.count) slices"
    Terminal.standardOutput.print(
      "\(path)  \(picture.width) × \(picture.height) pixels, \(slices), \(features)")
    for absence in result.absences { Terminal.standardOutput.print(Self.text(absence)) }
  }

  /// Says why a picture shows nothing of a feature, and what to try.
  private static func text(_ absence: Preview.Absence) -> String {
    let (threshold, greatest) = (Int((absence.threshold * 255).rounded()), Int((absence.greatest * 255).rounded()))
    let start = "\(absence.title): nothing above \(threshold) in what is shown, "
    if greatest < 2 { return start + "the segmentation is empty there. Try '--slice best'." }
    return start + "the greatest value is \(greatest). Try '--slice best' or '--threshold \(greatest / 2)'."
  }

  private func chosenSlice() throws -> Preview.Slice {
    if let montage { return .montage(montage) }
    switch slice {
    case "middle": return .middle
    case "best": return .best
    default:
      guard let z = Int(slice) else {
        throw ValidationError("--slice '\(slice)': expected a number counted from 0, 'middle' or 'best'")
      }
      return .index(z)
    }
  }

  private func foundSegmentations() throws -> [String] {
    if plain { return [] }
    if segmentations.isEmpty {
      let folder = (file as NSString).deletingLastPathComponent
      return try SegmentationName.segmentations(of: file, inFolder: folder.isEmpty ? "." : folder)
    }
    var result: [String] = []
    for path in segmentations {
      guard FileDescription.isFolder(path) else {
        result.append(path)
        continue
      }
      let found = try SegmentationName.segmentations(of: file, inFolder: path)
      if found.isEmpty {
        throw AisError(
          .notFound,
          "the folder '\(path)' holds no segmentation of '\(file)': none is named '\(SegmentationName.stem(of: file))__….mrc'. "
            + "Make one with 'ais segment', or name a file with '-s'"
        )
      }
      result += found
    }
    return result
  }

  private static func contrast(_ text: String) throws -> ContrastLimits {
    let parts = text.split(separator: ",").map { Float($0.trimmingCharacters(in: .whitespaces)) }
    guard parts.count == 2, let low = parts[0], let high = parts[1], low.isFinite, high.isFinite, low != high else {
      throw ValidationError("'\(text)' is not a pair of values such as 90,160")
    }
    return ContrastLimits(low: low, high: high)
  }
}
