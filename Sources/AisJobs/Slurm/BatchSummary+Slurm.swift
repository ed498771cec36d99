extension BatchSummary {
  /// Takes in what Slurm says of workers that the journal knows at work: it notices the end of a machine sooner than those who
  /// only miss its signs of life.
  package mutating func learn(_ picture: SlurmPicture) {
    for place in running.indices {
      guard let job = running[place].job, job.hasPrefix("slurm ") else { continue }
      switch picture[element: String(job.dropFirst("slurm ".count))] {
      case .ended(let word):
        running[place].isAlive = false
        running[place].goneBecause = "Slurm: \(word)"
      case .waiting(let reason):
        // Its next life will be another worker.
        running[place].isAlive = false
        running[place].goneBecause = "Slurm: back in the queue, \(reason)"
      case .running, .unknown, nil: break
      }
    }
  }
}

extension BatchSchedule {
  /// Tasks that have ended, done or failed.
  package var ended: Int { tasks.entries.count { [.done, .failed].contains(state(of: $0.id)) } }
}
