import AisCore
import AisJobs
import AisTestSupport
import Foundation
import Testing

@Suite("What a user reads when Slurm says no")
struct SlurmRefusalTests {
  /// Submits two tasks to a cluster that gives this answer; the words after the script's name.
  private func words(
    _ reply: SlurmReply, partitions: String = "cpu\ngpu\n", _ change: (inout SlurmSettings) -> Void = { _ in }
  ) throws -> (code: AisError.Code, words: String) {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    var settings = SlurmSettings(program: "/opt/ais")
    change(&settings)
    let submitter = SlurmSubmitter(settings, folder: try BatchFolder(making: folder.root), limit: 1001)
    let part = SlurmSubmitter.Part(
      commands: ["segment"], tasks: 30, array: SlurmArray(workers: 30), hasCards: settings.gpus != nil)
    let error = try #require(throws: AisError.self) {
      try submitter.submit(
        [part], round: 1, endedBefore: 0, FakeCluster(["sbatch": reply, "sinfo": .says(partitions)])
      ) { _ in }
    }
    let script = "'\(folder.root)/ais-batch/slurm/round-1-segment.sh'"
    return (error.code, error.description.replacingOccurrences(of: script, with: "SCRIPT"))
  }

  private func refusal(_ text: String) -> SlurmReply { FakeCluster.failed("sbatch: error: \(text)\n") }

  @Test("no sbatch")
  func noSlurm() throws {
    let error = try words(.notInstalled)
    #expect(error.code == .schedulerUnavailable)
    #expect(
      error.words
        == "'sbatch' was not found in PATH: this machine cannot submit to Slurm. Log in to a submit host of the cluster, or load "
        + "its Slurm module; without a cluster  ais batch run  does the same work here.")
  }

  @Test("a partition that there is not")
  func partition() throws {
    let reply = FakeCluster.failed(
      "sbatch: error: invalid partition specified: gpux\nsbatch: error: Batch job submission failed: Invalid partition name specified\n"
    )
    let error = try words(reply) { $0.partition = "gpux" }
    #expect(error.code == .schedulerRefused)
    #expect(
      error.words
        == "Slurm refused SCRIPT: sbatch: error: invalid partition specified: gpux; sbatch: error: Batch job submission failed: Invalid "
        + "partition name specified. '--partition gpux' was given. There are: cpu, gpu. Name one that you may use.")
  }

  @Test("a partition that is for others")
  func foreignPartition() throws {
    let error = try words(
      refusal("Batch job submission failed: User's group not permitted to use this partition"), partitions: "")
    #expect(
      error.words
        == "Slurm refused SCRIPT: sbatch: error: Batch job submission failed: User's group not permitted to use this partition. "
        + "No '--partition' was given. Name one that you may use.")
  }

  @Test("a quota of jobs")
  func quota() throws {
    let error = try words(
      refusal(
        "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"
      ))
    #expect(
      error.words
        == "Slurm refused SCRIPT: sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, "
        + "user's size and/or time limits). You may not have that many jobs, or not such large ones: 30 workers with 4 processors, 16 GiB "
        + "and 04:00:00 each were asked for. Wait until others have ended, or ask for less with '--workers', '--cpus', '--memory' or '--time'."
    )
  }

  @Test("an array that is too large")
  func array() throws {
    let error = try words(refusal("Batch job submission failed: Invalid job array specification"))
    #expect(
      error.words
        == "Slurm refused SCRIPT: sbatch: error: Batch job submission failed: Invalid job array specification. An array of 30 workers was "
        + "asked for; this cluster allows 1001 at most as far as it says. Ask for fewer with '--workers': they take tasks until none is left."
    )
  }

  @Test("more than any node has")
  func resources() throws {
    let error = try words(refusal("Batch job submission failed: Requested node configuration is not available")) {
      $0.gpus = "9"
    }
    #expect(
      error.words
        == "Slurm refused SCRIPT: sbatch: error: Batch job submission failed: Requested node configuration is not available. No node has "
        + "4 processors and 16 GiB of memory, graphics cards '9' for one worker: ask for less with '--cpus', '--memory' or '--gpus', or "
        + "for another '--partition'.")
  }

  @Test("a controller that does not answer")
  func noController() throws {
    let error = try words(refusal("Batch job submission failed: Unable to contact slurm controller (connect failure)"))
    #expect(error.code == .schedulerUnavailable)
    #expect(
      error.words
        == "Slurm refused SCRIPT: sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure). The "
        + "controller does not answer; wait a little and submit again, or ask the administrators.")
  }

  @Test("an answer that nobody understands", arguments: [SlurmReply.says("Have a nice day\n"), .silent(seconds: 60)])
  func unknown(reply: SlurmReply) throws {
    let error = try words(reply)
    #expect(error.code == .schedulerUnavailable)
    let what = reply.output == nil ? "it gave no answer within 60 s" : "its answer 'Have a nice day' names no job"
    #expect(
      error.words
        == "nobody knows whether Slurm took SCRIPT: \(what). Look with  squeue --me  ; if it is not there, submit again: workers share "
        + "the tasks, and nothing is done twice.")
  }

  @Test("a message that only the site knows is passed on")
  func other() throws {
    let error = try words(refusal("Please use --comment=PI"))
    #expect(
      error.words
        == "Slurm refused SCRIPT: sbatch: error: Please use --comment=PI. Its own words say why; the script is kept, so that it can be tried "
        + "by hand.")
  }

  @Test("options that would break the script are refused")
  func settings() {
    func message(_ change: (inout SlurmSettings) -> Void) -> String? {
      var settings = SlurmSettings(program: "/opt/ais")
      change(&settings)
      do throws(AisError) { try settings.check() } catch { return error.message }
      return nil
    }
    #expect(
      message {
        $0.partition = "gpu,long"; $0.gpus = "a100:2"; $0.directives = ["--constraint=\"a|b\""]
      } == nil)
    #expect(message { $0.partition = "gpu\n#SBATCH -N9" }?.hasPrefix("--partition 'gpu") == true)
    #expect(
      message { $0.modules = ["ais; rm -rf /"] }?.hasPrefix("--module 'ais; rm -rf /': expected letters, digits and")
        == true)
    #expect(message { $0.directives = ["--mem=1\nrm -rf /"] } == "--directive: expected one line of text")
    #expect(
      message { $0.directives = ["constraint"] }
        == "--directive 'constraint' is no option of sbatch: expected one as '--constraint=a100'")
    #expect(message { $0.gpus = "many" } == "--gpus 'many': expected a number, or a kind and a number as 'a100:1'")
    #expect(
      message { $0.values = ["job": "x"] }
        == "'--set job=…': Ais fills {{job}} itself; choose another name in the template")
  }
}

