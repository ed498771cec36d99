import AisCore
import Foundation

/// The files that a run is going to write: two of one name, and outputs that would replace an input, are found before work
/// starts.
package struct OutputClaims {
  private let sources: Set<String>
  private var origins: [String: String] = [:]
  private var clashes: [String] = []

  /// - Parameter inputs: files that no output may replace.
  package init(inputs: [String]) { sources = Set(inputs.map(Self.canonical)) }

  /// Claims a path for an input.
  ///
  /// - Parameter advice: given the input that claimed it before, what both of them are and what to do: "'a' and 'b' both give
  ///   'c': …". Without it, other folders are advised.
  package mutating func claim(_ path: String, for origin: String, advice: ((_ other: String) -> String)? = nil) {
    let key = Self.canonical(path)
    let name = (path as NSString).lastPathComponent
    if let other = origins[key] {
      clashes.append(
        advice?(other) ?? "'\(other)' and '\(origin)' both give '\(name)': run them into different folders")
    } else if sources.contains(key) {
      clashes.append("'\(path)' is one of the inputs: choose another '-o'")
    } else if name.utf8.count > 255 {
      clashes.append("'\(name)' is longer than file systems allow (255 bytes): shorten it with '--name'")
    }
    origins[key] = origin
  }

  /// Throws `needs-decision` with every clash, the first ten in words.
  package func check() throws(AisError) {
    if clashes.isEmpty { return }
    let shown = clashes.prefix(10).joined(separator: "; ")
    let more = clashes.count > 10 ? "; and \(clashes.count - 10) more" : ""
    throw AisError(.needsDecision, "outputs would overwrite each other or their inputs: \(shown)\(more)")
  }

  /// A path without links, dots and doubled slashes, whether or not it is there.
  private static func canonical(_ path: String) -> String {
    URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }
}
