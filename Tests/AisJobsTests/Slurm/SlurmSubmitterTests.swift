import AisCore
import AisJobs
import AisTestSupport
import Foundation
import Testing

@Suite("Submitting a batch")
struct SlurmSubmitterTests {
  private func settings(_ change: (inout SlurmSettings) -> Void = { _ in }) -> SlurmSettings {
    var settings = SlurmSettings(program: "/opt/ais/bin/ais")
    change(&settings)
    return settings
  }

  /// Six segmentations and what is picked from them; `done` of the first have been made.
  private func schedule(done: Int = 0, failed: Int = 0) -> BatchSchedule {
    let stages = ["segment", "pick"].map { BatchPlan.Stage(command: $0, words: [$0], settings: "{}") }
    var tasks: [BatchTask] = []
    for number in 0..<6 {
      tasks.append(.init(id: "s\(number)", stage: 0, inputs: ["t\(number).mrc"], outputs: ["s\(number).mrc"]))
      tasks.append(
        .init(
          id: "p\(number)", stage: 1, inputs: ["s\(number).mrc"], outputs: ["p\(number).star"], needs: ["s\(number)"]))
    }
    let plan = BatchPlan(
      workingFolder: "/data", host: "h", date: Date(timeIntervalSince1970: 0), stages: stages, tasks: tasks)
    var schedule = BatchSchedule(BatchTasks([plan]))
    for number in 0..<done + failed {
      schedule.learn(
        JournalEntry(task: "s\(number)", number: 1, kind: number < done ? .done : .failed, worker: "w", host: "h"))
    }
    return schedule
  }

  @Test("segmentations and what follows them are arrays of their own, cards only for the first")
  func parts() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let submitter = SlurmSubmitter(
      settings {
        $0.gpus = "1"; $0.atOnce = 2
      }, folder: try BatchFolder(making: folder.root), limit: 5)
    let parts = submitter.parts(schedule())
    #expect(parts.map(\.commands) == [["segment"], ["pick"]])
    #expect(parts.map(\.array.text) == ["0-4%2", "0-4%2"])
    #expect(parts.map(\.hasCards) == [true, false])
    // What waits for a task that failed is nothing that a worker could do.
    #expect(submitter.parts(schedule(done: 4, failed: 2)).map(\.tasks) == [4])
    #expect(submitter.parts(schedule(done: 3, failed: 1)).map(\.tasks) == [2, 5])
  }

  @Test("a round is two arrays, one after the other, and a job that looks after them")
  func round() throws {
    let temporary = try TemporaryFolder()
    defer { withExtendedLifetime(temporary) {} }
    let output = temporary.root + "/a \"b\" 50%"
    let folder = try BatchFolder(making: output)
    let cluster = FakeCluster()
    let submitter = SlurmSubmitter(
      settings {
        $0.partition = "gpu"; $0.gpus = "a100:1"; $0.modules = ["ais/1.0"]
      }, folder: folder, limit: 1001)
    let entry = try submitter.submit(submitter.parts(schedule()), round: 1, endedBefore: 0, cluster) { _ in
      Issue.record("a warning that nobody expected")
    }
    #expect(entry.jobs.map(\.number) == [12, 13, 14])
    #expect(entry.jobs.map(\.purpose) == [.work, .work, .close])
    #expect(try folder.slurmHistory().entries == [entry])
    let scripts = try entry.jobs.map { try String(contentsOfFile: $0.script, encoding: .utf8) }
    #expect(
      scripts[0] == """
        #!/bin/bash
        #SBATCH --job-name=ais-a__b__50_
        #SBATCH --array=0-5
        #SBATCH --chdir="\(temporary.root)/a \\"b\\" 50%"
        #SBATCH --output="\(temporary.root)/a \\"b\\" 50%%/ais-batch/slurm/%A_%a.log"
        #SBATCH --open-mode=append
        #SBATCH --requeue
        #SBATCH --signal=B:USR1@120
        #SBATCH --partition=gpu
        #SBATCH --nodes=1
        #SBATCH --ntasks=1
        #SBATCH --time=04:00:00
        #SBATCH --cpus-per-task=4
        #SBATCH --mem=16384M
        #SBATCH --gres=gpu:a100:1

        module load ais/1.0
        ais='/opt/ais/bin/ais'
        if ! [ -x "$ais" ]; then
          echo "ais: '$ais' cannot be run on $(uname -n): install Ais in a folder that all nodes see, and submit again from there" >&2
          exit 1
        fi
        exec "$ais" batch work '\(output)' --when-idle leave --only segment --time 04:00:00 --notice 120

        """)
    #expect(scripts[1].contains("#SBATCH --dependency=afterany:12\n"))
    #expect(scripts[1].contains("--only pick --time 04:00:00 --notice 120\n") && !scripts[1].contains("--gres"))
    #expect(scripts[2].contains("#SBATCH --dependency=afterany:12:13\n") && !scripts[2].contains("--array"))
    #expect(scripts[2].contains("--mem=1024M\n") && scripts[2].contains("--cpus-per-task=1\n"))
    #expect(scripts[2].hasSuffix("exec \"$ais\" batch submit --slurm --after-round 1 '\(output)'\n"))
  }

  @Test("a refused later array takes the earlier one back")
  func takenBack() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let batch = try BatchFolder(making: folder.root)
    let submitter = SlurmSubmitter(settings { $0.values["x"] = "1" }, folder: batch, limit: 1001)
    let cluster = FakeCluster()
    // The template has no place for {{x}}.
    #expect(throws: AisError.self) {
      try submitter.submit(submitter.parts(schedule()), round: 1, endedBefore: 0, cluster) { _ in }
    }
    #expect(cluster.commands.isEmpty)
    #expect(try batch.slurmHistory().isEmpty)
    let full = FullCluster(places: 1)
    let plain = SlurmSubmitter(settings(), folder: batch, limit: 1001)
    #expect(throws: AisError.self) {
      try plain.submit(plain.parts(schedule()), round: 1, endedBefore: 0, full) { _ in }
    }
    #expect(full.commands.last == "scancel 12")
    #expect(try batch.slurmHistory().isEmpty)
  }

  @Test("workers stay when only the job that looks after them is refused, and that is said")
  func withoutClosingJob() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let batch = try BatchFolder(making: folder.root)
    let submitter = SlurmSubmitter(settings(), folder: batch, limit: 1001)
    var warnings: [AisError] = []
    let entry = try submitter.submit(
      submitter.parts(schedule()), round: 1, endedBefore: 0, FullCluster(places: 2)
    ) { warnings.append($0) }
    #expect(entry.jobs.map(\.number) == [12, 13])
    #expect(warnings.count == 1)
    #expect(
      warnings[0].message.hasPrefix(
        "the workers were submitted, the job that submits what they leave was not: Slurm refused '"))
    #expect(warnings[0].message.hasSuffix("go on with  ais batch submit --slurm '\(folder.root)'"))
  }
}

/// A cluster that takes so many jobs and no more.
private final class FullCluster: SlurmShell {
  private let cluster = FakeCluster()
  private let places: Int

  init(places: Int) { self.places = places }

  var commands: [String] { cluster.commands }

  func run(_ command: SlurmCommand) -> SlurmReply {
    let reply = cluster.run(command)
    guard command.program == "sbatch", cluster.commands.count > places else { return reply }
    return FakeCluster.failed(
      "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit)\n")
  }
}
