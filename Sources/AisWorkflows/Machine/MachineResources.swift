/// The threads and the memory that this process may use, and why.
///
/// Neither comes from the number of processors or the size of memory alone: the affinity mask, the control group's
/// limits and what Slurm granted each may say less, and the smallest wins.
package struct MachineResources: Sendable, Hashable {
  /// Threads to compute with, at least 1.
  package var threads: Int
  /// What set `threads`, for people: "affinity mask", "control group", "SLURM_CPUS_PER_TASK", "processors".
  package var threadsReason: String
  /// Bytes of memory that may be used.
  package var memoryBytes: Int
  /// What set `memoryBytes`, for people: "available memory", "control group", "SLURM_MEM_PER_NODE", ….
  package var memoryReason: String

  /// What this process may use now.
  package static func current() -> MachineResources { MachineResources(MachineFacts.current) }

  /// What a process may use on the machine that `facts` describe.
  package init(_ facts: MachineFacts) {
    let group = ControlGroup(facts)

    var threads = [Limit(value: facts.processorCount, reason: "processors")]
    if let mask = Self.affinity(status: facts.text("/proc/self/status")) {
      // The mask is the kernel's own answer: it replaces the count of processors.
      threads = [Limit(value: mask, reason: "affinity mask")]
    }
    if let quota = group.processors {
      // Half a processor still needs one thread; 2.5 processors keep two threads busy all the time.
      threads.append(Limit(value: Int(quota), reason: "control group"))
    }
    if let granted = facts.environment["SLURM_CPUS_PER_TASK"].flatMap({ Int($0) }), granted > 0 {
      threads.append(Limit(value: granted, reason: "SLURM_CPUS_PER_TASK"))
    }

    var memory = [Limit(value: facts.physicalMemoryBytes, reason: "physical memory")]
    if let available = Self.availableMemory(meminfo: facts.text("/proc/meminfo")) {
      memory = [Limit(value: available, reason: "available memory")]
    }
    if let limit = group.memoryBytes { memory.append(Limit(value: limit, reason: "control group")) }
    if let granted = Self.slurmMemory(facts.environment) { memory.append(granted) }

    let fewest = threads.smallest
    let least = memory.smallest
    self.threads = max(1, fewest.value)
    self.threadsReason = fewest.reason
    self.memoryBytes = max(0, least.value)
    self.memoryReason = least.reason
  }

  /// The number of processors in the `Cpus_allowed_list` of `/proc/self/status` (`0-3,8`), or `nil` when it has none.
  package static func affinity(status: String?) -> Int? {
    guard let list = status.flatMap({ field("Cpus_allowed_list", in: $0) }) else { return nil }
    var count = 0
    for part in list.split(separator: ",") {
      let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      switch (bounds.first ?? nil, bounds.count == 2 ? bounds[1] : nil) {
      case (let first?, let last?) where last >= first: count += last - first + 1
      case (.some, nil) where bounds.count == 1: count += 1
      default: return nil
      }
    }
    return count > 0 ? count : nil
  }

  /// `MemAvailable` of `/proc/meminfo` in bytes: what can be had without swapping.
  package static func availableMemory(meminfo: String?) -> Int? {
    guard let words = meminfo.flatMap({ field("MemAvailable", in: $0) })?.split(separator: " "),
      let kibibytes = words.first.flatMap({ Int($0) })
    else { return nil }
    return kibibytes << 10
  }

  /// What Slurm granted: `SLURM_MEM_PER_NODE`, or `SLURM_MEM_PER_CPU` times the processors, both in MiB.
  private static func slurmMemory(_ environment: [String: String]) -> Limit? {
    func positive(_ name: String) -> Int? { environment[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
    if let node = positive("SLURM_MEM_PER_NODE") { return Limit(value: node << 20, reason: "SLURM_MEM_PER_NODE") }
    if let each = positive("SLURM_MEM_PER_CPU") {
      let processors = positive("SLURM_CPUS_PER_TASK") ?? positive("SLURM_CPUS_ON_NODE") ?? 1
      return Limit(value: (each * processors) << 20, reason: "SLURM_MEM_PER_CPU")
    }
    return nil
  }

  /// The rest of the line `name: …`.
  private static func field(_ name: String, in text: String) -> String? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
      return line.dropFirst(name.count + 1).trimmingPrefix { $0 == " " || $0 == "\t" }.description
    }
    return nil
  }
}

/// One of several limits on the same thing.
private struct Limit {
  var value: Int
  var reason: String
}

extension [Limit] {
  /// The first of the smallest. The list is never empty.
  fileprivate var smallest: Limit { self.min { $0.value < $1.value } ?? Limit(value: 1, reason: "default") }
}
