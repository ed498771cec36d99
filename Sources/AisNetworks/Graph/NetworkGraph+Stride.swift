extension NetworkGraph {
  /// What the input's extents must be multiples of for every layer to divide evenly (1 where any extent will do).
  ///
  /// The product of strides along the deepest way down, per axis: UNet S has 4, VGGNet S 8. Networks that pad (`same`)
  /// then answer with exactly the input's extents.
  package var totalStride: Extent { alignment { _ in .one } }

  /// What both sides of a padded slice must be multiples of: 32, as the reference program pads, or the next multiple of it that
  /// every layer divides evenly, along both axes as slices are turned.
  package var paddingMultiple: Int {
    let stride = totalStride
    return leastCommonMultiple(32, leastCommonMultiple(stride.y, stride.x))
  }

  /// What a tile's start must be a multiple of for every layer's blocks to lie in the tile as they lie in the whole.
  ///
  /// - Parameter block: the size of a node's blocks; with blocks of one position this is `totalStride`.
  package func alignment(ofBlocks block: (NodeID) -> Extent) -> Extent {
    var scales: [Scale] = []
    var deepest = Extent.one
    for (index, node) in nodes.enumerated() {
      let scale = (node.inputs.first.map { scales[$0.index] } ?? Scale()).applying(node.operation)
      // Branches of different depth meet in concatenations, so every node counts, not only the output.
      var own = block(NodeID(index))
      if case .custom(let model) = node.operation {
        own = Extent(z: own.z, y: model.program.sideMultiple, x: model.program.sideMultiple)
      }
      deepest = Extent(
        z: leastCommonMultiple(deepest.z, scale.z.inputPositions(in: own.z)),
        y: leastCommonMultiple(deepest.y, scale.y.inputPositions(in: own.y)),
        x: leastCommonMultiple(deepest.x, scale.x.inputPositions(in: own.x)))
      scales.append(scale)
    }
    return deepest
  }

  /// The size of an activation relative to the network's input, per axis, as reduced fractions up / down.
  private struct Scale {
    struct Axis {
      var up = 1
      var down = 1

      func multiplied(by factor: Int) -> Axis { reduced(up: product(up, factor), down: down) }
      func divided(by factor: Int) -> Axis { reduced(up: up, down: product(down, factor)) }

      /// The fewest positions of the input that are a whole number of blocks of `count` positions here.
      func inputPositions(in count: Int) -> Int {
        let scaled = product(down, count)
        return scaled / greatestCommonDivisor(scaled, up)
      }

      private func reduced(up: Int, down: Int) -> Axis {
        let divisor = greatestCommonDivisor(up, down)
        return Axis(up: up / divisor, down: down / divisor)
      }
    }

    var z = Axis()
    var y = Axis()
    var x = Axis()

    func applying(_ operation: Operation) -> Scale {
      switch operation {
      case .convolution(let convolution): divided(by: convolution.stride)
      case .maxPooling(let pooling), .averagePooling(let pooling): divided(by: pooling.stride)
      case .transposedConvolution(let convolution): multiplied(by: convolution.stride)
      case .upsampling(let factor): multiplied(by: factor)
      default: self
      }
    }

    private func divided(by factor: Extent) -> Scale {
      Scale(z: z.divided(by: factor.z), y: y.divided(by: factor.y), x: x.divided(by: factor.x))
    }
    private func multiplied(by factor: Extent) -> Scale {
      Scale(z: z.multiplied(by: factor.z), y: y.multiplied(by: factor.y), x: x.multiplied(by: factor.x))
    }
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  var (a, b) = (a, b)
  while b != 0 { (a, b) = (b, a % b) }
  return a
}

private func leastCommonMultiple(_ a: Int, _ b: Int) -> Int { product(a / greatestCommonDivisor(a, b), b) }

/// A product that stays at a huge number instead of overflowing: only hostile networks get there, and no input fits them.
private func product(_ a: Int, _ b: Int) -> Int {
  let (result, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow ? 1 << 62 : result
}
