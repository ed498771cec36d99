import AisCore
import AisFormats
import Foundation

/// The account of a piece of work: what was asked, of which inputs, and what came out of it.
///
/// It is the JSON file beside the outputs (`T_coords.star` has `T_coords.star.json`), and what tells a later run that
/// they need not be made again. For outputs that are made in memory, such as points, meshes, tables, pictures, and for volumes.
package struct WorkRecord: Sendable {
  /// A file that the work was made from.
  package struct Input: Sendable, Encodable {
    package var path: String
    package var fingerprint: InputFingerprint
  }

  /// `ais.particles/1`
  package let schema: String
  /// Everything that changes the outputs besides the inputs.
  package let settings: any Encodable & Sendable
  package let inputs: [Input]
  /// Equal fingerprints: the same settings and inputs, so the same outputs.
  package let fingerprint: String
  private let began = Date()

  /// Reads the fingerprints of the inputs; throws what reading throws.
  package init(schema: String, settings: any Encodable & Sendable, inputs paths: [String]) throws(AisError) {
    var inputs: [Input] = []
    for path in paths { inputs.append(Input(path: path, fingerprint: try InputFingerprint(path))) }
    self.schema = schema
    self.settings = settings
    self.inputs = inputs
    var digest = SHA256()
    digest.update("\(schema) ")
    try Self.bytes(of: settings, pretty: false).withUnsafeBytes { digest.update($0) }
    for input in inputs { digest.update(" \(input.fingerprint.bytes) \(input.fingerprint.sampleHash)") }
    fingerprint = String(digest.finish().prefix(32))
  }

  /// Where the account of an output lies.
  package static func path(of output: String) -> String { output + ".json" }

  /// What an output with room for comments says about itself: program, command, inputs, settings, date.
  package func lines(_ command: String) throws(AisError) -> [String] {
    let sources = inputs.map { input in
      let name = (input.path as NSString).lastPathComponent
      return "input \(name), sha256 of samples \(input.fingerprint.sampleHash.prefix(32))"
    }
    let settings = String(decoding: try Self.bytes(of: settings, pretty: false), as: UTF8.self)
    return ["Ais \(AisVersion.current) \(command), \(began.ISO8601Format())"] + sources
      + ["settings \(settings)", "ais fingerprint \(fingerprint)"]
  }

  /// Puts the record and then the outputs in place, each whole or not at all.
  ///
  /// The record comes first: it holds the outputs' digests, so that it accounts for them and for nothing else, whenever
  /// the work is stopped.
  /// - Parameters:
  ///   - outputs: paths in one folder and bytes; the record is named after the first.
  ///   - results: numbers worth keeping, such as counts.
  package func write(
    _ outputs: [(path: String, bytes: [UInt8])], results: (any Encodable & Sendable)? = nil, warnings: [String] = []
  ) throws(AisError) {
    try write(
      outputs.map { .init(path: $0.path, bytes: $0.bytes.count, sha256: SHA256.hex(of: $0.bytes)) }, results, warnings)
    for output in outputs { try AtomicFile.write(output.bytes, to: output.path) }
  }

  /// Puts the record in place, and then gives files that are written already their names. All lie in one folder; the record
  /// is named after the first.
  package func write(
    sealed files: [StreamedFile], results: (any Encodable & Sendable)? = nil, warnings: [String] = []
  ) throws(AisError) {
    for file in files { try file.seal() }
    try write(files.map { .init(path: $0.path, bytes: $0.byteCount, sha256: $0.sha256) }, results, warnings)
    for file in files { try file.finish() }
  }

  /// Puts the record beside a volume that is in place already. Volumes are large: samples of them are accounted for, and not
  /// every byte. Without its record the volume is not left behind.
  package func write(beside volume: String, warnings: [String] = []) throws(AisError) {
    do throws(AisError) {
      let found = try InputFingerprint(volume)
      try write([Output(path: volume, bytes: found.bytes, sampleHash: found.sampleHash)], nil, warnings)
    } catch {
      unlink(volume)
      throw error
    }
  }

  private struct Output {
    var path: String
    var bytes: Int
    var sha256: String?
    var sampleHash: String?
  }

  private func write(
    _ outputs: [Output], _ results: (any Encodable & Sendable)?, _ warnings: [String]
  ) throws(AisError) {
    guard let first = outputs.first else { return }
    let account = Account(
      schema: schema, settings: settings, fingerprint: fingerprint, inputs: inputs,
      outputs: outputs.map {
        .init(
          file: ($0.path as NSString).lastPathComponent, bytes: $0.bytes, sha256: $0.sha256, sampleHash: $0.sampleHash)
      }, results: results, warnings: warnings, host: ProcessInfo.processInfo.hostName, date: began.ISO8601Format(),
      durationSeconds: (Date().timeIntervalSince(began) * 1000).rounded() / 1000)
    try AtomicFile.write(try Self.bytes(of: account, pretty: true) + [0x0A], to: Self.path(of: first.path))
    CrashPoint.reached(.inProvenance)
  }

  /// The names of the files that the record at a path accounts for; none where there is no record.
  static func outputNames(atRecord path: String) -> [String] {
    // Names only: a record that leads out of its folder is not ours.
    ExistingOutput.json(path).map { outputHashes($0).keys.sorted().filter { !$0.contains("/") } } ?? []
  }

  /// The digests of the outputs that a record accounts for, by file name.
  static func outputHashes(_ record: JSONValue) -> [String: String] {
    var hashes: [String: String] = [:]
    for output in record["outputs"]?.array ?? [] {
      if let file = output["file"]?.string, let hash = output["sha256"]?.string { hashes[file] = hash }
    }
    return hashes
  }

  /// Settings as the account holds them.
  static func text(of settings: some Encodable) throws(AisError) -> String {
    String(decoding: try bytes(of: settings, pretty: false), as: UTF8.self)
  }

  private static func bytes(of value: some Encodable, pretty: Bool) throws(AisError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do { return Array(try encoder.encode(value)) } catch {
      throw AisError(.malformed, "the account of the work cannot be written as JSON", cause: error)
    }
  }
}

/// A `WorkRecord` as it is stored.
private struct Account: Encodable {
  struct Program: Encodable {
    var name = "ais"
    var version = AisVersion.current
  }
  struct Output: Encodable {
    var file: String
    var bytes: Int
    var sha256: String?
    var sampleHash: String?
  }

  var schema: String
  var program = Program()
  var settings: any Encodable & Sendable
  var fingerprint: String
  var inputs: [WorkRecord.Input]
  var outputs: [Output]
  var results: (any Encodable & Sendable)?
  var warnings: [String]
  var host: String
  var date: String
  var durationSeconds: Double

  private enum Key: CodingKey {
    case schema, program, settings, fingerprint, inputs, outputs, results, warnings, host, date, durationSeconds
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(schema, forKey: .schema)
    try container.encode(program, forKey: .program)
    try container.encode(settings, forKey: .settings)
    try container.encode(fingerprint, forKey: .fingerprint)
    try container.encode(inputs, forKey: .inputs)
    try container.encode(outputs, forKey: .outputs)
    if let results { try container.encode(results, forKey: .results) }
    try container.encode(warnings, forKey: .warnings)
    try container.encode(host, forKey: .host)
    try container.encode(date, forKey: .date)
    try container.encode(durationSeconds, forKey: .durationSeconds)
  }
}
