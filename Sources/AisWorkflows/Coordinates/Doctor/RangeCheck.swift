import AisCore

/// What a list alone can show, when the size of its tomogram is known: points that lie outside, and what would bring them in.
struct RangeCheck {
  /// Lists of fewer points say nothing about where they do not lie.
  private static let fewestForExtent = 50
  private static let factors = [2.0, 3, 4, 6, 8, 10]

  let points: [VoxelPoint]
  let shape: Shape
  let voxelSize: VoxelSize?

  var findings: [CoordinateFinding] {
    var findings: [CoordinateFinding] = []
    let outside = points.filter { !Self.isInside($0, shape) }.count
    if outside > 0 { findings.append(outsideFinding(outside)) }
    if outside == 0, let factor = looksDivided {
      findings.append(
        CoordinateFinding(
          .factor, .note,
          "all points lie in the lower 1/\(PointTransform.text(factor)) of every axis, as if they counted voxels of a tomogram binned by \(PointTransform.text(factor)).",
          remedy: Remedy(advice: "Compare with the tomogram: '--tomogram FILE'.")))
    }
    let duplicates = points.count - Set(points).count
    if duplicates > 0 {
      findings.append(
        CoordinateFinding(
          .duplicates, .note, "\(duplicates) of \(points.count) points are there twice.",
          remedy: Remedy(advice: "'ais coordinates filter --spacing' leaves one of each.")))
    }
    return findings
  }

  /// Whether a point lies in one of the voxels.
  static func isInside(_ p: VoxelPoint, _ shape: Shape) -> Bool {
    p.z >= -0.5 && p.y >= -0.5 && p.x >= -0.5 && p.z < Double(shape.z) - 0.5 && p.y < Double(shape.y) - 0.5
      && p.x < Double(shape.x) - 0.5
  }

  private func outsideFinding(_ outside: Int) -> CoordinateFinding {
    let share = "\(outside) of \(points.count) points lie outside the volume of \(shape) voxels"
    let range = "x \(span(\.x)), y \(span(\.y)), z \(span(\.z))"
    // A few at the rim are bad picks, not a wrong frame.
    guard Double(outside) > 0.05 * Double(points.count) else {
      return CoordinateFinding(.outside, .warning, "\(share) (\(range)).")
    }
    for (transform, code, words) in candidates where fits(transform) {
      return CoordinateFinding(
        code, .error, "\(share) (\(range)); \(words).",
        remedy: Remedy(option: transform.optionWords.joined(separator: " ")))
    }
    return CoordinateFinding(
      .outside, .error,
      "\(share) (\(range)), and no exchange of axes, factor or shift of half the volume brings them in.",
      remedy: Remedy(advice: "Is it the right tomogram, at the right binning?"))
  }

  private func fits(_ transform: PointTransform) -> Bool {
    points.allSatisfy { Self.isInside(transform.applied(to: $0, shape: shape), shape) }
  }

  /// Changes that would bring all points in, the likeliest first.
  private var candidates: [(PointTransform, CoordinateFinding.Code, String)] {
    var result: [(PointTransform, CoordinateFinding.Code, String)] = []
    let middle = VoxelPoint(z: Double(shape.z) / 2, y: Double(shape.y) / 2, x: Double(shape.x) / 2)
    if points.contains(where: { $0.x < -1 || $0.y < -1 || $0.z < -1 }) {
      result.append((PointTransform(shift: middle), .centred, "they fit when counted from the middle of the volume"))
      if let voxelSize {
        let scale = 1 / voxelSize.x.angstrom
        result.append(
          (PointTransform(scale: scale, shift: middle), .centred, "they fit as ångström from the middle of the volume"))
      }
    }
    for order in PointTransform.arrangements.map(\.order).prefix(6).dropFirst() {
      let transform = PointTransform(order: order)
      let axes = order.reversed().map(\.rawValue).joined(separator: ", ")
      result.append((transform, .swappedAxes, "they fit when the columns are read as \(axes)"))
    }
    if let voxelSize, abs(voxelSize.x.angstrom - 1) > 0.01 {
      result.append(
        (PointTransform(scale: 1 / voxelSize.x.angstrom), .angstrom, "they fit when they are ångström and not voxels"))
    }
    for factor in Self.factors {
      let text = PointTransform.text(factor)
      result.append(
        (
          PointTransform(scale: 1 / factor), .scaled,
          "they fit when divided by \(text), as of a tomogram with voxels \(text) times as small"
        ))
    }
    return result
  }

  /// The factor by which a full list would have been divided, when its points keep to one corner.
  private var looksDivided: Double? {
    guard points.count >= Self.fewestForExtent else { return nil }
    let filled =
      [
        (points.map(\.z).max() ?? 0) / Double(max(1, shape.z)), (points.map(\.y).max() ?? 0) / Double(max(1, shape.y)),
        (points.map(\.x).max() ?? 0) / Double(max(1, shape.x)),
      ].max() ?? 1
    guard filled < 0.55, filled > 0 else { return nil }
    return Self.factors.last { filled * $0 <= 1.05 }
  }

  private func span(_ axis: KeyPath<VoxelPoint, Double>) -> String {
    let values = points.map { $0[keyPath: axis] }
    func text(_ value: Double) -> String { PointTransform.text((value * 10).rounded() / 10) }
    return "\(text(values.min() ?? 0)) to \(text(values.max() ?? 0))"
  }
}
