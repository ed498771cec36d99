import AisCore
import AisJobs
import Foundation
import Testing

@Suite("What a worker does next")
struct BatchScheduleTests {
  @Test("tasks are claimed in their order, with the first number")
  func order() {
    let schedule = BatchSchedule(tasks(2))
    #expect(schedule.next(for: "me") == .claim(task: "t0", number: 1, memoryShare: 1))
  }

  @Test("a batch without tasks is finished")
  func empty() { #expect(BatchSchedule(tasks(0)).next(for: "me") == .finish) }

  @Test("a task in the hands of a living worker is waited for, and one that is done is not")
  func waiting() {
    var schedule = BatchSchedule(tasks(1))
    schedule.learn(entry("t0", 1, .claimed, "other"))
    #expect(schedule.next(for: "me") == .wait)
    schedule.learn(entry("t0", 2, .done, "other"))
    #expect(schedule.next(for: "me") == .finish)
  }

  @Test("a lost worker's task is taken over with half the memory, after all free ones")
  func takeover() {
    var schedule = BatchSchedule(tasks(2))
    schedule.learn(entry("t0", 1, .claimed, "other"))
    schedule.lose("other", reason: "gone")
    #expect(schedule.next(for: "me") == .claim(task: "t1", number: 1, memoryShare: 1))
    schedule.learn(entry("t1", 1, .claimed, "third"))
    #expect(
      schedule.next(for: "me") == .takeOver(task: "t0", number: 2, from: "other", reason: "gone", memoryShare: 0.5))
  }

  @Test("a worker that is found again keeps its task")
  func found() {
    var schedule = BatchSchedule(tasks(1))
    schedule.learn(entry("t0", 1, .claimed, "other"))
    schedule.lose("other", reason: "silent")
    schedule.find("other")
    #expect(schedule.next(for: "me") == .wait)
  }

  @Test("a task that has cost four workers is given up, and names them")
  func poison() {
    var schedule = BatchSchedule(tasks(1))
    schedule.learn(entry("t0", 1, .claimed, "w1"))
    for number in 2...4 { schedule.learn(entry("t0", number, .claimed, "w\(number)", takenFrom: "w\(number - 1)")) }
    schedule.lose("w4", reason: "gone")
    #expect(schedule.next(for: "me") == .giveUp(task: "t0", number: 5, workers: ["w1", "w2", "w3", "w4"]))
    schedule.learn(entry("t0", 5, .failed, "me"))
    #expect(schedule.next(for: "me") == .finish)
    schedule.learn(entry("t0", 6, .reopened, nil))
    #expect(schedule.next(for: "me") == .claim(task: "t0", number: 7, memoryShare: 1))
  }

  @Test("memory that ran out halves what the next attempt gets, twice")
  func shortage() {
    var schedule = BatchSchedule(tasks(1))
    var number = 1
    for share in [1, 0.5, 0.25] {
      #expect(schedule.next(for: "me") == .claim(task: "t0", number: number, memoryShare: share))
      schedule.learn(entry("t0", number, .claimed, "me"))
      schedule.learn(entry("t0", number + 1, .released, "me", code: "out-of-memory"))
      number += 2
    }
  }

  @Test("a task waits for what it needs, and for nothing once that has failed")
  func needs() throws {
    var schedule = BatchSchedule(tasks(2, needs: ["t1": ["t0"]]))
    schedule.learn(entry("t0", 1, .claimed, "other"))
    #expect(schedule.next(for: "me") == .wait)
    schedule.learn(entry("t0", 2, .failed, "other"))
    #expect(schedule.next(for: "me") == .finish)
    let waiting = try #require(schedule.tasks["t1"])
    #expect(schedule.obstacle(of: waiting)?.id == "t0")
    schedule.learn(entry("t0", 3, .reopened, nil))
    schedule.learn(entry("t0", 4, .claimed, "other"))
    schedule.learn(entry("t0", 5, .done, "other"))
    #expect(schedule.next(for: "me") == .claim(task: "t1", number: 1, memoryShare: 1))
  }

