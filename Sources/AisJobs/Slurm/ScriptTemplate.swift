import AisCore

/// The script of a job with places that are filled in: `{{name}}`.
///
/// A line that begins with `#SBATCH?` is left out when nothing fills one of its places, and becomes `#SBATCH` otherwise. Any
/// other place that nothing fills is an error, and so is an option for which there is no place: a script never leaves out
/// silently what somebody asked for.
package struct ScriptTemplate: Sendable, Hashable {
  /// What errors call it: the path of its file.
  package var name: String
  package var text: String

  package init(name: String, text: String) {
    self.name = name
    self.text = text
  }

  /// A value for a place.
  package struct Value: Sendable, Hashable {
    /// `nil` when nobody gave one.
    package var text: String?
    /// What gives it, such as `--partition`.
    package var option: String
    /// Whether the template must have a place for it.
    package var isRequired: Bool

    package init(_ text: String?, option: String, isRequired: Bool) {
      self.text = text
      self.option = option
      self.isRequired = isRequired
    }
  }

  /// Fills all places. Throws `malformed` with all that are wrong.
  package func filled(_ values: [String: Value]) throws(AisError) -> String {
    guard text.hasPrefix("#!") else {
      throw AisError(
        .malformed,
        "the template '\(name)' does not begin with '#!', as the script of a job must: '#!/bin/bash' is usual")
    }
    var missing: [String] = []
    var used: Set<String> = []
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      let places = Self.places(in: line)
      used.formUnion(places)
      let empty = places.filter { values[$0]?.text == nil }
      if line.hasPrefix(Self.optionalMark), !empty.isEmpty { continue }
      for place in empty where !missing.contains(place) { missing.append(place) }
      let filled = Self.fill(line, values)
      // A place that stands alone and comes to nothing leaves no empty line.
      if filled.isEmpty, !places.isEmpty { continue }
      lines.append(filled.hasPrefix(Self.optionalMark) ? "#SBATCH" + filled.dropFirst(Self.optionalMark.count) : filled)
    }
    guard missing.isEmpty else { throw .unfilled(name, missing.map { ($0, values[$0]?.option) }) }
    let homeless = values.filter { name, value in value.isRequired && !used.contains(name) }.keys.sorted()
    guard homeless.isEmpty else { throw .withoutPlace(name, homeless.map { ($0, values[$0]?.option ?? "") }) }
    return lines.joined(separator: "\n")
  }

  private static let optionalMark = "#SBATCH?"

  /// The names in `{{…}}`, in their order.
  static func places(in line: String) -> [String] {
    var names: [String] = []
    var rest = Substring(line)
    while let place = nextPlace(in: rest) {
      names.append(place.name)
      rest = rest[place.range.upperBound...]
    }
    return names
  }

  private static func fill(_ line: String, _ values: [String: Value]) -> String {
    var result = ""
    var rest = Substring(line)
    while let place = nextPlace(in: rest) {
      result += rest[..<place.range.lowerBound]
      result += values[place.name]?.text ?? ""
      rest = rest[place.range.upperBound...]
    }
    return result + rest
  }

  private static func nextPlace(in text: Substring) -> (name: String, range: Range<String.Index>)? {
    var start = text.startIndex
    while let open = text[start...].firstRange(of: "{{"), let close = text[open.upperBound...].firstRange(of: "}}") {
      let name = text[open.upperBound..<close.lowerBound]
      let isName = !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
      if isName { return (String(name), open.lowerBound..<close.upperBound) }
      start = open.upperBound
    }
    return nil
  }
}

extension ScriptTemplate {
  /// What is used where a site has none of its own.
  package static let standard = ScriptTemplate(
    name: "standard template",
    text: """
      #!/bin/bash
      {{job}}
      #SBATCH? --partition={{partition}}
      #SBATCH? --account={{account}}
      #SBATCH? --qos={{qos}}
      #SBATCH --nodes=1
      #SBATCH --ntasks=1
      #SBATCH --time={{time}}
      #SBATCH --cpus-per-task={{cpus}}
      #SBATCH --mem={{memory}}
      #SBATCH? --gres=gpu:{{gpus}}
      {{directives}}

      {{modules}}
      {{command}}

      """)
}
