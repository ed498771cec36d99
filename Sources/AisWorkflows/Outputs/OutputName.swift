import AisCore
import Foundation

/// The names of segmentations: `<tomogram>__<feature>.mrc`.
package enum OutputName {
  package static let standardPattern = "{stem}"
  private static let placeholders = ["{stem}", "{parent}", "{model}"]

  /// A file's name without its folder, compression and type: `a/TS_01.mrc.gz` gives `TS_01`.
  package static func stem(of path: String) -> String {
    var name = (path as NSString).lastPathComponent
    for ending in [".gz", ".bz2"] where name.lowercased().hasSuffix(ending) && name.count > ending.count {
      name = String(name.dropLast(ending.count))
    }
    let stem = (name as NSString).deletingPathExtension
    return stem.isEmpty ? name : stem
  }

  /// Throws `usage` for braces that stand for nothing and for patterns that leave the output folder.
  package static func check(_ pattern: String) throws(AisError) {
    var rest = pattern
    for placeholder in placeholders { rest = rest.replacing(placeholder, with: "") }
    guard !rest.contains("{"), !rest.contains("}") else {
      throw AisError(
        .usage,
        "the name pattern '\(pattern)' has braces that stand for nothing. Expected {stem}, {parent} or {model}, for "
          + "example '{parent}_{stem}'")
    }
    guard !pattern.contains("/"), !pattern.isEmpty else {
      throw AisError(.usage, "the name pattern '\(pattern)' must be the name of a file, without folders")
    }
  }

  /// The file name of a segmentation.
  package static func name(pattern: String, tomogram: String, model: String, title: String) -> String {
    let folder = URL(filePath: tomogram).standardizedFileURL.deletingLastPathComponent().lastPathComponent
    let base = pattern.replacing("{stem}", with: stem(of: tomogram)).replacing("{parent}", with: folder)
      .replacing("{model}", with: stem(of: model))
    return "\(base)__\(safe(title)).mrc"
  }

  /// A title as part of a file name: without slashes, control characters and marks of writing direction.
  package static func safe(_ title: String) -> String {
    let text = String(
      title.map { character in
        let isActive = character.unicodeScalars.contains {
          $0.properties.generalCategory == .control || $0.properties.isBidiControl
        }
        return isActive || character == "/" ? "_" : character
      })
    return text.isEmpty ? "Unnamed" : text
  }
}
