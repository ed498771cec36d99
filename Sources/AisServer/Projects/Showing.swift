import AisFormats
import Synchronization

/// Which page was used last, and what somebody asked to be shown there.
///
/// A page tells when it is used, together with where it is. Of all pages the one that was used last goes to what was asked for; the
/// others hear of it, and go there when somebody presses.
final class Showing: Sendable {
  /// A tomogram, or only a project, that is to be seen.
  struct Wish: Sendable, Equatable {
    var project: String
    /// What pages call it.
    var name: String
    var dataset: Int64?
    var slice: Int?
    /// Who asked.
    var author: String

    /// The page's own address of it.
    var address: String {
      let query = [dataset.map { "d=\($0)" }, slice.map { "z=\($0)" }].compactMap(\.self)
      return "/p/\(project)/annotate" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }
  }

  private struct Page {
    /// Of its stream, or of its last one.
    var project: String
    var streams = 0
    var used: ContinuousClock.Instant
    /// When its last stream ended.
    var left: ContinuousClock.Instant?
  }

  private struct State {
    var pages: [String: Page] = [:]
    var number = 0
    /// What no page was there for.
    var missed: (wish: Wish, number: Int, time: ContinuousClock.Instant)?
  }

  /// A page that sleeps in the background is shown what it missed when it comes back within this time.
  static let patience = Duration.seconds(600)
  private static let mostPages = 1000

  private let state = Mutex(State())

  // MARK: Pages

  /// A page's stream begins. A page that is opened is used.
  func join(_ client: String, project: String) {
    if client.isEmpty { return }
    state.withLock { state in
      if state.pages.count >= Self.mostPages { state.pages = state.pages.filter { $0.value.streams > 0 } }
      // Somebody opened a page for it instead.
      if state.pages[client] == nil { state.missed = nil }
      var page = state.pages[client] ?? Page(project: project, used: .now)
      page.project = project
      page.streams += 1
      state.pages[client] = page
    }
  }

  func leave(_ client: String) {
    state.withLock { state in
      guard var page = state.pages[client] else { return }
      page.streams = max(0, page.streams - 1)
      if page.streams == 0 { page.left = .now }
      state.pages[client] = page
    }
  }

  /// Somebody pressed, typed or scrolled in a page.
  func use(_ client: String) { state.withLock { $0.pages[client]?.used = .now } }

  /// The project in the page that was used last.
  var project: String? { state.withLock { Self.latest($0.pages)?.value.project } }

  private static func latest(_ pages: [String: Page]) -> (key: String, value: Page)? {
    pages.filter { $0.value.streams > 0 }.max { $0.value.used < $1.value.used }
  }

  // MARK: Wishes

  /// Notes what is to be shown, and returns the page that goes there, if one is there, and the event that tells all pages.
  func show(_ wish: Wish) -> (client: String?, event: JSONValue) {
    state.withLock { state in
      state.number += 1
      let client = Self.latest(state.pages)?.key
      state.missed = client == nil ? (wish, state.number, .now) : nil
      return (client, Self.event(wish, number: state.number, client: client))
    }
  }

  /// What a page that comes back was asked for while no page was there; told once.
  func missed(by client: String) -> JSONValue? {
    state.withLock { state in
      guard let missed = state.missed, let left = state.pages[client]?.left, left <= missed.time,
        ContinuousClock.now - missed.time < Self.patience
      else { return nil }
      state.missed = nil
      return Self.event(missed.wish, number: missed.number, client: client)
    }
  }

  private static func event(_ wish: Wish, number: Int, client: String?) -> JSONValue {
    .object([
      "number": .number(number), "project": .string(wish.project), "name": .string(wish.name),
      "dataset": .optional(wish.dataset), "slice": .optional(wish.slice), "author": .string(wish.author),
      "client": .optional(client),
    ])
  }
}
