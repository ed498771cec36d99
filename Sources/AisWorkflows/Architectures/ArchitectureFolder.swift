import AisCore
import AisFormats
import AisNetworks
import Foundation

/// The folder in which a user's own architectures lie, one file each.
package struct ArchitectureFolder: Sendable {
  package let path: String

  /// Files that were taken out lately and may come back.
  private var asidePath: String { path + "/.removed" }
  private static let mostAside = 20

  package init(_ path: String) { self.path = path }

  /// The title of an architecture of the user's, as it writes itself, and its file. Throws `not-found`.
  private func find(_ title: String) throws(AisError) -> (title: String, path: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    for name in names.sorted() where name.hasSuffix(".json") && !name.hasPrefix(".") {
      guard let found = try? UserArchitectureFile(path: path + "/" + name),
        found.title.lowercased() == title.lowercased()
      else { continue }
      return (found.title, path + "/" + name)
    }
    throw AisError(.notFound, "there is no layout '\(title)' of yours in '\(path)'")
  }

  /// Forgets an architecture for good, and returns its title.
  package func remove(_ title: String) throws(AisError) -> String {
    let found = try find(title)
    do { try FileManager.default.removeItem(atPath: found.path) } catch {
      throw AisError(.fileSystem, "'\(found.path)' cannot be removed: \(error.localizedDescription)")
    }
    return found.title
  }

  /// Takes an architecture out, so that it can come back: its title, and the name by which `restore` knows it.
  package func setAside(_ title: String) throws(AisError) -> (title: String, name: String) {
    let found = try find(title)
    let name = UUID().uuidString.lowercased()
    let place = "\(asidePath)/\(name)"
    do {
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      try FileManager.default.moveItem(
        atPath: found.path, toPath: place + "/" + (found.path as NSString).lastPathComponent)
    } catch {
      throw AisError(.fileSystem, "'\(found.path)' cannot be moved: \(error.localizedDescription)")
    }
    prune()
    return (found.title, name)
  }

  /// Brings back what was set aside. Throws `not-found`, and `needs-decision` when another of that name has come meanwhile.
  package func restore(_ name: String) throws(AisError) {
    let place = "\(asidePath)/\(name)"
    let isName = UUID(uuidString: name) != nil
    guard isName, let file = try? FileManager.default.contentsOfDirectory(atPath: place).first else {
      throw AisError(.notFound, "nothing was removed that could come back as '\(name)'")
    }
    let target = path + "/" + file
    guard !FileManager.default.fileExists(atPath: target) else {
      throw AisError(.needsDecision, "there is another '\(target)' by now: remove that first")
    }
    do {
      try FileManager.default.moveItem(atPath: place + "/" + file, toPath: target)
      try? FileManager.default.removeItem(atPath: place)
    } catch {
      throw AisError(.fileSystem, "'\(file)' cannot be brought back: \(error.localizedDescription)")
    }
  }

  private func prune() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: asidePath)) ?? []
    let dated = names.map { name -> (name: String, date: Date) in
      let attributes = try? FileManager.default.attributesOfItem(atPath: asidePath + "/" + name)
      return (name, attributes?[.modificationDate] as? Date ?? .distantPast)
    }
    for old in dated.sorted(by: { $0.date > $1.date }).dropFirst(Self.mostAside) {
      try? FileManager.default.removeItem(atPath: asidePath + "/" + old.name)
    }
  }
}
