import AisCore

/// A network's input cut along y and x, so that each piece takes no more than a given memory; their answers make up the whole's.
struct TensorPieces {
  struct Piece: Hashable {
    var rows: AxisPart
    var columns: AxisPart
  }

  let input: TensorShape
  let pieces: [Piece]
  /// Of the largest piece's run.
  let bytes: Int

  /// The fewest pieces that fit `limit`; `nil` when even the smallest do not.
  ///
  /// - Parameter memory: bytes that a run on an input of this shape takes.
  init?(
    _ input: TensorShape, of graph: NetworkGraph, limit: Int, memory: (TensorShape) throws(AisError) -> Int
  ) throws(AisError) {
    var (rows, columns) = (1, 1)
    while true {
      let cut = TensorPieces.cut(input, of: graph, rows: rows, columns: columns)
      let largest = TensorShape(
        z: input.z, y: cut.map(\.rows.span.count).max() ?? 0, x: cut.map(\.columns.span.count).max() ?? 0,
        channels: input.channels)
      let bytes = try memory(largest)
      if bytes <= limit {
        self.input = input
        pieces = cut
        self.bytes = bytes
        return
      }
      guard try TensorPieces.canCut(input, of: graph, rows: rows, columns: columns) else { return nil }
      if input.y / rows >= input.x / columns { rows += 1 } else { columns += 1 }
    }
  }

  private static func cut(_ input: TensorShape, of graph: NetworkGraph, rows: Int, columns: Int) -> [Piece] {
    let (halo, stride) = (graph.halo, graph.totalStride)
    func parts(_ length: Int, _ count: Int, _ axis: (Extent) -> Int) -> [AxisPart] {
      AxisPart.cut(
        0..<length, of: 0..<length, into: count, alignment: axis(stride), before: axis(halo.before),
        after: axis(halo.after))
    }
    let columnParts = parts(input.x, columns) { $0.x }
    return parts(input.y, rows) { $0.y }.flatMap { row in columnParts.map { Piece(rows: row, columns: $0) } }
  }

  /// Networks that answer with another size than their input's are run whole; and below a few strides a piece is all surroundings.
  private static func canCut(
    _ input: TensorShape, of graph: NetworkGraph, rows: Int, columns: Int
  ) throws(AisError) -> Bool {
    let stride = graph.totalStride
    let output = try graph.outputShape(for: input)
    guard output.z == input.z, output.y == input.y, output.x == input.x, input.y % stride.y == 0,
      input.x % stride.x == 0
    else { return false }
    return max(input.y / rows, input.x / columns) > max(32, 2 * max(stride.y, stride.x))
  }
}

extension TensorPieces.Piece {
  func shape(in input: TensorShape) -> TensorShape {
    TensorShape(z: input.z, y: rows.span.count, x: columns.span.count, channels: input.channels)
  }

  /// Copies the piece's values out of the whole's.
  func gather(
    from source: UnsafeBufferPointer<Float>, _ whole: TensorShape, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let run = columns.span.count * whole.channels
    var position = 0
    for z in 0..<whole.z {
      for row in rows.span {
        let start = ((z * whole.y + row) * whole.x + columns.span.lowerBound) * whole.channels
        copy(run, from: source, start, to: target, position)
        position += run
      }
    }
  }

  /// Copies what counts of the piece's answer to its place in the whole's.
  func scatter(
    _ answer: UnsafeBufferPointer<Float>, to target: UnsafeMutableBufferPointer<Float>, _ whole: TensorShape
  ) {
    let run = columns.core.count * whole.channels
    for z in 0..<whole.z {
      for row in rows.core {
        let from =
          ((z * rows.span.count + row - rows.span.lowerBound) * columns.span.count + columns.core.lowerBound
            - columns.span.lowerBound) * whole.channels
        copy(
          run, from: answer, from, to: target,
          ((z * whole.y + row) * whole.x + columns.core.lowerBound) * whole.channels)
      }
    }
  }

  private func copy(
    _ count: Int, from source: UnsafeBufferPointer<Float>, _ start: Int, to target: UnsafeMutableBufferPointer<Float>,
    _ place: Int
  ) {
    _ = UnsafeMutableBufferPointer(rebasing: target[place..<place + count])
      .update(fromContentsOf: UnsafeBufferPointer(rebasing: source[start..<start + count]))
  }
}
