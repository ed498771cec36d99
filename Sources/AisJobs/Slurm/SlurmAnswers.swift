import AisCore

/// How one array task is doing, as far as Slurm says.
package enum SlurmState: Sendable, Hashable {
  /// Not begun, or put back into the queue: why.
  case waiting(String)
  case running(node: String?)
  /// In Slurm's word: `COMPLETED`, `NODE_FAIL`, …
  case ended(String)
  /// An answer that this program does not understand, or none at all. Counts as waiting: to give up a job that still runs
  /// costs more than to wait for one that has gone.
  case unknown(String)

  /// Whether something may still come of it.
  package var mayLive: Bool {
    if case .ended = self { return false }
    return true
  }

  /// From Slurm's word for a job's state.
  package init(word: String, reason: String = "", node: String? = nil) {
    // `CANCELLED by 1000`, and `CANCELLED+` where a column was too narrow.
    let name = word.prefix { $0.isUppercase || $0 == "_" }
    switch name {
    case "PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT":
      self = .waiting(reason.isEmpty || reason == "None" ? String(name) : reason)
    case "RUNNING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED":
      self = .running(node: node)
    case "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE",
      "OUT_OF_MEMORY", "REVOKED":
      self = .ended(String(name))
    default: self = .unknown(word)
    }
  }
}

/// Reads what commands of Slurm print.
package enum SlurmAnswers {
  /// The number in the answer of `sbatch --parsable`: `12`, or `12;cluster`. Warnings of a site may stand in lines before it.
  package static func jobNumber(_ output: String) -> Int? {
    guard let line = output.split(whereSeparator: \.isNewline).last else { return nil }
    return line.split(separator: ";").first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
  }

  /// `MaxArraySize` in the answer of `scontrol show config`.
  package static func largestArray(_ output: String) -> Int? {
    for line in output.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=").map { $0.filter { $0 != " " } }
      if parts.count == 2, parts[0] == "MaxArraySize" { return Int(parts[1]).flatMap { $0 > 0 ? $0 : nil } }
    }
    return nil
  }

  /// The names in the answer of `sinfo`.
  package static func partitions(_ output: String) -> [String] {
    Array(Set(output.split(whereSeparator: \.isWhitespace).map(String.init))).sorted()
  }

  /// The array tasks in the answer of `squeue` (`SlurmCommand.queue`), by their names: `12_3`, and `13` for a job without an
  /// array.
  package static func queue(_ output: String) -> [String: SlurmState] {
    var states: [String: SlurmState] = [:]
    for line in output.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 5, let job = Int(fields[0]) else { continue }
      let name = Int(fields[1]).map { "\(job)_\($0)" } ?? "\(job)"
      states[name] = SlurmState(word: fields[2], reason: fields[3], node: fields[4].isEmpty ? nil : fields[4])
    }
    return states
  }

  /// The array tasks in the answer of `sacct` (`SlurmCommand.accounting`). Those that wait together have one line
  /// (`12_[3-5%2]`).
  package static func accounting(_ output: String) -> [String: SlurmState] {
    var states: [String: SlurmState] = [:]
    for line in output.split(whereSeparator: \.isNewline) {
      let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 3 else { continue }
      let state = SlurmState(word: fields[1], node: fields[2].isEmpty ? nil : fields[2])
      for name in elements(fields[0]) { states[name] = state }
    }
    return states
  }

  /// `12_[0,3-5%2]` → 12_0, 12_3, 12_4, 12_5.
  private static func elements(_ name: String) -> [String] {
    guard let open = name.firstIndex(of: "["), let close = name.firstIndex(of: "]"), open < close else { return [name] }
    let ranges = name[name.index(after: open)..<close].prefix { $0 != "%" }.split(separator: ",")
    return ranges.flatMap { range -> [String] in
      let bounds = range.split(separator: "-").map { Int($0) }
      guard let first = bounds.first ?? nil, let last = bounds.last ?? nil, first <= last, last - first < 4_000_001
      else {
        return []
      }
      return (first...last).map { name[..<open] + "\($0)" }
    }
  }
}
