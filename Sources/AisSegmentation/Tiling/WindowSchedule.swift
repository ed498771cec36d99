import AisCore
import AisImaging

/// Which slices go through the network together, and where its answers belong.
struct WindowSchedule: Sendable {
  struct Window: Sendable {
    /// The slices, one for each input position.
    var inputs: [Int]
    /// For each output slice the slice of the tomogram it is added to, or `nil` when it does not count.
    var outputs: [Int?]
    /// Once the window is done, all slices before this one have their final value.
    var settled: Int

    var firstInput: Int { inputs.min() ?? 0 }
    var lastInput: Int { inputs.max() ?? 0 }
  }

  /// In ascending order.
  var windows: [Window]
  /// How many answers are added up for each slice of the tomogram; 0 where it stays 0.
  var coverage: [Int]

  /// 2D and 2.5D: for slice z the slices z − depth/2 … z − depth/2 + depth − 1, clamped to the tomogram.
  static func slices(_ range: Range<Int>, of count: Int, depth: Int) -> WindowSchedule {
    let windows = range.map { z in
      Window(inputs: (0..<depth).map { min(max(z - depth / 2 + $0, 0), count - 1) }, outputs: [z], settled: z + 1)
    }
    return WindowSchedule(windows: windows, coverage: (0..<count).map { range.contains($0) ? 1 : 0 })
  }

  /// 3D: slabs of `depth` slices every `stride` slices, the last flush with the end of the range; of each answer only
  /// the `trained` positions count. Slices beyond the tomogram are its reflection.
  ///
  /// - Parameter coversEnds: adds slabs that reach beyond the first and last slice, so that none is left out.
  static func slabs(
    _ range: Range<Int>, of count: Int, depth: Int, stride: Int, trained: ClosedRange<Int>, coversEnds: Bool
  ) -> WindowSchedule {
    var starts: [Int]
    if coversEnds {
      let first = range.lowerBound - trained.lowerBound
      let last = max(first, range.upperBound - 1 - trained.upperBound)
      starts = Array(Swift.stride(from: first, to: last, by: stride)) + [last]
    } else {
      let last = max(0, range.upperBound - depth)
      starts = Array(Swift.stride(from: range.lowerBound, to: last, by: stride)) + [last]
    }
    starts = starts.reduce(into: []) { if $0.last != $1 { $0.append($1) } }

    var coverage = [Int](repeating: 0, count: count)
    var windows: [Window] = []
    for (index, start) in starts.enumerated() {
      let outputs: [Int?] = (0..<depth).map { position in
        let z = start + position
        return trained.contains(position) && range.contains(z) ? z : nil
      }
      for case let z? in outputs { coverage[z] += 1 }
      let next = index + 1 < starts.count ? starts[index + 1] + trained.lowerBound : count
      windows.append(
        Window(
          inputs: (0..<depth).map { BorderRule.wholeSample.index(start + $0, count: count) }, outputs: outputs,
          settled: min(max(next, 0), count)))
    }
    return WindowSchedule(windows: windows, coverage: coverage)
  }
}

extension WindowSchedule {
  /// The first slice for which any of the schedules computes something.
  static func firstSettled(_ schedules: [WindowSchedule], of count: Int) -> Int {
    schedules.compactMap { $0.coverage.firstIndex { $0 > 0 } }.min() ?? count
  }

  /// For each schedule the most slices that it can have settled beyond what all others have, when windows run as soon as
  /// their last slice has arrived.
  static func skews(_ schedules: [WindowSchedule], of count: Int) -> [Int] {
    var settled = [Int](repeating: firstSettled(schedules, of: count), count: schedules.count)
    var positions = [Int](repeating: 0, count: schedules.count)
    var skews = [Int](repeating: 1, count: schedules.count)
    for z in 0..<count {
      let slowest = settled.min() ?? 0
      for (index, schedule) in schedules.enumerated() {
        while positions[index] < schedule.windows.count, schedule.windows[positions[index]].lastInput <= z {
          settled[index] = max(settled[index], schedule.windows[positions[index]].settled)
          positions[index] += 1
        }
        skews[index] = max(skews[index], settled[index] - slowest)
      }
    }
    return skews
  }
}
