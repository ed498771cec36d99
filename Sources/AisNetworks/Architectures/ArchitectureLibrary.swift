import AisCore
import AisFormats

/// All layouts that networks can be made of: those of the program, and those that a user put into a folder.
package struct ArchitectureLibrary: Sendable {
  /// Those of the user last.
  package let architectures: [Architecture]
  /// Files of the folder that cannot be used, each with the reason.
  package let warnings: [String]

  /// Reads every `.json` file of the folder; without the folder there are only the program's own.
  package init(folder: String?) {
    var users: [Architecture] = []
    var warnings: [String] = []
    let names = folder.flatMap { try? FolderListing.names(in: $0) } ?? []
    for name in names.sorted() where name.hasSuffix(".json") && !name.hasPrefix(".") {
      let path = (folder ?? "") + "/" + name
      do throws(AisError) {
        let architecture = try UserArchitectureFile(path: path).architecture()
        if let other = try? Architecture.named(architecture.name, among: Architecture.all + users) {
          warnings.append("'\(path)' is passed over: there is an architecture '\(other.name)' already")
        } else {
          users.append(architecture)
        }
      } catch { warnings.append("'\(path)' is passed over: \(error)") }
    }
    architectures = Architecture.all + users
    self.warnings = warnings
  }

  /// The architecture of that name or alias; a path that ends in `.json` is read instead.
  ///
  /// Throws `usage` with all names when there is none.
  package func named(_ name: String) throws(AisError) -> Architecture {
    if name.lowercased().hasSuffix(".json") {
      let architecture = try UserArchitectureFile(path: name).architecture()
      guard architecture.program == nil else { throw .programUnasked(name) }
      return architecture
    }
    if name.lowercased().hasSuffix(".py") { throw .programUnasked(name) }
    return try Architecture.named(name, among: architectures)
  }
}

extension AisError {
  fileprivate static func programUnasked(_ name: String) -> AisError {
    AisError(
      .usage,
      "'\(name)' is a program, which is only run when you say so: 'ais architectures add \(name)', and then name its title"
    )
  }
}
