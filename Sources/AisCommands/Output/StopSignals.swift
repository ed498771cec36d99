import AisCore
import Dispatch
import Foundation

/// Turns Ctrl-C and the scheduler's request to end into a clean stop: work is asked to stop, and when it is still busy after
/// half a second, what is unfinished is removed and the process ends. A second signal ends it at once.
final class StopSignals {
  /// What shells expect of a program stopped by Ctrl-C.
  static let exitCode: Int32 = 130
  private var sources: [any DispatchSourceSignal] = []

  /// - Parameters:
  ///   - patience: seconds that work has to stop by itself.
  ///   - abandon: removes unfinished files; called from another thread, perhaps while work goes on.
  init(cancellation: Cancellation, patience: Double = 0.5, abandon: @escaping @Sendable () -> Void) {
    let queue = DispatchQueue(label: "signals")
    let registered = DispatchGroup()
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        if cancellation.isCancelled {
          abandon()
          _exit(Self.exitCode)
        }
        cancellation.cancel()
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(patience * 1000))) {
          abandon()
          Terminal.standardError.draw(nil)
          Terminal.standardError.print("ais: stopped; unfinished outputs were removed")
          _exit(Self.exitCode)
        }
      }
      registered.enter()
      source.setRegistrationHandler { registered.leave() }
      source.resume()
      sources.append(source)
    }
    // Until the system watches for it a signal is lost, since it is ignored: on a busy machine work may have begun by then.
    registered.wait()
  }
}
