import AisCore
import AisFormats
import AisNetworks
import AisProject
import Foundation
import Synchronization

/// What learning takes on this machine before anybody tried: from what a network computes for a box and for a slice.
package final class TrainingForecast: Sendable {
  /// Seconds.
  package struct Times: Sendable {
    /// One box that is learnt from.
    package var box: Double
    /// One slice that is looked at.
    package var slice: Double
  }

  private struct Key: Hashable {
    var architecture: String
    var boxSize, depth, height, width: Int
  }

  private let threads: Int
  private let known = Mutex<[Key: Times]>([:])

  /// Learning computes a box forwards and twice backwards, in a library that takes about twice the time of our kernels. Estimated, not
  /// fitted: after the first epoch of a set the page goes by what was measured.
  private static let costOfLearning = 6.0

  package init(threads: Int) { self.threads = threads }

  /// Blocks while the network is laid out, some tenths of a second for large ones.
  ///
  /// - Parameters:
  ///   - name: of the architecture; `nil` is the standard one.
  ///   - slice: rows and columns, as the network would see them.
  /// - Returns: `nil` for users' own programs, which nothing is known of.
  package func times(
    _ name: String?, for set: TrainingSet, slice: (y: Int, x: Int), folder: String?
  ) throws(AisError) -> Times? {
    let architecture = try ArchitectureLibrary(folder: folder).named(name ?? Architecture.standard)
    let key = Key(
      architecture: architecture.name, boxSize: set.boxSize, depth: set.depth, height: slice.y, width: slice.x)
    if let found = known.withLock({ $0[key] }) { return found }
    guard architecture.program == nil else { return nil }
    let isSlab = architecture.form == .slabs
    let network = try CPUEngine(threads: threads).load(architecture.graph(depth: set.depth, seed: 1))
    func seconds(_ y: Int, _ x: Int) throws(AisError) -> Double {
      func whole(_ side: Int) -> Int {
        (side + architecture.sideMultiple - 1) / architecture.sideMultiple * architecture.sideMultiple
      }
      let input = TensorShape(z: isSlab ? set.depth : 1, y: whole(y), x: whole(x), channels: isSlab ? 1 : set.depth)
      return try network.plan(for: input).predictedSeconds
    }
    let times = Times(
      box: Self.costOfLearning * (try seconds(set.boxSize, set.boxSize)), slice: try seconds(slice.y, slice.x))
    known.withLock { $0[key] = times }
    return times
  }
}
