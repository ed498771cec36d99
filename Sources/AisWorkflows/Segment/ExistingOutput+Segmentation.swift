import AisCore
import AisFormats
import Foundation

extension ExistingOutput {
  /// Looks for a segmentation. The volume is put in place first and its provenance after it, and each names the
  /// fingerprint: only when both are there and agree is the work done.
  static func look(atSegmentation path: String, fingerprint: String) -> ExistingOutput {
    guard FileManager.default.fileExists(atPath: path) else {
      let beside = provenancePath(of: path)
      guard FileManager.default.fileExists(atPath: beside),
        json(beside)?["schema"]?.string != SegmentProvenance.schemaName
      else { return .absent }
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

  /// `T__Membrane.mrc` has its provenance in `T__Membrane.json`.
  static func provenancePath(of path: String) -> String {
    (path as NSString).deletingPathExtension + ".json"
  }
}
