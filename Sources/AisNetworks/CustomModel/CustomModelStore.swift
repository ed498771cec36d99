import AisCore
import AisFormats

/// The programs that the user of this machine has said may be run: documents in the folder of architectures.
package struct CustomModelStore: Sendable {
  package var folder: String?

  package init(folder: String?) { self.folder = folder }

  /// The interpreter that a program was added with.
  ///
  /// Throws `notAllowed` for a program that was never added here, or that differs from the one that was.
  package func interpreter(for program: CustomProgram) throws(AisError) -> String {
    let names = folder.flatMap { try? FolderListing.names(in: $0) } ?? []
    var isKnownTitle = false
    for name in names.sorted() where name.hasSuffix(".json") && !name.hasPrefix(".") {
      let path = (folder ?? "") + "/" + name
      guard let (known, python) = try? Self.read(path) else { continue }
      if known.digest == program.digest { return python }
      if known.title == program.title { isKnownTitle = true }
    }
    throw AisError(
      .notAllowed,
      "the model is computed by a program, '\(program.title)' ('\(program.fileName)'), "
        + (isKnownTitle ? "and the one of this title that you added is another. " : "that you have not added. ")
        + "Programs may do whatever you may, so they only run when you say so: 'ais architectures add' with the model's file or the program"
    )
  }

  /// The document that is kept for a program.
  package static func document(_ program: CustomProgram, python: String) -> JSONValue {
    guard case .object(var members) = program.json else { return program.json }
    members["python"] = .string(python)
    return .object(members)
  }

  private static func read(_ path: String) throws(AisError) -> (CustomProgram, python: String) {
    let json = try JSONValue(parsing: RandomAccessFile(path).contents(limit: 16 << 20), name: path)
    return (try CustomProgram(json, file: path), json["python"]?.string ?? "python3")
  }
}