  @Test("a task that follows others runs also when some of them failed")
  func follows() {
    var schedule = BatchSchedule(tasks(3, follows: ["t2": ["t0", "t1"]]))
    schedule.learn(entry("t0", 1, .claimed, "a"))
    schedule.learn(entry("t0", 2, .failed, "a"))
    schedule.learn(entry("t1", 1, .claimed, "a"))
    #expect(schedule.next(for: "me") == .wait)
    schedule.learn(entry("t1", 2, .done, "a"))
    #expect(schedule.next(for: "me") == .claim(task: "t2", number: 1, memoryShare: 1))
  }

  @Test("what would not end in time is left, and what is shorter is taken first")
  func time() {
    var schedule = BatchSchedule(tasks(3))
    func next(without long: Set<String>) -> BatchSchedule.Action { schedule.next(for: "me") { !long.contains($0.id) } }
    #expect(next(without: ["t0", "t1"]) == .claim(task: "t2", number: 1, memoryShare: 1))
    schedule.learn(entry("t2", 1, .claimed, "other"))
    #expect(next(without: ["t0", "t1"]) == .leave)
    for task in ["t0", "t1"] { schedule.learn(entry(task, 1, .claimed, "other")) }
    #expect(next(without: ["t0", "t1"]) == .wait)
    schedule.lose("other", reason: "gone")
    #expect(
      next(without: ["t0", "t1"])
        == .takeOver(task: "t2", number: 2, from: "other", reason: "gone", memoryShare: 0.5))
    schedule.learn(entry("t2", 2, .done, "me"))
    #expect(next(without: ["t0", "t1"]) == .leave)
  }

  @Test("a worker expects of a task what the ones before it took, and always tries its first")
  func workingTime() {
    let stage = BatchPlan.Stage(command: "segment", words: [], settings: "")
    func entry(_ seconds: Double?) -> BatchTasks.Entry {
      let task = BatchTask(id: "t", stage: 0, inputs: [], outputs: [], forecast: .init(seconds: seconds))
      return BatchTasks([BatchPlan(workingFolder: "/", host: "h", date: .now, stages: [stage], tasks: [task])]).entries[
        0]
    }
    var time = WorkingTime(limit: .seconds(100))
    #expect(time.suffices(for: entry(1000), at: .seconds(99)))
    // Twice as long as was foretold.
    time.learn(entry(10), seconds: 20)
    #expect(time.suffices(for: entry(20), at: .seconds(60)))
    #expect(!time.suffices(for: entry(20), at: .seconds(61)))
    #expect(time.suffices(for: entry(nil), at: .seconds(80)))
    #expect(!time.suffices(for: entry(nil), at: .seconds(81)))
    var endless = WorkingTime()
    endless.learn(entry(10), seconds: 20)
    #expect(endless.suffices(for: entry(1e9), at: .seconds(1e9)))
  }

  @Test("time left follows the first slices, and the more, the more was done")
  func pace() {
    var pace = WorkPace(trustedSeconds: 10)
    #expect(pace.factor == 1)
    // The first seconds read the tomogram.
    pace.learn(forecast: 0.1, taken: 2)
    #expect(pace.factor < 1.2)
    pace.learn(forecast: 19.9, taken: 58)
    #expect(abs(pace.factor - 70.0 / 30) < 1e-9)
    pace.learn(forecast: 980, taken: 2940)
    #expect(abs(pace.factor - 3) < 0.03)
  }

  @Test("an entry that is known already changes nothing")
  func twice() {
    var schedule = BatchSchedule(tasks(1))
    schedule.learn(entry("t0", 1, .claimed, "a"))
    schedule.learn(entry("t0", 1, .claimed, "a"))
    schedule.learn(entry("t0", 3, .done, "a"))
    #expect(schedule.state(of: "t0") == .claimed(worker: "a"))
  }

  @Test("a later plan's task takes the place of an earlier one with the same output")
  func displaced() {
    let stage = BatchPlan.Stage(command: "segment", words: [], settings: "")
    func plan(_ id: String, _ outputs: [String]) -> BatchPlan {
      let task = BatchTask(id: id, stage: 0, inputs: ["in"], outputs: outputs)
      return BatchPlan(workingFolder: "/w", host: "h", date: .now, stages: [stage], tasks: [task])
    }
    let all = BatchTasks([plan("old", ["seg/a.mrc"]), plan("kept", ["seg/b.mrc"]), plan("new", ["/w/seg/a.mrc"])])
    #expect(all.entries.map(\.id) == ["kept", "new"])
    #expect(all["old"] == nil)
  }

  @Test("a thousand simulated nights: every task is done, none twice, whoever is lost when", arguments: 0..<20)
  func simulation(seed: UInt64) { Simulation(seed: seed).run() }
}

