import AisCore
import AisFormats
import Foundation

/// What stands where a segmentation is to be written.
enum ExistingOutput {
  /// Nothing, or our own work that a crash left without its provenance: to be done.
  case absent
  /// Made with the same model, settings and input, and whole.
  case same
  /// There, but made otherwise, or by somebody else: not to be replaced unasked. The sentence says why.
  case other(String)

  /// The volume is put in place first and its provenance after it, and each names the fingerprint: only when both are
  /// there and agree is the work done.
  static func look(at path: String, fingerprint: String) -> ExistingOutput {
    guard FileManager.default.fileExists(atPath: path) else {
      let beside = provenancePath(of: path)
      guard FileManager.default.fileExists(atPath: beside), schema(of: beside) != SegmentProvenance.schemaName else {
        return .absent
      }
      return .other("'\(beside)' would be replaced and was not made by this program. Use '--force', or another '-o'")
    }
    guard let labels = try? Tomogram.open(path).info.labels,
      let found = SegmentProvenance.fingerprint(inLabels: labels)
    else {
      return .other(
        "'\(path)' is there already and was not made by this program. Use '--force' to replace it, or another '-o'")
    }
    guard found == fingerprint else {
      return .other(
        "'\(path)' is there already, made with another model, input or other settings. Use '--force' to replace it, or another '-o'"
      )
    }
    return json(provenancePath(of: path))?["fingerprint"]?.string == fingerprint ? .same : .absent
  }

  private static func schema(of path: String) -> String? { json(path)?["schema"]?.string }

  private static func json(_ path: String) -> JSONValue? {
    guard let bytes = try? RandomAccessFile(path).contents(limit: 16 << 20) else { return nil }
    return try? JSONValue(parsing: bytes, name: path)
  }

  /// `T__Membrane.mrc` has its provenance in `T__Membrane.json`.
  static func provenancePath(of path: String) -> String {
    (path as NSString).deletingPathExtension + ".json"
  }
}
