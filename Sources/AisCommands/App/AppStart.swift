import AisServer
import Foundation
import Glibc

/// Tells the person at the terminal where the page is, and opens it.
struct AppStart: Sendable {
  let listen: String
  let token: AccessToken?
  let key: String?
  let stateFolder: String

  /// Where the server is reached, written down for a second start.
  func record(_ port: Int) -> ServerRecord {
    let host = ["0.0.0.0", "::"].contains(listen) ? HostName.current : listen.contains(":") ? "[\(listen)]" : listen
    let record = ServerRecord(address: "http://\(host):\(port)", token: token ?? AccessToken())
    _ = record.write(in: stateFolder)
    return record
  }

  func remove() {
    ServerRecord(address: "", token: token ?? AccessToken()).remove(from: stateFolder)
    unlink(browserPage)
  }

  func announce(_ record: ServerRecord, _ port: Int, _ verbosity: VerbosityArguments, opensBrowser: Bool) {
    let entry = record.entry(to: key)
    if verbosity.json {
      printJSON(record, entry)
      return
    }
    // The address is what the command is for: it is printed even when little is.
    Terminal.standardOutput.print(entry)
    if verbosity.quiet { return }
    if let line = RemoteLine.current(port: port) {
      Terminal.standardError.print("ais: on the machine before you, type")
      Terminal.standardError.print("  \(line)")
      Terminal.standardError.print("and open the address above there. Ctrl-C here stops the program")
    } else {
      if opensBrowser { openBrowser(entry) }
      Terminal.standardError.print("ais: open this address in a browser. Ctrl-C stops the program")
    }
  }

  /// The same for a project that another process of this user has open already.
  func announceOther(_ record: ServerRecord, _ verbosity: VerbosityArguments, opensBrowser: Bool) {
    let entry = record.entry(to: key)
    if verbosity.json {
      printJSON(record, entry)
      return
    }
    Terminal.standardOutput.print(entry)
    if verbosity.quiet { return }
    Terminal.standardError.print(
      "ais: the project is open already, in process \(record.process) on '\(record.host)': join it at this address")
    if opensBrowser, record.host == HostName.current, RemoteLine.current(port: 0) == nil { openBrowser(entry) }
  }

  private func printJSON(_ record: ServerRecord, _ entry: String) {
    struct Line: Encodable {
      var schema = "ais.app/1"
      var address: String
      var token: String
      var url: String
      var project: String?
      var process: Int32
    }
    let line = Line(
      address: record.address, token: record.token, url: entry, project: key, process: record.process)
    if let text = try? ProjectArguments.json(line) { Terminal.standardOutput.print(text: text) }
  }

  // MARK: The browser

  private var browserPage: String { "\(stateFolder)/servers/\(HostName.current)-\(getpid()).html" }

  /// Opens the page in the person's browser, if there is a screen. The address is handed over in a file that only the person can
  /// read: arguments of processes are seen by everybody on the machine.
  func openBrowser(_ entry: String) {
    let environment = ProcessInfo.processInfo.environment
    guard environment["DISPLAY"] != nil || environment["WAYLAND_DISPLAY"] != nil else { return }
    let html =
      "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url=\(entry)\"><a href=\"\(entry)\">Ais</a>\n"
    let descriptor = Glibc.open(browserPage, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    guard (try? handle.write(contentsOf: Data(html.utf8))) != nil else { return }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["xdg-open", browserPage]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    // Without a browser the printed address is enough.
    try? process.run()
  }
}

/// The line that a person who sits at another machine types there.
enum RemoteLine {
  /// `nil` when the person seems to sit here.
  static func current(port: Int) -> String? {
    line(environment: ProcessInfo.processInfo.environment, user: NSUserName(), host: HostName.current, port: port)
  }

  static func line(environment: [String: String], user: String, host: String, port: Int) -> String? {
    let forward = "-L \(port):localhost:\(port)"
    if environment["SLURM_JOB_ID"] != nil {
      // The node of a job is reached by way of the host where the job was submitted.
      let submit = environment["SLURM_SUBMIT_HOST"].map { "-J \(user)@\($0) " } ?? ""
      return "ssh -N \(submit)\(forward) \(user)@\(environment["SLURMD_NODENAME"] ?? host)"
    }
    guard let connection = environment["SSH_CONNECTION"] else { return nil }
    // The address at which the person's machine reached this one: it certainly knows the way.
    let words = connection.split(separator: " ")
    let address = words.count == 4 ? String(words[2]) : host
    let gate = words.count == 4 && words[3] != "22" ? "-p \(words[3]) " : ""
    return "ssh -N \(gate)\(forward) \(user)@\(address)"
  }
}