private func tasks(
  _ count: Int, needs: [String: [String]] = [:], follows: [String: [String]] = [:]
) -> BatchTasks {
  let stage = BatchPlan.Stage(command: "segment", words: [], settings: "")
  let tasks = (0..<count).map {
    BatchTask(
      id: "t\($0)", stage: 0, inputs: ["in\($0)"], outputs: ["out\($0)"], needs: needs["t\($0)"] ?? [],
      follows: follows["t\($0)"] ?? [])
  }
  return BatchTasks([BatchPlan(workingFolder: "/", host: "h", date: .now, stages: [stage], tasks: tasks)])
}

private func entry(
  _ task: String, _ number: Int, _ kind: JournalEntry.Kind, _ worker: String?, takenFrom: String? = nil,
  code: String? = nil
) -> JournalEntry {
  var entry = JournalEntry(task: task, number: number, kind: kind, worker: worker, host: "h", date: .now)
  entry.takenFrom = takenFrom
  entry.code = code
  return entry
}

/// Workers that step in any order, each with its own late view of a journal that gives every number away once.
private struct Simulation {
  private var random: SeededGenerator
  private var journal: [String: [JournalEntry]] = [:]
  private let all = tasks(12, needs: ["t11": ["t0", "t1"], "t10": ["t9"]])

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func append(_ entry: JournalEntry) -> Bool {
    guard journal[entry.task, default: []].count == entry.number - 1 else { return false }
    journal[entry.task, default: []].append(entry)
    return true
  }

  func run() {
    var copy = self
    copy.play()
  }

  private mutating func play() {
    for night in 0..<50 {
      journal = [:]
      var names = (0..<4).map { "w\($0)" }
      var views = Dictionary(uniqueKeysWithValues: names.map { ($0, BatchSchedule(all)) })
      var holding: [String: (task: String, number: Int)] = [:]
      var dead: Set<String> = []
      var steps = 0
      while names.contains(where: { views[$0]!.next(for: $0) != .finish || holding[$0] != nil }) {
        steps += 1
        guard steps < 20000 else {
          Issue.record("night \(night) does not end")
          return
        }
        let place = Int(random.next() % UInt64(names.count))
        let name = names[place]
        // A worker in 40 is lost; another one takes its place.
        if random.next() % 40 == 0, dead.count < 3 {
          dead.insert(name)
          holding[name] = nil
          names[place] = "n\(steps)"
          views[names[place]] = BatchSchedule(all)
          continue
        }
        if let held = holding[name] {
          holding[name] = nil
          _ = append(entry(held.task, held.number + 1, .done, name))
          continue
        }
        // Some looks at the journal see only a part of it, as listings on network file systems do.
        for entries in journal.values {
          let seen = random.next() % 3 == 0 ? entries.count / 2 : entries.count
          for entry in entries.prefix(seen) { views[name]!.learn(entry) }
        }
        for worker in dead { views[name]!.lose(worker, reason: "gone") }
        switch views[name]!.next(for: name) {
        case .claim(let task, let number, _):
          if append(entry(task, number, .claimed, name)) { holding[name] = (task, number) }
        case .takeOver(let task, let number, let owner, _, _):
          if append(entry(task, number, .claimed, name, takenFrom: owner)) { holding[name] = (task, number) }
        case .giveUp(let task, let number, _):
          _ = append(entry(task, number, .failed, name))
        case .wait, .leave, .finish: break
        }
      }
      for task in all.entries {
        let kinds = journal[task.id]?.map(\.kind) ?? []
        #expect(kinds.count { $0 == .done } == 1, "\(task.id): \(kinds)")
        #expect(kinds.last == .done)
      }
    }
  }
}
