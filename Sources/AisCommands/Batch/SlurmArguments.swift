import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import ArgumentParser
import Foundation

/// What jobs ask of Slurm, as options.
package struct SlurmArguments: ParsableArguments {
  @Option(name: [.long, .customShort("p")], help: ArgumentHelp("The partition.", valueName: "name"))
  package var partition: String?

  @Option(help: ArgumentHelp("The account that is charged.", valueName: "name"))
  package var account: String?

  @Option(help: ArgumentHelp("The quality of service.", valueName: "name"))
  package var qos: String?

  @Option(
    help: ArgumentHelp(
      "The time limit of each worker, such as 4h, 90min or 1-12:00:00 (4h without it). What is not done by then goes on in another job.",
      valueName: "time"),
    transform: { try SlurmTime($0) })
  package var time: SlurmTime?

  @Option(help: ArgumentHelp("Processors of each worker (4 without it).", valueName: "count"))
  package var cpus: Int?

  @Option(
    help: ArgumentHelp("Memory of each worker (16GiB without it).", valueName: "amount"), transform: Quantity.byteCount)
  package var memory: ByteCount?

  @Option(
    help: ArgumentHelp(
      "Graphics cards of each worker that segments, such as 1 or a100:1. Workers that pick, mesh or measure get none.",
      valueName: "count"))
  package var gpus: String?

  @Option(
    help: ArgumentHelp(
      "Workers in each array. Without it, as many as have ten minutes of work each, at most 64; never more than there are tasks or than the cluster allows.",
      valueName: "count"))
  package var workers: Int?

  @Option(help: ArgumentHelp("At most so many workers at a time.", valueName: "count"))
  package var atOnce: Int?

  @Option(
    help: ArgumentHelp("A module to load before the program starts. May be given several times.", valueName: "name"))
  package var module: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "One more option of sbatch, such as --constraint=a100. May be given several times.", valueName: "option"))
  package var directive: [String] = []

  @Option(
    help: ArgumentHelp(
      "What stands for {{NAME}} in a template of your site. May be given several times.", valueName: "name=text"))
  package var set: [String] = []

  @Option(
    help: ArgumentHelp(
      "The template of the scripts. Without it $AIS_SLURM_TEMPLATE, ~/.config/ais/slurm.template, /etc/ais/slurm.template, or the program's own.",
      valueName: "file"))
  package var template: String?

  @Option(
    help: ArgumentHelp(
      "Seconds before the time limit at which workers give their task back; at most half of the time.",
      valueName: "seconds"))
  package var notice: Int?

  package init() {}

  package func validate() throws {
    if let cpus, !(1...1024).contains(cpus) { throw ValidationError("--cpus \(cpus): expected 1 to 1024") }
    if let workers, workers < 1 { throw ValidationError("--workers \(workers): expected 1 or more") }
    if let atOnce, atOnce < 1 { throw ValidationError("--at-once \(atOnce): expected 1 or more") }
    if let notice, !(10...86400).contains(notice) {
      throw ValidationError("--notice \(notice): expected 10 to 86400 seconds")
    }
    if let memory, memory.bytes < 64 << 20 { throw ValidationError("--memory \(memory): expected 64MiB or more") }
    for pair in set where !pair.dropFirst().contains("=") {
      throw ValidationError("--set '\(pair)': expected a name and a text, as in --set reservation=cryo")
    }
  }

  /// The settings of a submission: what was typed, what the round before had, and what is usual, in this order.
  func settled(after previous: SlurmSettings?) throws(AisError) -> SlurmSettings {
    var settings = previous ?? SlurmSettings(program: "")
    settings.program = try OwnProgram.path()
    if let partition { settings.partition = partition }
    if let account { settings.account = account }
    if let qos { settings.qos = qos }
    if let time { settings.time = time }
    if let cpus { settings.cpus = cpus }
    if let memory { settings.memoryMebibytes = (memory.bytes + (1 << 20) - 1) >> 20 }
    if let gpus { settings.gpus = gpus == "0" ? nil : gpus }
    if let workers { settings.workers = workers }
    if let atOnce { settings.atOnce = atOnce }
    if let notice { settings.noticeSeconds = notice }
    if !module.isEmpty { settings.modules = module }
    if !directive.isEmpty { settings.directives = directive }
    for pair in set {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      settings.values[String(parts[0])] = String(parts[1])
    }
    // A template that was named for the round before is kept to, in its present form where it is still there.
    let named = previous?.templateName.hasPrefix("/") == true ? previous?.templateName : nil
    let chosen = try SlurmTemplateFile.chosen(
      template ?? named.flatMap { FileManager.default.isReadableFile(atPath: $0) ? $0 : nil })
    settings.templateName = chosen.name
    settings.template = chosen.text
    try settings.check()
    return settings
  }
}

/// The template that a site or a user has written.
enum SlurmTemplateFile {
  /// - Parameter path: what was typed; must be there.
  static func chosen(_ path: String?, environment: [String: String] = ProcessInfo.processInfo.environment)
    throws(AisError) -> ScriptTemplate
  {
    if let path = path ?? environment["AIS_SLURM_TEMPLATE"].flatMap({ $0.isEmpty ? nil : $0 }) { return try read(path) }
    // Compute nodes may have no home folder; a site's own file is then as good.
    let settings = environment["XDG_CONFIG_HOME"] ?? environment["HOME"].map { $0 + "/.config" }
    for folder in [settings, "/etc"].compactMap(\.self) {
      let path = folder + "/ais/slurm.template"
      if FileManager.default.isReadableFile(atPath: path) { return try read(path) }
    }
    return .standard
  }

  private static func read(_ path: String) throws(AisError) -> ScriptTemplate {
    let bytes = try RandomAccessFile(path).contents(limit: 1 << 20)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw AisError(.malformed, "the template '\(path)' is not a text in UTF-8")
    }
    return ScriptTemplate(name: AbsolutePath.of(path), text: text)
  }
}

/// The program that runs now.
enum OwnProgram {
  /// Its path from the root, for scripts that run on other machines.
  static func path() throws(AisError) -> String {
    let path = ProgramPath.current
    guard access(path, X_OK) == 0 else {
      throw AisError(
        .notFound,
        "the program '\(path)' is no longer there: it was replaced or removed while it ran. Start again with the new one."
      )
    }
    return path
  }
}
