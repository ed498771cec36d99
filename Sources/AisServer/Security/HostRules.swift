/// The names under which the server may be asked for. A page of another site that has its name point to this machine (DNS
/// rebinding) asks under that name, and is refused.
package struct HostRules: Sendable {
  private let names: Set<String>

  /// - Parameter others: beside the names of this machine for itself; of any port, since ports may be forwarded.
  package init(allowing others: [String]) {
    names = Set(["localhost", "127.0.0.1", "[::1]"] + others.map { Self.name($0) })
  }

  /// Whether a request under this `Host` is answered.
  func allows(host: String?) -> Bool { host.map { names.contains(Self.name($0)) } ?? false }

  /// Whether a page of this `Origin` may change something: only one that the server itself sent. Another port of the same
  /// machine is another site: it may belong to another person.
  func allows(origin: String, host: String) -> Bool {
    for scheme in ["http://", "https://"] where origin.lowercased().hasPrefix(scheme) {
      return origin.dropFirst(scheme.count).lowercased() == host.lowercased()
    }
    return false
  }

  /// The name without the port, in small letters.
  private static func name(_ host: String) -> String {
    let host = host.lowercased()
    if host.hasPrefix("[") { return host.firstIndex(of: "]").map { String(host[...$0]) } ?? host }
    let parts = host.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 2 ? String(parts[0]) : host
  }
}