@Suite("What follows a round")
struct SlurmOutlookTests {
  private func outlook(ended: Int, left: Int, timeLimits: Int = 0, queue: String = "") -> SlurmOutlook {
    var round = SlurmEntry(kind: .submitted, round: 2)
    round.endedBefore = 5
    round.settings = SlurmSettings(program: "/opt/ais")
    round.jobs = [.init(number: 12, purpose: .work, commands: ["segment"], array: SlurmArray(workers: 3), script: "")]
    let picture = SlurmPicture(of: round.jobs, FakeCluster(["squeue": .says(queue)]))
    return SlurmOutlook(
      after: round, ended: ended, left: left, timeLimits: timeLimits, picture: picture, logs: "/seg/logs")
  }

  @Test("nothing left is the end, and progress another round")
  func rounds() {
    #expect(outlook(ended: 9, left: 0) == .finished)
    #expect(outlook(ended: 5, left: 0) == .finished)
    #expect(outlook(ended: 6, left: 3, timeLimits: 9) == .another(round: 3))
  }

  @Test("no progress ends it, with the reason")
  func stop() {
    #expect(
      outlook(ended: 5, left: 3, timeLimits: 2)
        == .stop(
          reason:
            "3 tasks are left and none was finished in round 2: the time limit of 04:00:00 came before the end of a task 2 times. "
            + "Give more with '--time'"))
    #expect(
      outlook(ended: 5, left: 1, queue: "12|0|FAILED||n1\n12|1|OUT_OF_MEMORY||n1\n12|2|FAILED||n1\n")
        == .stop(
          reason:
            "1 task is left and none was finished in round 2; its workers ended so: 2 FAILED, 1 OUT_OF_MEMORY. The logs in "
            + "'/seg/logs' say why"))
  }
}

@Suite("Commands of Slurm as processes")
struct ProcessSlurmShellTests {
  /// A folder with one program of this text in it.
  private func shell(_ name: String, _ script: String, in folder: TemporaryFolder, patience: Int = 30) throws
    -> ProcessSlurmShell
  {
    let path = folder.root + "/" + name
    try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return ProcessSlurmShell(
      environment: [
        "PATH": "\(folder.root):/usr/bin:/bin", "SLURM_JOB_ID": "7", "SLURM_CONF": "/etc/x",
        "CUDA_VISIBLE_DEVICES": "3",
        "HOME": "/nowhere",
      ], patience: patience)
  }

  @Test("output, complaints and exit code come back, however much there is")
  func answers() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let shell = try shell(
      "squeue", "head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero | tr '\\0' y >&2; exit 3", in: folder)
    let reply = shell.run(.queue([1]))
    #expect(
      reply
        == .answered(
          status: 3, output: String(repeating: "x", count: 300_000), error: String(repeating: "y", count: 300_000)))
  }

  @Test("a new job does not inherit what belongs to the one that submits it")
  func environment() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let shell = try shell("sbatch", "echo \"$SLURM_JOB_ID,$SLURM_CONF,$CUDA_VISIBLE_DEVICES,$HOME\"", in: folder)
    #expect(shell.run(.submit("x.sh")) == .answered(status: 0, output: ",/etc/x,,/nowhere\n", error: ""))
  }

  @Test("a program that is not there, and one that does not answer")
  func failures() throws {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    let shell = try shell("sbatch", "exec sleep 600", in: folder, patience: 1)
    #expect(shell.run(SlurmCommand("squeue-that-is-not-there", [])) == .notInstalled)
    #expect(shell.run(.submit("x.sh")) == .silent(seconds: 1))
  }
}
