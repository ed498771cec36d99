import AisCore

/// The scripts of a batch's jobs.
package struct SlurmScript: Sendable {
  /// What a job is for.
  package enum Purpose: Sendable, Hashable {
    /// Workers that take tasks of these commands, with or without graphics cards.
    case work(SlurmArray, commands: [String], hasCards: Bool)
    /// Looks, when all workers have ended, whether something is left, and submits the next round.
    case close(round: Int)
  }

  private let settings: SlurmSettings
  private let folder: BatchFolder

  package init(_ settings: SlurmSettings, folder: BatchFolder) {
    self.settings = settings
    self.folder = folder
  }

  /// Places that nobody else may fill.
  static let ownPlaces: Set<String> = [
    "job", "command", "partition", "account", "qos", "time", "cpus", "memory", "gpus", "directives", "modules",
  ]

  /// - Parameter after: jobs that must have ended before, however they did.
  package func text(_ purpose: Purpose, after jobs: [Int] = []) throws(AisError) -> String {
    var (cpus, memory, time, gpus) = (settings.cpus, settings.memoryMebibytes, settings.time, settings.gpus)
    switch purpose {
    case .work(_, _, let hasCards): if !hasCards { gpus = nil }
    case .close: (cpus, memory, time, gpus) = (1, min(memory, 1024), SlurmTime(minutes: min(time.minutes, 15)), nil)
    }
    func always(_ text: String?, _ option: String) -> ScriptTemplate.Value {
      .init(text, option: option, isRequired: false)
    }
    func asked(_ text: String?, _ option: String) -> ScriptTemplate.Value {
      .init(text, option: option, isRequired: text != nil)
    }
    var values = settings.values.mapValues { ScriptTemplate.Value($0, option: "--set", isRequired: true) }
    for name in settings.values.keys { values[name]?.option = "--set \(name)=…" }
    let own: [String: ScriptTemplate.Value] = [
      "job": .init(job(purpose, after: jobs), option: "what Ais asks of every job", isRequired: true),
      "command": .init(command(purpose), option: "what is run", isRequired: true),
      "partition": asked(settings.partition, "--partition"),
      "account": asked(settings.account, "--account"),
      "qos": asked(settings.qos, "--qos"),
      "time": always(time.description, "--time"),
      "cpus": always("\(cpus)", "--cpus"),
      "memory": always("\(memory)M", "--memory"),
      "gpus": asked(gpus, "--gpus"),
      "directives": .init(
        settings.directives.map { "#SBATCH \($0)" }.joined(separator: "\n"), option: "--directive",
        isRequired: !settings.directives.isEmpty),
      "modules": .init(
        settings.modules.map { "module load \($0)" }.joined(separator: "\n"), option: "--module",
        isRequired: !settings.modules.isEmpty),
    ]
    values.merge(own) { _, own in own }
    return try ScriptTemplate(name: settings.templateName, text: settings.template).filled(values)
  }

  /// What Ais asks of every job, in the form of directives.
  private func job(_ purpose: Purpose, after jobs: [Int]) -> String {
    var words = ["--job-name=\(jobName(purpose))"]
    var log = "%j"
    if case .work(let array, _, _) = purpose {
      words.append("--array=\(array.text)")
      log = "%A_%a"
    }
    words.append("--chdir=\(Self.quoted(folder.output))")
    // A per cent sign in the folder's name would be taken for a place of Slurm's.
    words.append("--output=\(Self.quoted(folder.slurmPath.replacing("%", with: "%%") + "/\(log).log"))")
    words += ["--open-mode=append", "--requeue"]
    if case .work = purpose { words.append("--signal=B:USR1@\(settings.notice)") }
    if !jobs.isEmpty { words.append("--dependency=afterany:\(jobs.map(String.init).joined(separator: ":"))") }
    return words.map { "#SBATCH \($0)" }.joined(separator: "\n")
  }

  /// `exec`, so that the program itself gets the signals that Slurm sends to the script.
  private func command(_ purpose: Purpose) -> String {
    var words: [String]
    switch purpose {
    case .work(_, let commands, _):
      words = [
        "batch", "work", Self.shellWord(folder.output), "--when-idle", "leave", "--only",
        commands.joined(separator: ","),
      ]
      // A template with a time of its own would make ours a lie.
      if ScriptTemplate.places(in: settings.template).contains("time") {
        words += ["--time", settings.time.description, "--notice", "\(settings.notice)"]
      }
    case .close(let round):
      words = ["batch", "submit", "--slurm", "--after-round", "\(round)", Self.shellWord(folder.output)]
    }
    return """
      ais=\(Self.shellWord(settings.program))
      if ! [ -x "$ais" ]; then
        echo "ais: '$ais' cannot be run on $(uname -n): install Ais in a folder that all nodes see, and submit again from there" >&2
        exit 1
      fi
      exec "$ais" \(words.joined(separator: " "))
      """
  }

  private func jobName(_ purpose: Purpose) -> String {
    let last = folder.output.split(separator: "/").last ?? "batch"
    let name = String(
      last.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) ? $0 : "_" }.prefix(40))
    if case .close = purpose { return "ais-\(name)-next" }
    return "ais-\(name)"
  }

  /// For a directive: Slurm knows double quotes and the backslash there.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// For the shell.
  private static func shellWord(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
