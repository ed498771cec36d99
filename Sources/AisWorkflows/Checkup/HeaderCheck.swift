import AisCore
import AisFormats

/// Turns what the reader noticed in the header into judgements, each with its remedy.
struct HeaderCheck {
  var judgements: [Judgement] = []

  init(tomogram: Tomogram, path: String) {
    for warning in tomogram.warnings {
      if let judgement = Self.judgement(warning, info: tomogram.info, path: path) { judgements.append(judgement) }
    }
    if !judgements.contains(where: { $0.subject == .length }) {
      judgements.append(.fine(.length, "The file is as long as its header says."))
    }
    if !judgements.contains(where: { $0.subject == .header }) {
      judgements.append(.fine(.header, "The header is in order."))
    }
  }

  private static func judgement(_ warning: TomogramWarning, info: TomogramInfo, path: String) -> Judgement? {
    let sentence = capitalised(warning.message)
    let code = warning.code.rawValue
    switch warning.code {
    case .voxelSizeUnknown, .voxelSizePartlyUnknown, .byteSignUncertain, .byteSignContradiction:
      // Judged with more evidence by the checks of voxel size and byte sign.
      return nil
    case .truncated:
      return .fault(
        .length, "truncated", .error, sentence,
        remedy: Remedy(
          advice: "Copy the file again, or run the program that wrote it again; the missing voxels are lost."))
    case .compressedTail, .extraBytes:
      return .fault(
        .length, code, .note, sentence,
        remedy: Remedy(advice: "Harmless unless the dimensions in the header are wrong."))
    case .noMapID, .machineStampMissing, .machineStampWrong:
      return .fault(
        .header, code, .note, sentence,
        remedy: Remedy(advice: "It is read all the same; other programs may refuse it until its header is rewritten."))
    case .axesPermuted:
      return .fault(
        .header, code, .note, sentence,
        remedy: Remedy(advice: "Many programs ignore the axis order and will show this file on its side."))
    case .volumeStack:
      return .fault(
        .header, code, .note, sentence, remedy: Remedy(advice: "All volumes are read as one, one behind the other."))
    case .samplingInvalid, .axesInvalid, .extendedHeaderInvalid, .originInvalid, .labelCountInvalid:
      let command = warning.code == .originInvalid ? "ais header \(shellWord(path)) --origin 0,0,0" : nil
      return .fault(.header, code, .warning, sentence, remedy: command.map { Remedy(command: $0) })
    case .cellNotOrthogonal, .pagesDiffer:
      return .fault(.header, code, .note, sentence)
    }
  }

  private static func capitalised(_ sentence: String) -> String {
    sentence.prefix(1).uppercased() + sentence.dropFirst()
  }
}
