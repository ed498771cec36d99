import AisCore

/// The words for what goes wrong with Slurm.
extension AisError {
  package static func noSlurm(_ program: String) -> AisError {
    AisError(
      .schedulerUnavailable,
      "'\(program)' was not found in PATH: this machine cannot submit to Slurm. Log in to a submit host of the cluster, or load "
        + "its Slurm module; without a cluster  ais batch run  does the same work here.")
  }

  static func unfilled(_ template: String, _ places: [(name: String, option: String?)]) -> AisError {
    let list = places.map { "{{\($0.name)}} (\($0.option ?? "--set \($0.name)=…"))" }.joined(separator: ", ")
    return AisError(
      .malformed,
      "the template '\(template)' has \(places.count == 1 ? "a place" : "places") that nothing fills: \(list). Give what stands in "
        + "brackets, or write '#SBATCH?' for a line that may be left out.")
  }

  static func withoutPlace(_ template: String, _ places: [(name: String, option: String)]) -> AisError {
    let list = places.map { "{{\($0.name)}} (\($0.option))" }.joined(separator: ", ")
    return AisError(
      .malformed,
      "the template '\(template)' has no place for: \(list). Add \(places.count == 1 ? "it" : "them") to the template, or leave the "
        + "option out.")
  }

  /// The job that looks after a round was refused, though its workers were not.
  static func noClosingJob(_ folder: String, _ error: AisError) -> AisError {
    AisError(
      error.code,
      "the workers were submitted, the job that submits what they leave was not: \(error.message) When they have ended, look with "
        + " ais batch status '\(folder)'  and go on with  ais batch submit --slurm '\(folder)'")
  }

  package static func stillInSlurm(_ folder: String, _ jobs: String, doubt: String?) -> AisError {
    AisError(
      .needsDecision,
      "workers of the batch in '\(folder)' are in Slurm already: \(jobs)\(doubt.map { " (taken as waiting, for \($0))" } ?? ""). They "
        + "take up new tasks by themselves. Wait for them, end them with  ais batch cancel '\(folder)'  , or add more with '--force'."
    )
  }

  /// `sbatch` did not give a job.
  ///
  /// - Parameter partitions: the names that there are; asked for only when they help.
  static func refused(
    _ reply: SlurmReply, script: String, settings: SlurmSettings, part: SlurmSubmitter.Part?, limit: Int,
    partitions: () -> [String]
  ) -> AisError {
    switch reply {
    case .notInstalled: return .noSlurm("sbatch")
    case .silent, .answered(0, _, _):
      let what = reply.output.map {
        "its answer '\($0.split(whereSeparator: \.isNewline).joined(separator: " "))' names no job"
      }
      return AisError(
        .schedulerUnavailable,
        "nobody knows whether Slurm took '\(script)': \(what ?? reply.complaint). Look with  squeue --me  ; if it is not there, "
          + "submit again: workers share the tasks, and nothing is done twice.")
    case .answered(_, _, let error):
      let advice = advice(error, settings: settings, part: part, limit: limit, partitions: partitions)
      return AisError(
        advice.isUnavailable ? .schedulerUnavailable : .schedulerRefused,
        "Slurm refused '\(script)': \(reply.complaint). \(advice.text)")
    }
  }

  private static func advice(
    _ error: String, settings: SlurmSettings, part: SlurmSubmitter.Part?, limit: Int, partitions: () -> [String]
  ) -> (text: String, isUnavailable: Bool) {
    let text = error.lowercased()
    func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
    let workers = part?.array.workers ?? 1
    if says(
      "unable to contact slurm controller", "socket timed out", "connection refused",
      "could not establish a configuration")
    {
      return ("The controller does not answer; wait a little and submit again, or ask the administrators.", true)
    }
    if says("invalid partition", "permitted to use this partition", "no partition specified", "partition not available")
    {
      let names = partitions()
      let known = names.isEmpty ? "" : " There are: \(names.joined(separator: ", "))."
      let given = settings.partition.map { "'--partition \($0)' was given." } ?? "No '--partition' was given."
      return ("\(given)\(known) Name one that you may use.", false)
    }
    if says("invalid job array specification") {
      return (
        "An array of \(workers) workers was asked for; this cluster allows \(limit) at most as far as it says. Ask for fewer with "
          + "'--workers': they take tasks until none is left.", false
      )
    }
    if says("job violates accounting", "submitjob", "maxsubmit", "maxjobs", "job submit limit") {
      return (
        "You may not have that many jobs, or not such large ones: \(workers) workers with \(settings.cpus) processors, "
          + "\(ByteCount.mebibytes(settings.memoryMebibytes)) and \(settings.time) each were asked for. Wait until others have ended, or ask for less with "
          + "'--workers', '--cpus', '--memory' or '--time'.", false
      )
    }
    if says("time limit", "--time") {
      return ("'--time \(settings.time)' was asked for; see what the partition allows with  sinfo -o '%P %l'", false)
    }
    if says("invalid account") {
      return ("Name an account that you may charge with '--account'; see  sacctmgr show associations user=$USER", false)
    }
    if says("invalid qos") {
      return ("Name a quality of service that you may use with '--qos', or leave it out.", false)
    }
    if says("memory specification", "requested node configuration", "generic resource", "gres", "more processors") {
      let cards = part?.hasCards == true ? ", graphics cards '\(settings.gpus ?? "")'" : ""
      return (
        "No node has \(settings.cpus) processor\(settings.cpus == 1 ? "" : "s") and \(ByteCount.mebibytes(settings.memoryMebibytes)) of memory\(cards) for one worker: ask for less with "
          + "'--cpus', '--memory' or '--gpus', or for another '--partition'.", false
      )
    }
    return ("Its own words say why; the script is kept, so that it can be tried by hand.", false)
  }
}
