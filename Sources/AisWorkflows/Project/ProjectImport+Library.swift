import AisCore
import AisFormats
import AisProject

extension ProjectImport {
  /// Brings in the reference program's `feature_library.txt`: JSON, since 1.2 with several named libraries, before a bare
  /// list of features.
  package func library(_ path: String) throws(AisError) -> Result {
    let json = try JSONValue(parsing: try RandomAccessFile(path).contents(limit: 64 << 20), name: path)
    var libraries: [(name: String, cards: [JSONValue], isActive: Bool)] = []
    if let cards = json.array {
      libraries = [("Default library", cards, true)]
    } else if case .object(let members)? = json["libraries"] {
      let active = json["active"]?.string
      for (name, cards) in members.sorted(by: { $0.key < $1.key }) {
        guard let cards = cards.array else { throw notLibrary(path) }
        libraries.append((name.isEmpty ? "Unnamed library" : name, cards, name == active))
      }
    } else {
      throw notLibrary(path)
    }
    var result = Result(dataset: "")
    _ = try project.edit("import", by: author, label: "import feature library") { transaction in
      for library in libraries {
        let id = try transaction.perform(.addLibrary(library.name, isActive: library.isActive))!
        for card in library.cards {
          guard let title = card["title"]?.string else { throw notLibrary(path) }
          try transaction.perform(.addLibraryFeature(library: id, Self.card(card, title)))
          result.cards += 1
        }
      }
    }
    result.features = libraries.map(\.name)
    return result
  }

  private static func card(_ json: JSONValue, _ title: String) -> LibraryFeatureFields {
    func number(_ name: String, _ range: ClosedRange<Double>) -> Double? {
      json[name]?.number.flatMap { $0.isFinite ? min(max($0, range.lowerBound), range.upperBound) : nil }
    }
    var card = LibraryFeatureFields(title: title.isEmpty ? "Unnamed feature" : title)
    if let channels = json["colour"]?.array?.compactMap(\.number), channels.count >= 3, channels.allSatisfy(\.isFinite)
    {
      // One of the reference's own colours is brighter than 1.
      let channels = channels.map { min(max($0, 0), 1) }
      card.colour = .init(red: channels[0], green: channels[1], blue: channels[2])
    }
    card.opacity = number("alpha", 0...1)
    card.brush = number("brush_size", 0.001...1e6).map { .nanometers($0) }
    card.boxSize = number("box_size", 1...131_072).map { Int($0) }
    card.isUsed = json["use"]?.bool
    card.level = number("level", 0...1e6)
    card.dustCubicNanometer = number("dust", 0...1e12)
    card.surfaceOpacity = number("render_alpha", 0...1)
    card.isSurfaceHidden = json["hide"]?.bool
    return card
  }

  private func notLibrary(_ path: String) -> AisError {
    AisError(
      .malformed, "'\(path)' is JSON, but no feature library: expected a list of features with titles, or 'libraries'")
  }
}
