import AisCore
import AisFormats
import Foundation

/// What stands where an output is to be written.
package enum ExistingOutput: Sendable, Equatable {
  /// Nothing, or our own work that a crash left unfinished: to be done.
  case absent
  /// Made with the same settings and inputs, and whole.
  case same
  /// There, but made otherwise, or by somebody else: not to be replaced unasked. The sentence says why.
  case other(String)

  /// Looks for outputs that `record` would account for: those beside which a record of the same fingerprint lies, and
  /// which hold the bytes that it names, are done.
  package static func look(at paths: [String], record: WorkRecord) -> ExistingOutput {
    guard let first = paths.first else { return .absent }
    let beside = WorkRecord.path(of: first)
    let there = paths.filter { FileManager.default.fileExists(atPath: $0) }
    let known = json(beside)
    guard let known, known["schema"]?.string == record.schema else {
      if FileManager.default.fileExists(atPath: beside) {
        return .other("'\(beside)' would be replaced and was not made by this program. Use '--force', or another '-o'")
      }
      guard let path = there.first else { return .absent }
      return .other(
        "'\(path)' is there already and was not made by this program. Use '--force' to replace it, or another '-o'")
    }
    if there.isEmpty { return .absent }
    let hashes = WorkRecord.outputHashes(known)
    for path in there {
      guard let hash = hashes[(path as NSString).lastPathComponent] else {
        return .other(
          "'\(path)' is there already and '\(beside)' does not account for it. Use '--force' to replace it, or another '-o'"
        )
      }
      // Work by hand on a list of coordinates is worth more than the list.
      if (try? SHA256.hex(of: RandomAccessFile(path))) != hash {
        return .other(
          "'\(path)' was changed after it was made. Use '--force' to replace it, or another '-o' to keep it")
      }
    }
    guard known["fingerprint"]?.string == record.fingerprint else {
      return .other(
        "'\(there[0])' is there already, made from another input or with other settings. Use '--force' to replace it, or another '-o'"
      )
    }
    return there.count == paths.count ? .same : .absent
  }

  /// Whether a record of this schema accounts for the file as it is, whatever it was made from: nobody's work is lost with it.
  static func isOurs(_ path: String, schema: String) -> Bool {
    guard let known = json(WorkRecord.path(of: path)), known["schema"]?.string == schema else { return false }
    let name = (path as NSString).lastPathComponent
    guard let hash = WorkRecord.outputHashes(known)[name] else { return false }
    return (try? SHA256.hex(of: RandomAccessFile(path))) == hash
  }

  /// The JSON document in a file, or `nil` when there is none.
  static func json(_ path: String) -> JSONValue? {
    guard let bytes = try? RandomAccessFile(path).contents(limit: 16 << 20) else { return nil }
    return try? JSONValue(parsing: bytes, name: path)
  }
}
