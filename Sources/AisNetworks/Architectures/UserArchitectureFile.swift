import AisCore
import AisFormats

/// What a file of a user's folder of architectures describes: layers, or a program. Reading runs nothing.
package enum UserArchitectureFile: Sendable {
  case layers(UserArchitecture)
  case program(CustomProgram)

  package init(path: String) throws(AisError) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let json = try JSONValue(parsing: RandomAccessFile(path).contents(limit: UserArchitecture.largest), name: path)
    let stem = name.hasSuffix(".json") ? String(name.dropLast(5)) : name
    try self.init(json, title: stem, file: path)
  }

  /// - Parameter title: its name where the document has none.
  package init(_ json: JSONValue, title: String, file: String) throws(AisError) {
    self =
      json["schema"]?.string == CustomProgram.schema
      ? .program(try CustomProgram(json, file: file)) : .layers(try UserArchitecture(json, title: title, file: file))
  }

  package var title: String {
    switch self {
    case .layers(let layers): layers.title
    case .program(let program): program.title
    }
  }

  package func architecture() throws(AisError) -> Architecture {
    switch self {
    case .layers(let layers): try layers.architecture()
    case .program(let program): program.architecture
    }
  }
}
