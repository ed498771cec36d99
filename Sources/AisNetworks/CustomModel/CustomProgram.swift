import AisCore
import AisFormats

/// A user's own program in Python whose class is a model: what it is called, its text, and what is to be known before it runs.
///
/// Holding one runs nothing. It is run by ``CustomModelWorker``, and only where the user has said so (``CustomModelStore``).
package struct CustomProgram: Sendable, Equatable, Codable {
  package static let schema = "ais.custom-model/1"
  private static let longestSource = 4 << 20

  package var title: String
  package var summary: String
  package var isOffered: Bool
  /// The file's name, for messages and tracebacks.
  package var fileName: String
  /// The program itself.
  package var source: String
  /// Whether the class takes slabs, (boxes, rows, columns, slices, 1), and answers with such; otherwise slices are channels.
  package var takesSlabs: Bool
  /// Pixels beyond a pixel along y and x that its value depends on: how far tiles of large slices overlap.
  package var reach: Int
  /// Slices and boxes are multiples of this along y and x.
  package var sideMultiple: Int
  /// Seconds that one call other than `fit` may take.
  package var patience: Double
  /// The number of weights for boxes of 64 × 64 pixels and one slice.
  package var parameterCount: Int

  package init(title: String, fileName: String, source: String) {
    self.title = title
    self.fileName = fileName
    self.source = source
    summary = "a program of your own"
    isOffered = true
    takesSlabs = false
    reach = 64
    sideMultiple = 1
    patience = 600
    parameterCount = 0
  }

  /// SHA-256 of the program's text: what a user's permission to run it is bound to.
  package var digest: String { SHA256.hex(of: Array(source.utf8)) }

  /// Reads a document of the schema `ais.custom-model/1`; `file` is what errors call it.
  package init(_ json: JSONValue, file: String) throws(AisError) {
    func malformed(_ what: String) -> AisError {
      AisError(.malformed, "'\(file)' describes no model of a program: \(what)")
    }
    guard json["schema"]?.string == Self.schema else { throw malformed("expected the schema '\(Self.schema)'") }
    guard let source = json["source"]?.string, !source.isEmpty, source.utf8.count <= Self.longestSource else {
      throw malformed("it has no \"source\" of 1 byte to \(ByteCount(Self.longestSource))")
    }
    self.init(
      title: json["title"]?.string ?? "", fileName: json["file"]?.string ?? "model.py", source: source)
    summary = json["summary"]?.string ?? summary
    isOffered = json["include"]?.bool ?? isOffered
    takesSlabs = json["dimensions"]?.integer == 3
    reach = json["reach"]?.integer ?? reach
    sideMultiple = json["multiple"]?.integer ?? sideMultiple
    patience = json["patience"]?.number ?? patience
    parameterCount = json["parameters"]?.integer ?? 0
    guard !title.isEmpty, title.count <= 80, !title.contains(where: { $0 == "/" || $0.isNewline }) else {
      throw malformed("its title cannot be used: expected 1 to 80 characters without '/'")
    }
    for (name, value, range) in [
      ("reach", reach, 0...4096), ("multiple", sideMultiple, 1...1024), ("parameters", parameterCount, 0...1 << 48),
    ] where !range.contains(value) {
      throw malformed("'\(name)' is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }
    guard patience > 0, patience <= 7 * 86400 else {
      throw malformed("'patience' is \(patience) seconds, expected more than 0, up to a week")
    }
  }

  /// The document that is kept with models and in the folder of architectures.
  package var json: JSONValue {
    .object([
      "schema": .string(Self.schema), "title": .string(title), "summary": .string(summary), "include": .bool(isOffered),
      "file": .string(fileName), "dimensions": .number(takesSlabs ? 3 : 2), "reach": .number(Double(reach)),
      "multiple": .number(Double(sideMultiple)), "patience": .number(patience),
      "parameters": .number(Double(parameterCount)), "source": .string(source),
    ])
  }

  /// What new models of the program are trained as.
  package var architecture: Architecture {
    var architecture = Architecture(
      title, form: takesSlabs ? .slabs : .slices, sideMultiple: sideMultiple, isOffered: isOffered, summary
    ) { _ in }
    architecture.isUsers = true
    architecture.program = self
    return architecture
  }
}
