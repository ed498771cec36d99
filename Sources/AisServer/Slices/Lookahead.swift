import AisCore
import Synchronization

/// Knows which slices of a file somebody goes through, and reads the next ones ahead.
final class Lookahead: Sendable {
  private struct Journey {
    var place: TilePlace
    /// +1 or −1.
    var direction = 1
    var ahead: [TilePlace: Task<Void, Never>] = [:]
  }

  private let journeys = Mutex<[SliceFile: Journey]>([:])
  /// Slices read ahead in the direction of travel.
  static let reach = 2

  /// Somebody looks at a place. What was read ahead elsewhere is not wanted any more.
  func arrive(_ file: SliceFile, _ place: TilePlace) {
    let dropped = journeys.withLock { journeys -> [Task<Void, Never>] in
      guard var journey = journeys[file] else {
        // Files that nobody looks at any more are forgotten with the oldest journeys.
        if journeys.count >= 64 { journeys.removeAll() }
        journeys[file] = Journey(place: place)
        return []
      }
      if Self.isSameSlice(journey.place, place) { return [] }
      let step = place.index - journey.place.index
      if journey.place.plane == place.plane, step != 0 { journey.direction = step < 0 ? -1 : 1 }
      let wanted = Set((0...Self.reach).map { place.index + $0 * journey.direction })
      let dropped = journey.ahead.filter { !Self.isAlike($0.key, place) || !wanted.contains($0.key.index) }
      for key in dropped.keys { journey.ahead.removeValue(forKey: key) }
      journey.place = place
      journeys[file] = journey
      return Array(dropped.values)
    }
    for task in dropped { task.cancel() }
  }

  /// Begins to read the slices after a place with `read`, those that are not being read.
  func proceed(_ file: SliceFile, from place: TilePlace, read: @escaping @Sendable (TilePlace) async -> Void) {
    journeys.withLock { journeys in
      guard var journey = journeys[file], Self.isSameSlice(journey.place, place) else { return }
      for step in 1...Self.reach {
        var next = place
        next.index += step * journey.direction
        next.column = 0
        if next.index < 0 || journey.ahead[next] != nil { continue }
        journey.ahead[next] = Task { [next] in
          await read(next)
          self.arrived(file, next)
        }
      }
      journeys[file] = journey
    }
  }

  private func arrived(_ file: SliceFile, _ place: TilePlace) {
    journeys.withLock { _ = $0[file]?.ahead.removeValue(forKey: place) }
  }

  /// Rows that are being read ahead.
  var load: Int { journeys.withLock { $0.values.reduce(0) { $0 + $1.ahead.count } } }

  private static func isAlike(_ a: TilePlace, _ b: TilePlace) -> Bool {
    a.plane == b.plane && a.level == b.level && a.slab == b.slab && a.encoding == b.encoding
  }

  private static func isSameSlice(_ a: TilePlace, _ b: TilePlace) -> Bool { isAlike(a, b) && a.index == b.index }
}

extension SliceService {
  /// Reads the same row of tiles of the next slices, when they can be read without crossing the whole file.
  func lookAhead(_ file: SliceFile, _ place: TilePlace) {
    guard place.plane != .yz else { return }
    lookahead.proceed(file, from: place) { next in
      // Beyond the last slice there is nothing: an error of what nobody asked for is nobody's concern.
      _ = try? await self.tile(TileName(file: file, place: next), isUrgent: false)
    }
  }
}
