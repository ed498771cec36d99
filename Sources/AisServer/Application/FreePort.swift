import AisCore
import Glibc

/// Finds a port that nobody listens at.
package enum FreePort {
  /// The wished port, or the first free one from 8420 on: mostly the same at every start, so that pages of the last one find
  /// their server again. 0 lets the system choose.
  ///
  /// Throws `in-use` when the wished port is taken.
  package static func find(_ wished: Int?) throws(AisError) -> Int {
    if let wished {
      guard wished == 0 || isFree(wished) else {
        throw AisError(
          .inUse,
          "port \(wished) is in use by another program. Choose another with '--port', or leave the choice to Ais")
      }
      return wished
    }
    return (AppSettings.firstPort..<AppSettings.firstPort + 100).first { isFree($0) } ?? 0
  }

  private static func isFree(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // As the server itself does: connections that linger from the last start are no obstacle.
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = INADDR_ANY
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    return isBound && Glibc.listen(descriptor, 1) == 0
  }
}
