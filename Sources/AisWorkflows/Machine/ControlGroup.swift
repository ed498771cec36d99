/// The limits of the Linux control groups that this process is in, versions 1 and 2.
///
/// A limit may stand at any level between the process's own group and the root; the smallest holds.
package struct ControlGroup: Sendable, Hashable {
  /// Processors' worth of time (2.5 = two and a half), or `nil` when unlimited.
  package var processors: Double?
  /// Bytes of memory, or `nil` when unlimited.
  package var memoryBytes: Int?

  package init(_ facts: MachineFacts) {
    for line in (facts.text("/proc/self/cgroup") ?? "").split(separator: "\n") {
      // `hierarchy:controllers:path`; version 2 is hierarchy 0 without controllers.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = parts[1].split(separator: ",")
      let path = String(parts[2])
      if controllers.isEmpty {
        for folder in Self.folders(root: "/sys/fs/cgroup", path: path) {
          limit(processors: facts.text(folder + "/cpu.max").flatMap(Self.quota))
          limit(memory: facts.text(folder + "/memory.max").flatMap(Self.number))
        }
      }
      if controllers.contains("cpu") {
        for folder in Self.folders(root: "/sys/fs/cgroup/\(parts[1])", path: path) {
          guard let quota = facts.text(folder + "/cpu.cfs_quota_us").flatMap(Self.number),
            let period = facts.text(folder + "/cpu.cfs_period_us").flatMap(Self.number), quota > 0, period > 0
          else { continue }
          limit(processors: Double(quota) / Double(period))
        }
      }
      if controllers.contains("memory") {
        for folder in Self.folders(root: "/sys/fs/cgroup/\(parts[1])", path: path) {
          // Without a limit the file holds the largest number of whole pages.
          let bytes = facts.text(folder + "/memory.limit_in_bytes").flatMap(Self.number)
          limit(memory: bytes.flatMap { $0 < 1 << 60 ? $0 : nil })
        }
      }
    }
  }

  /// Reads `cpu.max`: `200000 100000` is two processors, `max 100000` no limit.
  package static func quota(_ text: String) -> Double? {
    let words = text.split { $0.isWhitespace }
    guard words.count == 2, let quota = Double(words[0]), let period = Double(words[1]), quota > 0, period > 0 else {
      return nil
    }
    return quota / period
  }

  private static func number(_ text: String) -> Int? {
    text.split { $0.isWhitespace }.first.flatMap { Int($0) }
  }

  /// The group's own folder and all above it. In a container the path may not exist below the mount; the root does.
  private static func folders(root: String, path: String) -> [String] {
    var folders = [root]
    for part in path.split(separator: "/") where part != ".." {
      folders.append(folders[folders.count - 1] + "/" + part)
    }
    return folders
  }

  private mutating func limit(processors value: Double?) {
    if let value { processors = min(processors ?? .infinity, value) }
  }

  private mutating func limit(memory value: Int?) {
    if let value { memoryBytes = min(memoryBytes ?? .max, value) }
  }
}
