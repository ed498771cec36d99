import AisCore

/// A change of all points of a list alike: axes exchanged, then scaled, mirrored and shifted. What mends a wrong list.
package struct PointTransform: Hashable, Sendable {
  package enum Axis: String, CaseIterable, Sendable { case z, y, x }

  /// Of the new z, y and x, the old axis each comes from.
  package var order: [Axis] = [.z, .y, .x]
  /// All coordinates are multiplied by this.
  package var scale = 1.0
  /// New axes that run the other way: p becomes n − 1 − p.
  package var mirrored: Set<Axis> = []
  /// Voxels added at the end.
  package var shift = VoxelPoint(z: 0, y: 0, x: 0)

  package static let identity = PointTransform()

  package init(
    order: [Axis] = [.z, .y, .x], scale: Double = 1, mirrored: Set<Axis> = [],
    shift: VoxelPoint = VoxelPoint(z: 0, y: 0, x: 0)
  ) {
    precondition(Set(order).count == 3, "each axis comes from another one")
    self.order = order
    self.scale = scale
    self.mirrored = mirrored
    self.shift = shift
  }

  package var isIdentity: Bool { self == .identity }
  /// Whether the tomogram's size must be known.
  package var needsShape: Bool { !mirrored.isEmpty }
  package var exchangesAxes: Bool { order != [.z, .y, .x] }
  /// Whether the points become their mirror image.
  package var isMirror: Bool {
    let exchanged = zip(order, [Axis.z, .y, .x]).filter { $0 != $1 }.count
    // Two axes exchanged mirror, three passed round do not.
    return (exchanged == 2) != !mirrored.count.isMultiple(of: 2)
  }

  /// The point after the change. `shape` is that of the tomogram the new points lie in.
  package func applied(to point: VoxelPoint, shape: Shape?) -> VoxelPoint {
    func old(_ axis: Axis) -> Double {
      switch axis {
      case .z: point.z
      case .y: point.y
      case .x: point.x
      }
    }
    func new(_ axis: Axis, _ source: Axis, _ count: Int?) -> Double {
      let value = old(source) * scale
      guard mirrored.contains(axis), let count else { return value }
      return Double(count - 1) - value
    }
    return VoxelPoint(
      z: new(.z, order[0], shape?.z), y: new(.y, order[1], shape?.y), x: new(.x, order[2], shape?.x)) + shift
  }

  /// The options of `ais coordinates convert` that make this change.
  package var optionWords: [String] {
    var words: [String] = []
    if exchangesAxes { words.append("--axes \(order.reversed().map(\.rawValue).joined())") }
    if scale != 1 { words.append("--scale \(Self.text(scale))") }
    if !mirrored.isEmpty {
      words.append("--mirror \([Axis.x, .y, .z].filter(mirrored.contains).map(\.rawValue).joined())")
    }
    if shift != VoxelPoint(z: 0, y: 0, x: 0) {
      words.append("--shift=\([shift.x, shift.y, shift.z].map(Self.text).joined(separator: ","))")
    }
    return words
  }

  static func text(_ value: Double) -> String {
    let rounded = (value * 10000).rounded() / 10000
    return rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
  }

  /// All ways to exchange and turn round axes, those that change least first.
  package static let arrangements: [PointTransform] = {
    let orders: [[Axis]] = [[.z, .y, .x], [.z, .x, .y], [.y, .z, .x], [.x, .y, .z], [.y, .x, .z], [.x, .z, .y]]
    let mirrors: [Set<Axis>] = [[], [.z], [.y], [.x], [.z, .y], [.z, .x], [.y, .x], [.z, .y, .x]]
    return mirrors.flatMap { mirrored in orders.map { PointTransform(order: $0, mirrored: mirrored) } }
  }()
}
