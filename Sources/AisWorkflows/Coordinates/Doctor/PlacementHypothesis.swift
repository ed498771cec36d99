import AisCore

/// A change that a list may need, and what the list would then have suffered from.
struct PlacementHypothesis: Sendable {
  var transform: PointTransform
  var code: CoordinateFinding.Code
  /// The fault, as in "the list looks as if …".
  var words: String

  static let identity = PlacementHypothesis(transform: .identity, code: .fine, words: "")

  private static let binnings = [2.0, 3, 4, 5, 6, 8, 10, 12, 16]

  /// Axes exchanged or turned round.
  static let arrangements: [PlacementHypothesis] = PointTransform.arrangements.dropFirst().map { transform in
    let axes = transform.order.reversed().map(\.rawValue).joined(separator: ", ")
    let mirrored = [PointTransform.Axis.x, .y, .z].filter(transform.mirrored.contains).map(\.rawValue)
      .joined(separator: " and ")
    let exchange = "its columns were \(axes) and not x, y, z"
    let turn = "\(mirrored) ran the other way"
    if !transform.exchangesAxes {
      return PlacementHypothesis(transform: transform, code: transform.isMirror ? .mirrored : .turned, words: turn)
    }
    if mirrored.isEmpty { return PlacementHypothesis(transform: transform, code: .swappedAxes, words: exchange) }
    return PlacementHypothesis(
      transform: transform, code: transform.isMirror ? .swappedAxes : .turned, words: "\(exchange), and \(turn)")
  }

  /// Coordinates of another binning or unit, with first voxels or outer edges on each other.
  static func scales(_ voxelSize: VoxelSize?) -> [PlacementHypothesis] {
    var result: [PlacementHypothesis] = []
    func add(_ scale: Double, _ code: CoordinateFinding.Code, _ words: String) {
      guard scale.isFinite, scale > 0, abs(scale - 1) > 0.02,
        !result.contains(where: { abs($0.transform.scale / scale - 1) < 0.005 })
      else { return }
      for half in [0, (scale - 1) / 2] {
        result.append(
          PlacementHypothesis(
            transform: PointTransform(scale: scale, shift: VoxelPoint(z: half, y: half, x: half)), code: code,
            words: words))
      }
    }
    if let voxelSize {
      let edge = voxelSize.x.angstrom
      add(1 / edge, .angstrom, "it were in ångström and not in voxels of \(angstromText(edge)) Å")
      add(10 / edge, .angstrom, "it were in nanometres and not in voxels of \(angstromText(edge)) Å")
      add(edge, .angstrom, "it had been divided by the voxel size, \(angstromText(edge)) Å, once too often")
    }
    for factor in binnings {
      let text = PointTransform.text(factor)
      add(1 / factor, .scaled, "it were multiplied by \(text): it counts voxels \(text) times as small")
      add(factor, .scaled, "it were divided by \(text): it counts voxels of a tomogram binned by \(text)")
    }
    return result
  }

  /// Coordinates that count from elsewhere: the middle of the volume, or a corner of a box of usual size.
  static func shifts(_ shape: Shape?) -> [PlacementHypothesis] {
    var result: [PlacementHypothesis] = []
    if let shape {
      let middle = VoxelPoint(z: Double(shape.z) / 2, y: Double(shape.y) / 2, x: Double(shape.x) / 2)
      let none = VoxelPoint(z: 0, y: 0, x: 0)
      result.append(
        .init(
          transform: PointTransform(shift: middle), code: .centred,
          words: "it counted from the middle of the volume and not from its corner"))
      result.append(
        .init(
          transform: PointTransform(shift: none - middle), code: .centred,
          words: "half the volume's size had been added to it once too often"))
    }
    for box in [16.0, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256] {
      for (half, toward) in [
        (box / 2, "corners and not centres of boxes"), (-box / 2, "half a box had been added once too often"),
      ] {
        for z in [half, 0] {
          result.append(
            .init(
              transform: PointTransform(shift: VoxelPoint(z: z, y: half, x: half)), code: .shifted,
              words: half > 0 ? "its points were \(toward) of \(Int(box)) voxels" : "\(toward), of \(Int(box)) voxels"))
        }
      }
    }
    return result
  }
}

/// A list against something that shows where its points belong.
protocol PlacementEvidence {
  /// What the list is compared with, as in "agrees with *the particles of 'b.star'*".
  var name: String { get }
  /// The least shift that is a fault, in voxels: what the evidence can tell from its own unsharpness.
  var smallestShift: Double { get }
  /// Whether points that do not agree are wrong: in a noisy tomogram they may just not be visible.
  var isConclusive: Bool { get }
  /// Whether a score is the part of the points that agree; otherwise it counts standard errors.
  var countsPoints: Bool { get }
  /// How well the points agree under each change, and what that is worth.
  func fits(_ points: [VoxelPoint], _ transforms: [PointTransform], shape: Shape?) throws(AisError) -> [PlacementFit]
  /// Changes that the evidence itself suggests, such as the commonest displacement.
  func suggestions(_ points: [VoxelPoint], shape: Shape?, voxelSize: VoxelSize?) throws(AisError)
    -> [PlacementHypothesis]
  /// What is missing to the points, on average; `nil` when too few agree.
  func offset(of points: [VoxelPoint]) throws(AisError) -> PlacementOffset?
}

/// How well points agree with the evidence.
struct PlacementFit: Sendable {
  /// Part of the points that agree, 0…1, or a number that grows with agreement.
  var score: Double
  /// Standard deviations above what chance gives.
  var significance: Double
}

/// A mean displacement in voxels with its standard error.
struct PlacementOffset: Sendable {
  var mean: VoxelPoint
  var error: VoxelPoint
}
