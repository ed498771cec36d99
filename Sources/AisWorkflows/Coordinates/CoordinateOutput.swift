import AisCore
import AisFormats
import Foundation
import Logging

/// Writes a list, or a list for each tomogram where the format holds only one, with the account of how it was made.
package struct CoordinateOutput: Sendable {
  /// What was written.
  package struct Written: Sendable {
    package var paths: [String]
    /// Were there already, made with the same settings from the same inputs.
    package var skipped: [String]
    /// What the numbers in the files mean: a sentence for each of them that differs.
    package var frames: [String]
    package var warnings: [String]
  }

  package var path: String
  package var format: CoordinateFormat
  package var options = CoordinateOptions()
  /// What is known of the tomograms: part of the account, and the files that it comes from.
  package var context = CoordinateContext()
  package var replaces = false
  /// The command as provenance names it: `coordinates convert`.
  package var command: String

  package init(path: String, format: CoordinateFormat, command: String) {
    self.path = path
    self.format = format
    self.command = command
  }

  /// The format of a file by the end of its name.
  package static func format(of path: String) throws(AisError) -> CoordinateFormat {
    let ending = (path as NSString).pathExtension.lowercased()
    if ending == "star" { return .ais }
    let byEnding = CoordinateFormat.allCases.filter { $0.fileExtension == ending }
    guard byEnding.count == 1 else {
      let names = byEnding.isEmpty ? CoordinateFormat.allCases : byEnding
      throw AisError(
        .needsDecision,
        "the name '\(path)' does not say in which format to write. Give '--to' with one of: \(names.map(\.rawValue).joined(separator: ", "))."
      )
    }
    return byEnding[0]
  }

  /// - Parameters:
  ///   - inputs: the files that the list was made from.
  ///   - settings: what the command was asked for, besides format and context.
  package func write(
    _ list: ParticleList, inputs: [String], settings: some Encodable & Sendable, logger: Logger
  ) throws(AisError) -> Written {
    let parts = try parts(of: list, inputs: inputs)
    let folder = (parts[0].path as NSString).deletingLastPathComponent
    try OutputFolder.prepare(folder.isEmpty ? "." : folder, logger: logger)
    var claims = OutputClaims(inputs: inputs)
    for part in parts { claims.claim(part.path, for: part.list.tomograms.first?.name ?? part.path) }
    try claims.check()
    var written = Written(paths: [], skipped: [], frames: [], warnings: [])
    for part in parts {
      let record = try WorkRecord(
        schema: "ais.coordinates/1",
        settings: Settings(
          format: format.rawValue, box: options.boxSize, decimals: options.decimals, frame: context.account,
          work: settings), inputs: inputs + context.files)
      let encoding = try CoordinateFile.encode(
        part.list, path: part.path, format: format, options: options, provenance: try record.lines(command))
      let stem = (part.path as NSString).deletingPathExtension
      let files =
        [(path: part.path, bytes: encoding.bytes)]
        + encoding.companions.map { (path: stem + "." + $0.fileExtension, bytes: $0.bytes) }
      switch replaces ? .absent : ExistingOutput.look(at: files.map(\.path), record: record) {
      case .same: written.skipped += files.map(\.path)
      case .other(let reason): throw AisError(.needsDecision, reason)
      case .absent:
        try record.write(files, results: ["particles": part.list.particles.count], warnings: encoding.warnings)
        written.paths += files.map(\.path)
      }
      if !written.frames.contains(encoding.frame) { written.frames.append(encoding.frame) }
      for warning in encoding.warnings where !written.warnings.contains(warning) { written.warnings.append(warning) }
    }
    return written
  }

  private struct Settings<Work: Encodable & Sendable>: Encodable, Sendable {
    var format: String
    var box: Int?
    var decimals: Int?
    var frame: CoordinateContext.Account
    /// What the command was asked for.
    var work: Work
  }

  /// The files to write and what goes into each.
  private func parts(of list: ParticleList, inputs: [String]) throws(AisError) -> [(path: String, list: ParticleList)] {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let lists = list.byTomogram.filter { !$0.particles.isEmpty }
    let needsFolder = !format.holdsSeveralTomograms && lists.count > 1
    guard path.hasSuffix("/") || exists && isFolder.boolValue || needsFolder else { return [(path, list)] }
    if needsFolder, !path.hasSuffix("/"), exists && !isFolder.boolValue || !(path as NSString).pathExtension.isEmpty {
      throw AisError(
        .usage,
        "\(format.phrase) holds the particles of one tomogram, and the list has \(lists.count): give a folder with '-o', such as '-o particles/'."
      )
    }
    let prefix = OutputFolder.prefix(path)
    if format.holdsSeveralTomograms || lists.isEmpty {
      let name = ((inputs.first ?? "particles") as NSString).lastPathComponent as NSString
      return [(prefix + name.deletingPathExtension + "." + format.fileExtension, list)]
    }
    // EMAN2 looks for its lists under this name.
    let ending = format == .eman2 ? "_info.json" : "." + format.fileExtension
    return lists.map { (prefix + Self.safe($0.tomograms[0].name) + ending, $0) }
  }

  /// A tomogram's name as that of a file.
  private static func safe(_ name: String) -> String {
    let text = String(name.map { $0 == "/" || $0.unicodeScalars.contains { $0.value < 0x20 } ? "_" : $0 })
    return text.isEmpty || text.hasPrefix(".") ? "_" + text : text
  }
}
