import AisCore
import AisFormats
import AisServer
import ArgumentParser
import Foundation
import Logging

/// `ais app`: the page in the browser. It is what `ais` does when no other command is named.
package struct AppCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "app",
    abstract: "Look through tomograms and annotate them, in the browser.",
    discussion: """
        ais                          the page, with the projects of last time
        ais tomograms/               all tomograms of a folder, in its project
        ais Cells.ais                a project
        ais app --root /data --port 8000 --no-open

      The page runs in the browser of this machine or, through one forwarded port, of any other: over SSH the line to type \
      there is printed. Only who has the printed address gets in. Every edit is on the disk before it is answered; Ctrl-C \
      stops the program at any time, while trainings and runs go on. A project that is open in another 'ais app' of yours \
      is joined there.
      """)

  @Argument(help: ArgumentHelp("Tomograms, .scns files, a folder of them, or a project.", valueName: "path"))
  package var paths: [String] = []

  @Option(help: ArgumentHelp("The port. Without it, 8420 or the next one that is free.", valueName: "number"))
  package var port: Int?

  @Option(
    help: ArgumentHelp(
      "The address to listen at. Anything but this machine's own lets others on the network ask.", valueName: "address")
  )
  package var listen = "127.0.0.1"

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A folder that the page may look into. May be given several times. Without it, the present folder, your home and the folders of the paths.",
      valueName: "folder"))
  package var root: [String] = []

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Another name under which the program may be asked, such as that of a proxy. May be given several times.",
      valueName: "name"))
  package var allowHost: [String] = []

  @Flag(
    help: ArgumentHelp(
      "Let the page add architectures that are programs (.py), which are run then. Whoever has the address may do so."))
  package var allowPrograms = false

  @Option(help: ArgumentHelp("The Python that such programs are run with; it has Keras.", valueName: "program"))
  package var python = "python3"

  @Flag(help: "Do not open a browser.")
  package var noOpen = false

  @Option(help: ArgumentHelp("Who makes the edits that name nobody. Without it, your name.", valueName: "name"))
  package var author: String?

  @Option(help: ArgumentHelp("Where the log goes. Without it, ~/.local/state/ais/log.", valueName: "file"))
  package var log: String?

  @Option(help: ArgumentHelp("A folder with the page's files, for working on them.", visibility: .hidden))
  package var webRoot: String?

  @OptionGroup(title: "The machine")
  package var machine: MachineArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    if let port, !(0...65535).contains(port) {
      throw ValidationError("--port \(port): expected 1 to 65535, or 0 for any that is free")
    }
  }

  package func run() async throws {
    if let word = paths.first, paths.count == 1, !word.contains("/"), !word.contains("."),
      !FileManager.default.fileExists(atPath: word)
    {
      throw ValidationError("'\(word)' is neither a command nor a file that is here. 'ais --help' lists the commands")
    }
    let folders = UserFolders.current
    let log = try AppLog.make(verbosity, path: log, folder: folders.logs)
    let logger = log.logger
    var settings = try settings(folders, logger)
    settings.logPath = log.path
    let server = try AppServer(settings, logger: logger)
    let key: String?
    do {
      key = paths.isEmpty ? nil : try await server.open(paths, creates: true)
    } catch let error as AisError where error.code == .inUse {
      return try join(error, try server.project(of: paths), folders)
    }
    let port = try FreePort.find(port)
    let opensBrowser = !noOpen && !verbosity.json
    let start = AppStart(listen: listen, token: server.settings.token, key: key, stateFolder: folders.state)
    let left: WorkLeft
    do {
      left = try await server.run(port: port) { port in
        let record = start.record(port)
        start.announce(record, port, verbosity, opensBrowser: opensBrowser)
      }
    } catch {
      start.remove()
      guard error is AisError else {
        throw AisError(
          .inUse,
          "'\(listen)', port \(port), cannot be listened at (\(error)). Choose others with '--listen' and '--port'")
      }
      throw error
    }
    start.remove()
    logger.info("stopped")
    if !verbosity.quiet, !verbosity.json {
      Terminal.standardError.print("ais: stopped; everything is saved")
      if let sentence = left.sentence { Terminal.standardError.print("ais: \(sentence)") }
    }
  }

  private func settings(_ folders: UserFolders, _ logger: Logger) throws -> AppSettings {
    var given = root
    if root.isEmpty { given = [FileManager.default.currentDirectoryPath, NSHomeDirectory()] }
    for folder in root {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
        throw ValidationError("--root '\(folder)': there is no such folder")
      }
    }
    for path in paths {
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      let absolute = URL(filePath: path).standardizedFileURL
      let isProject = path.hasSuffix(".ais") || path.hasSuffix(".ais/")
      given.append(
        isThere && isFolder.boolValue && !isProject ? absolute.path : absolute.deletingLastPathComponent().path)
    }
    var hosts = allowHost
    if !["127.0.0.1", "localhost", "::1"].contains(listen) {
      hosts.append(contentsOf: ["0.0.0.0", "::"].contains(listen) ? [HostName.current] : [listen])
    }
    let resources = machine.settled(logger)
    let token = try ProcessInfo.processInfo.environment["AIS_TOKEN"].map { try AccessToken($0) } ?? AccessToken()
    let fullName = NSFullUserName().trimmingCharacters(in: .whitespaces)
    var settings = AppSettings(
      hosts: HostRules(allowing: hosts), roots: given, token: token,
      author: author ?? (fullName.isEmpty ? NSUserName() : fullName), stateFolder: folders.state,
      dataFolder: folders.data, threads: resources.threads, memoryBytes: Int(resources.memory.bytes))
    settings.listen = listen
    settings.webRoot = webRoot
    settings.architectureFolder = folders.architectures
    settings.allowsPrograms = allowPrograms
    settings.python = python
    return settings
  }

  /// Leads to the server of the same user that has the project; when it is another's, the error says whose.
  private func join(_ error: AisError, _ project: String, _ folders: UserFolders) throws {
    guard let record = ServerRecord.owner(of: project, stateFolder: folders.state) else { throw error }
    let start = AppStart(listen: listen, token: nil, key: ServerRecord.key(of: project), stateFolder: folders.state)
    start.announceOther(record, verbosity, opensBrowser: !noOpen && !verbosity.json)
  }
}
