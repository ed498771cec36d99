import AisCore

/// How the jobs of a batch are doing: what Slurm's controller says, and its accounting where the controller has forgotten.
package struct SlurmPicture: Sendable {
  /// One job of the batch with all its array tasks.
  package struct Job: Sendable {
    package var job: SlurmEntry.Job
    /// By array index; a job without an array has one.
    package var states: [SlurmState]

    package var mayLive: Bool { states.contains(where: \.mayLive) }
  }

  package private(set) var jobs: [Job] = []
  /// Why something is not known, for people.
  package private(set) var doubt: String?

  /// Asks the shell about these jobs.
  package init(of jobs: [SlurmEntry.Job], _ shell: any SlurmShell) {
    guard !jobs.isEmpty else { return }
    let numbers = jobs.map(\.number)
    let reply = shell.run(.queue(numbers))
    var known: [String: SlurmState] = [:]
    var isForgotten = true
    if let output = reply.output {
      known = SlurmAnswers.queue(output)
    } else if !Self.saysNoSuchJob(reply) {
      isForgotten = false
      doubt = "squeue: \(reply.complaint)"
    }
    var accounted: [String: SlurmState] = [:]
    if jobs.contains(where: { job in job.elements.contains { known[$0] == nil } }),
      let output = shell.run(.accounting(numbers)).output
    {
      accounted = SlurmAnswers.accounting(output)
    }
    self.jobs = jobs.map { job in
      Job(
        job: job,
        states: job.elements.map { name in
          // What the accounting calls unfinished while the controller has forgotten it is a record that was never closed.
          let past = accounted[name].flatMap { $0.mayLive && isForgotten ? nil : $0 }
          return known[name] ?? past ?? (isForgotten ? .ended("no longer known to Slurm") : .unknown(reply.complaint))
        })
    }
    for case .unknown(let word) in self.jobs.flatMap(\.states) where doubt == nil {
      doubt = "squeue: '\(word)' is no state that Ais knows"
    }
  }

  /// Of one array task: `12_3`.
  package subscript(element element: String) -> SlurmState? {
    for job in jobs {
      if let place = job.job.elements.firstIndex(of: element) { return job.states[place] }
    }
    return nil
  }

  package var mayLive: Bool { jobs.contains(where: \.mayLive) }

  /// The controller's way to say that a job has ended so long ago that it has forgotten it.
  private static func saysNoSuchJob(_ reply: SlurmReply) -> Bool {
    guard case .answered(_, _, let error) = reply else { return false }
    return error.contains("Invalid job id specified")
  }
}
