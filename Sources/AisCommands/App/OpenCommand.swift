import AisCore
import AisFormats
import AisServer
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais open`: a tomogram, shown in the page that is open already.
package struct OpenCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "open",
    abstract: "Show a tomogram in the page that is open.",
    discussion: """
        ais open TS_03.mrc --slice 120          the page that was used last goes there
        ais open TS_04.mrc --project Cells.ais  in that project, which takes it in
        ais open Cells.ais                      another project

      It asks an 'ais' of yours that runs on this machine. A tomogram is shown in the project that has it; one that no open project has \
      comes into the project of its folder, as with 'ais FILE'. Slices are counted from 0. Where no page is open, the address to open \
      is printed.
      """)

  @Argument(help: ArgumentHelp("A tomogram, a folder of them, or a project.", valueName: "path"))
  package var path: String

  @Option(
    help: ArgumentHelp("The slice, counted from 0. Without it, where the tomogram was left.", valueName: "number"))
  package var slice: Int?

  @Option(help: ArgumentHelp("The project in which it is shown.", valueName: "folder"))
  package var project: String?

  @Flag(help: "Do not open a browser where no page is open.")
  package var noOpen = false

  @Flag(help: "Print JSON, schema ais.open/1.")
  package var json = false

  package init() {}

  package func run() throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw AisError(.notFound, "'\(path)' is not there. Expected a tomogram, a folder of them, or a project")
    }
    let folders = UserFolders.current
    let servers = ServerRecord.running(stateFolder: folders.state)
    guard !servers.isEmpty else { throw nobody }
    let (record, answer) = try shown(servers, folders)
    try report(answer, by: record, folders)
  }

  private var nobody: AisError {
    AisError(
      .notFound,
      "no 'ais' of yours runs on this machine. Start one that shows it: ais \(shellWord(project ?? path))")
  }

  // MARK: Asking

  /// Which server shows it: that of the project, one that knows the file, that of the file's own project, or the latest.
  private func shown(_ servers: [ServerRecord], _ folders: UserFolders) throws -> (ServerRecord, JSONValue) {
    let absolute = URL(filePath: path).standardizedFileURL.path
    var wanted: [String: JSONValue] = ["path": .string(absolute)]
    if let slice { wanted["slice"] = .number(Double(slice)) }
    if let project {
      let place = URL(filePath: project).standardizedFileURL.path
      let record = owner(of: place, servers, folders) ?? servers[0]
      let key = try asked(record, "/api/open", ["paths": .array([.string(place)])])["project"]
      wanted["project"] = key ?? .null
      return (record, try asked(record, "/api/show", wanted))
    }
    var living: [ServerRecord] = []
    for record in servers {
      do {
        let answer = try ServerClient(record).post(
          "/api/show", .object(wanted.merging(["known": .bool(true)]) { $1 }))
        return (record, answer)
      } catch let refused as ServerClient.Refused {
        guard refused.error.code == .notFound else { throw refused.error }
        living.append(record)
      } catch {
        // It died, or is stopping.
        continue
      }
    }
    guard let latest = living.first else { throw nobody }
    let own = try? AppServer.project(of: [absolute], dataFolder: folders.data)
    let record = own.flatMap { owner(of: $0, living, folders) } ?? latest
    return (record, try asked(record, "/api/show", wanted))
  }

  private func owner(of project: String, _ servers: [ServerRecord], _ folders: UserFolders) -> ServerRecord? {
    guard let found = ServerRecord.owner(of: project, stateFolder: folders.state) else { return nil }
    return servers.first { $0.process == found.process }
  }

  /// Asks; a folder that the page may not look into yet is added, as it would be by starting with it.
  private func asked(_ record: ServerRecord, _ address: String, _ body: [String: JSONValue]) throws -> JSONValue {
    let client = ServerClient(record)
    do { return try client.post(address, .object(body)) } catch let refused as ServerClient.Refused {
      guard refused.error.code == .outsideRoots, let folder = refused.remedy?["path"]?.string else {
        throw refused.error
      }
      do {
        _ = try client.post("/api/roots", .object(["path": .string(folder)]))
        if !json { Terminal.standardError.print("ais: the page may look into '\(folder)' from now on") }
        return try client.post(address, .object(body))
      } catch let refused as ServerClient.Refused {
        throw refused.error
      }
    }
  }

  // MARK: Telling

  private func report(_ answer: JSONValue, by record: ServerRecord, _ folders: UserFolders) throws {
    let isShown = answer["isShown"]?.bool ?? false
    let place = answer["address"]?.string ?? "/"
    let entry = record.entry(at: place)
    if json {
      struct Line: Encodable {
        var schema = "ais.open/1"
        var isShown: Bool
        var project: String?
        var dataset: Int?
        var slice: Int?
        var address: String
        var process: Int32
      }
      let line = Line(
        isShown: isShown, project: answer["project"]?.string, dataset: answer["dataset"]?.integer,
        slice: answer["slice"]?.integer, address: record.address + place, process: record.process)
      Terminal.standardOutput.print(text: try ProjectArguments.json(line))
    } else if isShown {
      let name = answer["name"]?.string ?? path
      Terminal.standardOutput.print("'\(name)' is shown in the page at \(record.address)")
    } else {
      Terminal.standardOutput.print(entry)
      Terminal.standardError.print("ais: no page is open just now: open this address in a browser")
    }
    if !isShown, !noOpen, !json, RemoteLine.current(port: 0) == nil {
      AppStart(listen: "", token: nil, key: nil, stateFolder: folders.state).openBrowser(entry)
    }
  }
}
