import Foundation

/// The user's own folders for what the program keeps (XDG Base Directory Specification).
struct UserFolders: Sendable {
  /// What may be lost: lists, logs, where servers run.
  var state: String
  /// What may not.
  var data: String
  /// What servers did, a file for each start.
  var logs: String { state + "/log" }
  /// What the user has set up.
  var config: String

  /// Architectures that the user brought along.
  var architectures: String { config + "/architectures" }

  static var current: UserFolders {
    let environment = ProcessInfo.processInfo.environment
    func folder(_ name: String, _ standard: String) -> String {
      // Relative ones are invalid by the specification.
      if let path = environment[name], path.hasPrefix("/") { return path + "/ais" }
      return (environment["HOME"] ?? NSHomeDirectory()) + "/" + standard + "/ais"
    }
    return UserFolders(
      state: folder("XDG_STATE_HOME", ".local/state"), data: folder("XDG_DATA_HOME", ".local/share"),
      config: folder("XDG_CONFIG_HOME", ".config"))
  }
}
