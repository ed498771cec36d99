import AisCore

/// What a server is started with.
package struct AppSettings: Sendable {
  /// The name or address that it listens at.
  package var listen = "127.0.0.1"
  /// The port; `nil` takes the first free one from 8420 on.
  package var port: Int?
  package var hosts: HostRules
  package var roots: [String]
  package var token: AccessToken
  /// Who makes edits that name nobody.
  package var author: String
  /// The page's files; `nil` takes those of the program.
  package var webRoot: String?
  /// The user's folder for the list of recent projects and for where servers run.
  package var stateFolder: String
  /// The user's folder for projects whose tomograms lie where the user may not write.
  package var dataFolder: String
  /// The file that the log of this start goes to; pages tell it with errors.
  package var logPath: String?
  /// Where a user's own architectures lie.
  package var architectureFolder: String?
  /// Whether a program may be run because somebody asks for it on the page, and by which interpreter.
  package var allowsPrograms = false
  package var python = "python3"
  package var threads: Int
  package var memoryBytes: Int

  package init(
    hosts: HostRules, roots: [String], token: AccessToken, author: String, stateFolder: String, dataFolder: String,
    threads: Int, memoryBytes: Int
  ) {
    self.hosts = hosts
    self.roots = roots
    self.token = token
    self.author = author
    self.stateFolder = stateFolder
    self.dataFolder = dataFolder
    self.threads = threads
    self.memoryBytes = memoryBytes
  }

  /// Of each project, for pictures: an eighth of the memory, at most 1 GiB.
  var cacheBytes: Int { min(1 << 30, max(64 << 20, memoryBytes / 8)) }

  /// For what one network computes with: a quarter of the memory, at most 4 GiB.
  var networkBytes: Int { min(4 << 30, max(256 << 20, memoryBytes / 4)) }

  package static let firstPort = 8420
}
