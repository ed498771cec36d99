import AisCore
import AisFormats

extension BatchTask {
  /// An id that equal work has in common: the same command, settings, inputs and outputs, by the same version of the program.
  ///
  /// - Parameter settings: what changes its outputs besides the settings of its stage.
  package static func id(
    stage: BatchPlan.Stage, inputs: [String], outputs: [String], workingFolder: String, settings: String? = nil
  ) -> String {
    var digest = SHA256()
    // A byte that no path holds keeps ["ab"] and ["a", "b"] apart.
    for part in [AisVersion.current, stage.command, stage.settings, workingFolder] + inputs + ["\u{0}"] + outputs {
      digest.update(part + "\u{0}")
    }
    if let settings { digest.update(settings + "\u{0}") }
    let name = outputs.first ?? inputs.first ?? stage.command
    return "\(readable(name))-\(digest.finish().prefix(12))"
  }

  /// The stem of a path as far as it may stand in the name of any file.
  private static func readable(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? "task"
    let stem = name.split(separator: ".").first ?? "task"
    let letters = stem.unicodeScalars.map { scalar -> Character in
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
      return isPlain || scalar == "_" ? Character(scalar) : "_"
    }
    return String(letters.prefix(60))
  }
}
