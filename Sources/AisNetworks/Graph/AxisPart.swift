/// A part of one axis of a network's input: what the network is given, and the positions of its answer that count.
package struct AxisPart: Sendable, Hashable {
  package var span: Range<Int>
  package var core: Range<Int>

  package init(span: Range<Int>, core: Range<Int>) {
    self.span = span
    self.core = core
  }

  /// Cuts `core` into `count` parts at most and gives each the surroundings that its values depend on, as far as `span` has them.
  /// Parts are equally long where they can be, so that they share the network's buffers.
  ///
  /// - Parameters:
  ///   - alignment: parts start at multiples of this, counted from the start of `span`, and end at such or where `span` ends.
  ///   - before: positions before a part that its values depend on.
  ///   - after: positions behind it.
  package static func cut(
    _ core: Range<Int>, of span: Range<Int>, into count: Int, alignment: Int, before: Int, after: Int
  ) -> [AxisPart] {
    func alignedDown(_ position: Int) -> Int { span.lowerBound + (position - span.lowerBound) / alignment * alignment }
    func alignedUp(_ position: Int) -> Int { alignedDown(position + alignment - 1) }

    let length = (core.count + count - 1) / count
    let cores = stride(from: core.lowerBound, to: core.upperBound, by: max(1, length)).map {
      $0..<min($0 + length, core.upperBound)
    }
    let needed = cores.map { part in
      let lower = alignedDown(max(span.lowerBound, part.lowerBound - before))
      return lower..<min(span.upperBound, alignedUp(part.upperBound + after))
    }
    let longest = needed.map(\.count).max() ?? 0
    return zip(cores, needed).map { part, need in
      var upper = need.lowerBound + longest
      var lower = need.lowerBound
      if upper > span.upperBound {
        upper = span.upperBound
        lower = alignedDown(max(span.lowerBound, upper - longest))
      }
      return AxisPart(span: lower..<upper, core: part)
    }
  }
}
