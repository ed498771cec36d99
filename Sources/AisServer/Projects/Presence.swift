import AisFormats
import Synchronization

/// Who looks at a project now, and where.
final class Presence: Sendable {
  struct Person: Sendable, Equatable {
    var name: String
    var client: String
    var dataset: Int?
    var slice: Int?
    var feature: Int?
    /// Of the pointer, in voxels of the frame.
    var y: Double?
    var x: Double?
    /// What this person paints at the moment.
    var stroke: Stroke?
  }

  /// A stroke that goes on: it is an edit only when it ends, but the others see it while it is drawn.
  struct Stroke: Sendable, Equatable {
    /// In voxels of the frame.
    var radius: Double
    var erases: Bool
    /// y and x of its latest places, in turn.
    var points: [Double]

    /// Others see the end of a long stroke; its whole follows as an edit.
    static let mostPlaces = 1000

    /// `nil` for what is no stroke: nothing depends on it.
    init?(_ json: JSONValue?) {
      guard let json, let radius = json["radius"]?.number, radius.isFinite, radius >= 0,
        let points = json["points"]?.array?.compactMap(\.number), points.allSatisfy(\.isFinite),
        points.count.isMultiple(of: 2)
      else { return nil }
      self.radius = radius
      erases = json["erases"]?.bool ?? false
      self.points = Array(points.suffix(2 * Self.mostPlaces))
    }

    var json: JSONValue {
      .object(["radius": .number(radius), "erases": .bool(erases), "points": .array(points.map { .number($0) })])
    }
  }

  private struct State {
    /// In the order of coming.
    var people: [Person] = []
    /// Streams of each client: a page that reconnects has two for a moment.
    var streams: [String: Int] = [:]
  }

  private let state = Mutex(State())
  private let board: NoticeBoard

  init(board: NoticeBoard) { self.board = board }

  /// A client's stream begins.
  func join(_ client: String, name: String) {
    if client.isEmpty { return }
    state.withLock { state in
      state.streams[client, default: 0] += 1
      if !state.people.contains(where: { $0.client == client }) {
        state.people.append(Person(name: name, client: client))
      }
    }
    post()
  }

  /// A client's stream ended; after the last one the person is gone.
  func leave(_ client: String) {
    if client.isEmpty { return }
    state.withLock { state in
      let left = (state.streams[client] ?? 1) - 1
      state.streams[client] = left > 0 ? left : nil
      if left <= 0 { state.people.removeAll { $0.client == client } }
    }
    post()
  }

  /// Says where somebody is. Of clients without a stream nothing is noted: nobody would ever say that they are gone.
  func move(_ person: Person) {
    let isNews = state.withLock { state in
      guard let index = state.people.firstIndex(where: { $0.client == person.client }), state.people[index] != person
      else { return false }
      state.people[index] = person
      return true
    }
    if isNews { post() }
  }

  var json: JSONValue { .object(["people": .array(people)]) }

  var people: [JSONValue] {
    state.withLock { $0.people }.map { person in
      .object([
        "name": .string(person.name), "client": .string(person.client), "colour": .string(Self.colour(person.client)),
        "dataset": .optional(person.dataset), "slice": .optional(person.slice), "feature": .optional(person.feature),
        "y": .optional(person.y), "x": .optional(person.x), "stroke": person.stroke?.json ?? .null,
      ])
    }
  }

  private func post() { board.post("presence", event: "presence", json.text) }

  /// The same for a client at every moment, and easily told from those of others on grey.
  private static func colour(_ client: String) -> String {
    let colours = ["#6fd8ff", "#ecc042", "#cdff86", "#ec82c0", "#8a9bff", "#fd6a4a", "#a654f4", "#57c79a"]
    return colours[client.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % colours.count]
  }
}

/// The names under which clients last spoke: a stream of events cannot name its person.
final class ClientNames: Sendable {
  private static let most = 1000
  private let names = Mutex<[String: String]>([:])

  func note(_ name: String, for client: String) {
    if client.isEmpty { return }
    names.withLock { names in
      if names.count >= Self.most { names.removeAll() }
      names[client] = name
    }
  }

  func name(of client: String) -> String? { names.withLock { $0[client] } }
}
