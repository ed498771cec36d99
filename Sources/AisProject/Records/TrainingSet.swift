import AisCore
import Foundation
import GRDB

/// Which boxes of the project a network learns from.
package struct TrainingSet: Sendable, Hashable, Identifiable {
  /// What the boxes of a feature show: what is to be found, or what is not.
  package enum Role: String, Sendable, Hashable { case positive, negative }

  package var id: Int64
  package var title: String
  package var position: Double
  /// Edge of a box in pixels of the set.
  package var boxSize: Int
  /// Slices of a box.
  package var depth: Int
  package var pixelSize: Length
  /// Of features by number; those that are not named are not used.
  package var roles: [Int64: Role]
  /// `nil`: all datasets.
  package var datasets: [Int64]?
  /// Whether other versions of a tomogram with the same voxels go into the set, too.
  package var takesVersions: Bool

  init(_ row: Row) {
    id = row["id"]
    title = row["title"]
    position = row["position"]
    boxSize = row["box_size"]
    depth = row["depth"]
    pixelSize = .angstroms(row["pixel_size_angstrom"])
    roles = Self.roles(row["roles"])
    datasets = (row["datasets"] as String?).map(Self.datasets)
    takesVersions = row["takes_versions"]
  }

  /// The features of a role, in no order.
  package func features(_ role: Role) -> Set<Int64> { Set(roles.filter { $0.value == role }.keys) }

  private static func roles(_ text: String) -> [Int64: Role] {
    let words = (try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))) ?? [:]
    return Dictionary(
      words.compactMap { id, word in
        guard let id = Int64(id), let role = Role(rawValue: word) else { return nil }
        return (id, role)
      }
    ) { $1 }
  }

  private static func datasets(_ text: String) -> [Int64] {
    (try? JSONDecoder().decode([Int64].self, from: Data(text.utf8))) ?? []
  }
}

/// What a set is made with, or what of it changes: `nil` leaves it, or takes the default.
package struct TrainingSetFields: Sendable {
  package var title: String?
  package var position: Double?
  package var boxSize: Int?
  package var depth: Int?
  package var pixelSize: Length?
  package var roles: [Int64: TrainingSet.Role]?
  package var datasets: [Int64]??
  package var takesVersions: Bool?

  package init(title: String? = nil) { self.title = title }

  var values: [String: ProjectValue] {
    var values: [String: ProjectValue] = [:]
    if let title { values["title"] = .text(title) }
    if let position { values["position"] = .real(position) }
    if let boxSize { values["box_size"] = .integer(Int64(boxSize)) }
    if let depth { values["depth"] = .integer(Int64(depth)) }
    if let pixelSize { values["pixel_size_angstrom"] = .real(pixelSize.angstrom) }
    if let roles {
      let words = roles.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \"\($0.value.rawValue)\"" }
      values["roles"] = .text("{\(words.joined(separator: ", "))}")
    }
    if let datasets {
      values["datasets"] = .optional(datasets.map { "[\($0.map(String.init).joined(separator: ", "))]" })
    }
    if let takesVersions { values["takes_versions"] = .flag(takesVersions) }
    return values
  }
}
