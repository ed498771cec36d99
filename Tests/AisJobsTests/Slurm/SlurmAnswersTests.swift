import AisCore
import AisJobs
import Testing

@Suite("What Slurm answers")
struct SlurmAnswersTests {
  @Test(
    "sbatch's answer is a job's number, whatever a site prints before it",
    arguments: [
      ("12\n", 12), ("12;alpha\n", 12), ("sbatch: welcome to Alpha\n4711\n", 4711), ("", nil),
      ("Submitted batch job 12", nil),
      ("-3\n", nil), ("0", nil),
    ] as [(String, Int?)])
  func jobNumber(output: String, number: Int?) { #expect(SlurmAnswers.jobNumber(output) == number) }

  @Test("the largest array is read from the configuration")
  func largestArray() {
    let text = "Configuration data as of now\nMaxArraySize            = 5\nMaxArraySizeX = 7\nMaxJobCount = 10000\n"
    #expect(SlurmAnswers.largestArray(text) == 5)
    #expect(SlurmAnswers.largestArray("MaxArraySize = many\n") == nil)
    #expect(SlurmAnswers.largestArray("") == nil)
  }

  @Test("squeue's lines give every array task its state")
  func queue() {
    let states = SlurmAnswers.queue(
      """
      12|0|RUNNING|None|n1
      12|1|COMPLETING|None|n2
      12|2|PENDING|JobArrayTaskLimit|
      12|3|NODE_FAIL|NodeDown|n2
      13|N/A|PENDING|Dependency|
      slurm_load_jobs: warning
      12|4|TELEPORTED|None|n9
      """)
    #expect(states["12_0"] == .running(node: "n1"))
    #expect(states["12_1"] == .running(node: "n2"))
    #expect(states["12_2"] == .waiting("JobArrayTaskLimit"))
    #expect(states["12_3"] == .ended("NODE_FAIL"))
    #expect(states["13"] == .waiting("Dependency"))
    #expect(states["12_4"] == .unknown("TELEPORTED"))
    #expect(states.count == 6)
  }

  @Test("sacct's lines give every array task its state, those that wait together too")
  func accounting() {
    let states = SlurmAnswers.accounting(
      "12_0|COMPLETED|n1\n12_1|CANCELLED by 1000|n2\n12_[2,4-5%2]|PENDING|None assigned\n")
    #expect(states["12_0"] == .ended("COMPLETED"))
    #expect(states["12_1"] == .ended("CANCELLED"))
    #expect(Set(states.keys) == ["12_0", "12_1", "12_2", "12_4", "12_5"])
    #expect(states["12_5"]?.mayLive == true)
  }

  @Test("hostile ranges of sacct are passed over", arguments: ["12_[9-1]", "12_[0-99999999999]", "12_[", "12_[-]"])
  func hostileRanges(name: String) {
    #expect(SlurmAnswers.accounting("\(name)|PENDING|\n").keys.allSatisfy { !$0.hasPrefix("12_1") })
  }

  @Test("only states that Slurm is known to end with count as ended")
  func endings() {
    for word in [
      "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY",
    ] {
      #expect(!SlurmState(word: word).mayLive)
    }
    for word in ["PENDING", "RUNNING", "SUSPENDED", "REQUEUE_HOLD", "", "ended?", "EXPEDITING"] {
      #expect(SlurmState(word: word).mayLive)
    }
  }
}

@Suite("The picture of jobs in Slurm")
struct SlurmPictureTests {
  private let array = SlurmEntry.Job(
    number: 12, purpose: .work, commands: ["segment"], array: SlurmArray(workers: 3), script: "a.sh")

  @Test("a controller that does not answer leaves everything waiting")
  func silence() {
    let cluster = FakeCluster([
      "squeue": .silent(seconds: 60), "sacct": FakeCluster.failed("Slurm accounting storage is disabled"),
    ])
    let picture = SlurmPicture(of: [array], cluster)
    #expect(picture.jobs[0].states == Array(repeating: .unknown("it gave no answer within 60 s"), count: 3))
    #expect(picture.mayLive)
    #expect(picture.doubt == "squeue: it gave no answer within 60 s")
  }

  @Test("a state that nobody knows counts as waiting, and is told")
  func unknownState() {
    let cluster = FakeCluster(["squeue": .says("12|0|COMPLETED||n1\n12|1|TELEPORTED||n1\n12|2|COMPLETED||n1\n")])
    let picture = SlurmPicture(of: [array], cluster)
    #expect(picture.mayLive)
    #expect(picture.doubt == "squeue: 'TELEPORTED' is no state that Ais knows")
    #expect(cluster.commands.count == 1)
  }

  @Test("what the controller has forgotten has ended, as the accounting says or without a word")
  func forgotten() {
    let forgotten = FakeCluster.failed("slurm_load_jobs error: Invalid job id specified\n")
    let without = SlurmPicture(
      of: [array],
      FakeCluster(["squeue": forgotten, "sacct": FakeCluster.failed("Slurm accounting storage is disabled")]))
    #expect(without.jobs[0].states == Array(repeating: .ended("no longer known to Slurm"), count: 3))
    #expect(!without.mayLive)
    #expect(without.doubt == nil)
    let accounting = SlurmPicture(
      of: [array], FakeCluster(["squeue": forgotten, "sacct": .says("12_0|TIMEOUT|n1\n12_1|RUNNING|n1\n")]))
    #expect(accounting[element: "12_0"] == .ended("TIMEOUT"))
    // A record that was never closed, for the controller knows nothing of it.
    #expect(accounting[element: "12_1"] == .ended("no longer known to Slurm"))
    #expect(accounting[element: "12_7"] == nil)
  }

  @Test("the accounting can say that jobs have ended while the controller is silent")
  func accountingAlone() {
    let picture = SlurmPicture(
      of: [array],
      FakeCluster([
        "squeue": FakeCluster.failed("slurm_load_jobs error: Unable to contact slurm controller (connect failure)"),
        "sacct": .says("12_0|COMPLETED|n1\n12_1|RUNNING|n1\n"),
      ]))
    #expect(picture[element: "12_0"] == .ended("COMPLETED"))
    #expect(picture[element: "12_1"] == .running(node: "n1"))
    #expect(picture[element: "12_2"]?.mayLive == true)
  }
}
