import AisCore
import AisFormats
import AisWorkflows
import Foundation

/// Something that the check-up has to say about a file, for the page.
package struct SliceFinding: Sendable, Hashable, Codable {
  /// How to mend it; which fields there are depends on `kind`.
  package struct Mending: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Codable {
      /// `voxelSizeAngstrom` is to be the dataset's voxel size.
      case voxelSize = "voxel-size"
      /// The picture's contrast is to be inverted.
      case invert
      /// `command` mends the file itself: for people to run.
      case command
    }

    package var kind: Kind
    /// What a button says.
    package var title: String
    /// Edge of a voxel.
    package var voxelSizeAngstrom: Double?
    package var command: String?
    /// What else to know, as a sentence.
    package var advice: String?
  }

  package var code: String
  /// `error`, `warning` or `note`.
  package var severity: String
  package var message: String
  package var remedy: Mending?

  init(_ judgement: Judgement) {
    code = judgement.code
    severity = judgement.severity.rawValue
    message = judgement.evidence
    remedy = judgement.remedy.flatMap(Mending.init)
    if remedy == nil, let advice = judgement.remedy?.advice { message += " " + advice }
  }
}

extension SliceFinding.Mending {
  init?(_ remedy: Remedy) {
    let words = (remedy.option ?? "").split(separator: " ")
    advice = remedy.advice
    if words.count == 2, words[0] == "--voxel-size", words[1].hasSuffix("A"), let size = Double(words[1].dropLast()) {
      kind = .voxelSize
      title = "Set \(words[1].dropLast()) Å"
      voxelSizeAngstrom = size
    } else if remedy.option == "--invert" {
      kind = .invert
      title = "Invert the contrast"
    } else if let command = remedy.command {
      kind = .command
      title = "Copy the command"
      self.command = command
    } else {
      return nil
    }
  }
}

extension SliceService {
  /// What the check-up finds wrong or doubtful in a file, worst first; one file at a time, after everything else. Findings are
  /// kept in the cache's folder.
  package func checkup(of file: SliceFile) async throws(AisError) -> [SliceFinding] {
    let place = SHA256.hex(of: Array("\(AisVersion.current) \(file.path)".utf8)).prefix(16)
    let path = cachePath("check-ups", file, "\(place).json")
    let bytes = try await documents.value("check-up \(file.key) \(file.path)") { order in
      reading.submit(.ahead) {
        if let path, let known = Self.cached(path), (try? Self.findings(known)) != nil {
          return order.finish(.success(known))
        }
        self.checks.submit {
          order.finish(
            Result { () throws(AisError) -> [UInt8] in
              try order.cancellation.check()
              let bytes = try self.check(file, order.cancellation)
              if let path { Self.keep(bytes, at: path) }
              return bytes
            })
        }
      }
      return nil
    }
    return try Self.findings(bytes)
  }

  private func check(_ file: SliceFile, _ cancellation: Cancellation) throws(AisError) -> [UInt8] {
    // The check-up also reads what cannot be shown; only another file is refused.
    let fingerprint = try InputFingerprint(file.path)
    guard file.accepts(fingerprint.sampleHash) else { throw .changed(file.path) }
    let report = try Checkup().check(file.path, cancellation: cancellation)
    let findings = report.judgements.filter { $0.verdict == .fault || ($0.verdict == .unsure && $0.remedy != nil) }
      .sorted { $0.severity > $1.severity }.map(SliceFinding.init)
    do { return Array(try JSONEncoder().encode(findings)) } catch {
      throw AisError(.malformed, "the findings on '\(file.path)' cannot be written as JSON", cause: error)
    }
  }

  private static func findings(_ bytes: [UInt8]) throws(AisError) -> [SliceFinding] {
    do { return try JSONDecoder().decode([SliceFinding].self, from: Data(bytes)) } catch {
      throw AisError(.malformed, "findings that were kept are not what they were", cause: error)
    }
  }
}
