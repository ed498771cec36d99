extension NetworkGraph {
  /// How far beyond a tile the network looks: positions of the input before and after it, per axis.
  package struct Halo: Sendable, Hashable {
    package var before: Extent
    package var after: Extent
  }

  /// The part of the input around an output tile that the tile's values depend on.
  ///
  /// Holds for tiles that start and end on multiples of `totalStride`, in inputs whose extents are such multiples; a
  /// tile cut with this halo (rounded up to `totalStride`) gives the same values as the whole. Where the network's
  /// answer is not as large as its input (`valid` padding, cropping) the halo is counted from the same coordinate.
  package var halo: Halo { halo(aroundTilesOf: totalStride) { _ in .one } }

  /// The halo of an engine that computes the positions of some nodes in blocks: whoever needs one needs its whole block.
  ///
  /// Holds for tiles that start and end on multiples of `tile`, which must itself be a multiple of `alignment(ofBlocks:)`.
  /// - Parameter block: the size of a node's blocks; they start at position 0.
  package func halo(aroundTilesOf tile: Extent, block: (NodeID) -> Extent) -> Halo {
    let z = reach(tile.z, block: block) { $0.z }
    let y = reach(tile.y, block: block) { $0.y }
    let x = reach(tile.x, block: block) { $0.x }
    return Halo(
      before: Extent(z: z.before, y: y.before, x: x.before), after: Extent(z: z.after, y: y.after, x: x.after))
  }

  /// The halo on one axis: walks the range of needed positions from the output back to the input.
  private func reach(
    _ tile: Int, block: (NodeID) -> Extent, axis: (Extent) -> Int
  ) -> (before: Int, after: Int) {
    var needed = [ClosedRange<Int>?](repeating: nil, count: nodes.count)
    needed[output.index] = 0...tile - 1
    for index in nodes.indices.reversed() {
      guard var range = needed[index] else { continue }
      let edge = axis(block(NodeID(index)))
      range = floorDivide(range.lowerBound, edge) * edge...(floorDivide(range.upperBound, edge) + 1) * edge - 1
      let source = nodes[index].operation.sourceRange(of: range, axis: axis)
      for input in nodes[index].inputs {
        let old = needed[input.index] ?? source
        needed[input.index] = min(old.lowerBound, source.lowerBound)...max(old.upperBound, source.upperBound)
      }
    }
    guard let range = needed[input.index] else { return (0, 0) }
    return (max(0, -range.lowerBound), max(0, range.upperBound - (tile - 1)))
  }
}

extension Operation {
  /// The input positions on one axis that a range of output positions depends on.
  fileprivate func sourceRange(of range: ClosedRange<Int>, axis: (Extent) -> Int) -> ClosedRange<Int> {
    switch self {
    case .convolution(let convolution):
      return Self.slidingRange(
        range, span: (axis(convolution.kernel) - 1) * axis(convolution.dilation) + 1,
        stride: axis(convolution.stride), padding: convolution.padding)
    case .maxPooling(let pooling), .averagePooling(let pooling):
      return Self.slidingRange(
        range, span: axis(pooling.window), stride: axis(pooling.stride), padding: pooling.padding)
    case .transposedConvolution(let convolution):
      // Output o gets input i through tap t when o = i · stride − pad + t.
      let stride = axis(convolution.stride)
      let span = (axis(convolution.kernel) - 1) * axis(convolution.dilation) + 1
      let pad = convolution.padding == .same ? max(span - stride, 0) / 2 : 0
      let first = floorDivide(range.lowerBound + pad - span + stride, stride)
      // With a kernel smaller than its stride some outputs depend on no input at all.
      return first...max(first, floorDivide(range.upperBound + pad, stride))
    case .upsampling(let factor):
      return floorDivide(range.lowerBound, axis(factor))...floorDivide(range.upperBound, axis(factor))
    case .zeroPadding(let before, _):
      return range.lowerBound - axis(before)...range.upperBound - axis(before)
    case .cropping(let before, _):
      return range.lowerBound + axis(before)...range.upperBound + axis(before)
    case .custom(let model):
      // Programs answer whole slabs; what they look at within slices is as they say.
      let isAcross = axis(Extent(z: 0, y: 1, x: 1)) == 1
      let reach = isAcross ? model.program.reach : 0
      return range.lowerBound - reach...range.upperBound + reach
    case .input, .concatenation, .addition, .activation, .batchNormalization, .dropout:
      return range
    }
  }

  private static func slidingRange(
    _ range: ClosedRange<Int>, span: Int, stride: Int, padding: Padding
  ) -> ClosedRange<Int> {
    // For inputs that are multiples of the stride, `same` pads max(span − stride, 0) in all.
    let pad = padding == .same ? max(span - stride, 0) / 2 : 0
    return range.lowerBound * stride - pad...range.upperBound * stride - pad + span - 1
  }
}

private func floorDivide(_ a: Int, _ b: Int) -> Int {
  a >= 0 ? a / b : -((-a + b - 1) / b)
}
