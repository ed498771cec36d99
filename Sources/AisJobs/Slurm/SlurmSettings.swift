import AisCore

/// What jobs of a batch ask of Slurm. Kept with every round, so that later rounds ask the same wherever they are submitted.
package struct SlurmSettings: Sendable, Hashable, Codable {
  package var partition: String?
  package var account: String?
  package var qos: String?
  package var time = SlurmTime(minutes: 240)
  package var cpus = 4
  package var memoryMebibytes = 16384
  /// Graphics cards of each worker of the first stage: `1`, `a100:1`; `nil` for none.
  package var gpus: String?
  /// Modules to load before the program starts.
  package var modules: [String] = []
  /// More options of sbatch, as they stand behind `#SBATCH`.
  package var directives: [String] = []
  /// For places of a site's own template.
  package var values: [String: String] = [:]
  /// Wanted workers in each array, and how many of them at a time.
  package var workers: Int?
  package var atOnce: Int?
  /// Seconds before the time limit at which workers are told to stop.
  package var noticeSeconds = 120
  package var templateName = ScriptTemplate.standard.name
  package var template = ScriptTemplate.standard.text
  /// The program, from the root.
  package var program: String

  package init(program: String) { self.program = program }

  /// The notice, at most half of the time that there is.
  package var notice: Int { min(noticeSeconds, time.minutes * 30) }

  /// Throws `usage` for what would break the script or mean something else in it.
  package func check() throws(AisError) {
    for (option, value) in [("--partition", partition), ("--account", account), ("--qos", qos), ("--gpus", gpus)] {
      if let value { try Self.checkWord(value, option, allowed: "_.,:@+=/-") }
    }
    for module in modules { try Self.checkWord(module, "--module", allowed: "_.+:/-") }
    for (name, value) in values {
      try Self.checkWord(name, "--set", allowed: "_-")
      try Self.checkLine(value, "--set \(name)")
      if SlurmScript.ownPlaces.contains(name) {
        throw AisError(.usage, "'--set \(name)=…': Ais fills {{\(name)}} itself; choose another name in the template")
      }
    }
    for directive in directives {
      try Self.checkLine(directive, "--directive")
      if !directive.hasPrefix("-") {
        throw AisError(
          .usage, "--directive '\(directive)' is no option of sbatch: expected one as '--constraint=a100'")
      }
    }
    if let gpus, gpus.split(separator: ":").last.flatMap({ Int($0) }) == nil {
      throw AisError(.usage, "--gpus '\(gpus)': expected a number, or a kind and a number as 'a100:1'")
    }
  }

  private static func checkWord(_ text: String, _ option: String, allowed: String) throws(AisError) {
    guard !text.isEmpty, text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || allowed.contains($0)) }) else {
      throw AisError(
        .usage, "\(option) '\(text)': expected letters, digits and \(allowed.map(String.init).joined(separator: " "))")
    }
  }

  private static func checkLine(_ text: String, _ option: String) throws(AisError) {
    guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }), !text.isEmpty else {
      throw AisError(.usage, "\(option): expected one line of text")
    }
  }
}
