import AisWorkflows
import Testing

@Suite struct MachineResourcesTests {
  private func facts(_ files: [String: String], _ environment: [String: String] = [:]) -> MachineFacts {
    MachineFacts(environment: environment, processorCount: 64, physicalMemoryBytes: 256 << 30) { files[$0] }
  }
  private let laptop = [
    "/proc/self/status": "Name:\tais\nCpus_allowed:\tff\nCpus_allowed_list:\t0-7\n",
    "/proc/meminfo": "MemTotal: 32000000 kB\nMemAvailable:   16777216 kB\n",
  ]

  @Test func `without any limit the affinity mask and the available memory count`() {
    let resources = MachineResources(facts(laptop))
    #expect(resources.threads == 8 && resources.threadsReason == "affinity mask")
    #expect(resources.memoryBytes == 16 << 30 && resources.memoryReason == "available memory")
  }

  @Test func `without proc the operating system's own counts are used`() {
    let resources = MachineResources(facts([:]))
    #expect(resources.threads == 64 && resources.threadsReason == "processors")
    #expect(resources.memoryBytes == 256 << 30)
  }

  @Test(
    arguments: [("0-3,8,10-11", 7), ("5", 1), ("", nil), ("x", nil), ("3-1", nil), ("1-2-3", nil), ("1-", nil)]
      as [(String, Int?)])
  func `an affinity list is counted, a spoilt one ignored`(list: String, count: Int?) {
    #expect(MachineResources.affinity(status: "Cpus_allowed_list:\t\(list)\n") == count)
  }

  @Test func `a version 2 control group limits at every level`() {
    var files = laptop
    files["/proc/self/cgroup"] = "0::/system.slice/job.scope\n"
    files["/sys/fs/cgroup/system.slice/job.scope/cpu.max"] = "max 100000\n"
    files["/sys/fs/cgroup/system.slice/cpu.max"] = "250000 100000\n"
    files["/sys/fs/cgroup/system.slice/job.scope/memory.max"] = "1073741824\n"
    files["/sys/fs/cgroup/system.slice/memory.max"] = "max\n"
    let resources = MachineResources(facts(files))
    #expect(resources.threads == 2 && resources.threadsReason == "control group")
    #expect(resources.memoryBytes == 1 << 30 && resources.memoryReason == "control group")
  }

  @Test func `a version 1 control group limits too`() {
    var files = laptop
    files["/proc/self/cgroup"] = "4:cpu,cpuacct:/a\n7:memory:/a\n"
    files["/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us"] = "50000\n"
    files["/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us"] = "100000\n"
    files["/sys/fs/cgroup/memory/a/memory.limit_in_bytes"] = "2147483648\n"
    files["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "9223372036854771712\n"
    let resources = MachineResources(facts(files))
    #expect(resources.threads == 1)
    #expect(resources.memoryBytes == 2 << 30)
  }

  @Test func `a version 1 quota of minus one is no limit`() {
    var files = laptop
    files["/proc/self/cgroup"] = "4:cpu:/\n"
    files["/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "-1\n"
    files["/sys/fs/cgroup/cpu/cpu.cfs_period_us"] = "100000\n"
    #expect(MachineResources(facts(files)).threads == 8)
  }

  @Test func `what Slurm granted is kept to`() {
    let node = MachineResources(facts(laptop, ["SLURM_CPUS_PER_TASK": "4", "SLURM_MEM_PER_NODE": "2048"]))
    #expect(node.threads == 4 && node.threadsReason == "SLURM_CPUS_PER_TASK")
    #expect(node.memoryBytes == 2 << 30 && node.memoryReason == "SLURM_MEM_PER_NODE")
    let each = MachineResources(facts(laptop, ["SLURM_CPUS_PER_TASK": "3", "SLURM_MEM_PER_CPU": "1024"]))
    #expect(each.memoryBytes == 3 << 30 && each.memoryReason == "SLURM_MEM_PER_CPU")
  }

  @Test(arguments: ["", "zero", "-3", "0"]) func `a spoilt Slurm variable changes nothing`(value: String) {
    let resources = MachineResources(facts(laptop, ["SLURM_CPUS_PER_TASK": value, "SLURM_MEM_PER_NODE": value]))
    #expect(resources.threads == 8)
    #expect(resources.memoryBytes == 16 << 30)
  }

  @Test func `this machine has at least one thread and some memory`() {
    let resources = MachineResources.current()
    #expect(resources.threads >= 1)
    #expect(resources.memoryBytes > 1 << 20)
  }
}
