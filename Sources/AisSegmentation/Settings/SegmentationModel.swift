import AisCore
import AisNetworks

/// A network that an engine has loaded, with what must be known to feed it.
package struct SegmentationModel: Sendable {
  /// The feature's name, for messages.
  package var title: String
  package var network: any LoadedNetwork
  /// Slices in one input: 1 for 2D, more for 2.5D (as channels) and 3D (as depth).
  package var depth: Int
  package var normalization: SliceNormalization
  /// What the network was trained at; `nil` when the model does not say.
  package var pixelSize: Length?
  /// Slices by which the labelled slice was moved in training (3D): only that many positions around the middle of a
  /// slab were ever trained. 0: all of them.
  package var zJitter: Int

  private static let largestMultiple = 4096

  /// Throws when the network is none that gives one number a voxel, its depth is not the model's, or no slice is large enough.
  package init(
    title: String, network: any LoadedNetwork, depth: Int, normalization: SliceNormalization, pixelSize: Length?,
    zJitter: Int
  ) throws(AisError) {
    self.title = title
    self.network = network
    self.normalization = normalization
    self.pixelSize = pixelSize
    self.zJitter = zJitter
    let paddingMultiple = network.graph.paddingMultiple
    guard paddingMultiple <= Self.largestMultiple else {
      throw AisError(
        .limitExceeded,
        "the network of model '\(title)' divides slices into pieces of \(paddingMultiple) pixels; "
          + "at most \(Self.largestMultiple) are taken")
    }
    guard case .input(let input) = network.graph[network.graph.input].operation else {
      throw AisError(.unsupported, "the network of model '\(title)' has no input")
    }
    switch network.graph.dimensionality {
    case .two:
      // The network is right about its channels, whatever the model's text says.
      self.depth = input.channels
    case .three:
      guard input.channels == 1 else {
        throw AisError(
          .unsupported,
          "the 3D network of model '\(title)' takes \(input.channels) channels; only one, the grey level, can be given")
      }
      self.depth = input.z ?? depth
      guard self.depth > 0 else {
        throw AisError(.unsupported, "model '\(title)' does not say how many slices its 3D network takes")
      }
    }
  }

  package var isThreeDimensional: Bool { network.graph.dimensionality == .three }

  /// The positions of a slab whose answer counts: those that were trained.
  package var trainedPositions: ClosedRange<Int> {
    guard isThreeDimensional, zJitter > 0 else { return 0...depth - 1 }
    let reach = zJitter / 2
    return max(0, depth / 2 - reach)...min(depth - 1, depth / 2 + reach)
  }

  /// The shape of an input of `y` × `x` pixels.
  func input(y: Int, x: Int) -> TensorShape {
    isThreeDimensional
      ? TensorShape(z: depth, y: y, x: x, channels: 1) : TensorShape(z: 1, y: y, x: x, channels: depth)
  }

  /// The network's plan for such an input. Throws unless it answers with one number a pixel.
  func plan(y: Int, x: Int) throws(AisError) -> any InferencePlan {
    let plan = try network.plan(for: input(y: y, x: x))
    let expected = TensorShape(z: isThreeDimensional ? depth : 1, y: y, x: x, channels: 1)
    guard plan.output == expected else {
      throw AisError(
        .shapeMismatch,
        "the network of model '\(title)' answers \(plan.output) (z×y×x×channels) to an input of \(plan.input), "
          + "a segmentation network answers \(expected)")
    }
    return plan
  }
}
