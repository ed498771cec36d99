import Foundation

/// Along which axis the electron beam ran, told from the part of Fourier space that a tilt series cannot reach.
///
/// A specimen tilted to ±60° leaves a wedge unmeasured on either side of the beam's direction; whatever the tilt axis,
/// the cone of 30° around the beam lies wholly in it. Noise misses there as much as the picture does, so the cone shows in
/// any back-projection, whatever is in it. See `docs/reference/check-up.md`.
package struct MissingWedge: Sendable {
  package enum Axis: String, Sendable, CaseIterable { case z, y, x }

  /// Mean of ln |F|² in the cone of 30° about each axis, minus that of the whole shell, at the median of eight shells.
  /// About 0 where nothing is missing, −2 to −11 about the beam.
  package var cone: [Axis: Double]
  /// The same in the quarter where the two other frequencies have equal signs, minus where their signs differ. Near 0 in
  /// a volume; several units where rows or slices slide against each other.
  package var shear: [Axis: Double]
  /// Cubes looked at.
  package var cubes: Int

  /// The axis with an empty cone, when exactly one is empty and stands well apart from the others.
  package var beam: Axis? {
    let order = Axis.allCases.sorted { cone[$0]! < cone[$1]! }
    guard cone[order[0]]! <= -1.2, cone[order[1]]! - cone[order[0]]! >= 1.2, cone[order[1]]! > -1 else { return nil }
    return order[0]
  }

  /// Whether slices or rows slide against each other, as when a file is read with wrong dimensions.
  package var isSheared: Bool { shear.values.contains { abs($0) > 1.5 } }
}

/// Adds up the spectra of cubes and measures the missing wedge.
package struct MissingWedgeMeter: Sendable {
  private let edge: Int
  private let spectrum: CubeSpectrum
  private var sum: [Float]
  private var cubes = 0

  package init(edge: Int) {
    self.edge = edge
    spectrum = CubeSpectrum(edge: edge)
    sum = [Float](repeating: 0, count: edge * edge * edge)
  }

  package mutating func add(_ cube: [Float]) {
    guard let power = spectrum.logarithmicPower(of: cube) else { return }
    cubes += 1
    for i in sum.indices { sum[i] += power[i] }
  }

  /// `nil` when no cube held anything.
  package var result: MissingWedge? {
    guard cubes > 0 else { return nil }
    let shells = 8
    let (inner, outer) = (0.06, 0.46)
    var all = [Mean](repeating: Mean(), count: shells)
    var cones = [[Mean]](repeating: all, count: 3)
    var equalSigns = cones
    var otherSigns = cones
    let frequency = (0..<edge).map { Double($0 < edge / 2 ? $0 : $0 - edge) / Double(edge) }
    let cosine = cos(30 * Double.pi / 180)
    for (i, value) in sum.enumerated() {
      let k = [frequency[i / (edge * edge)], frequency[i / edge % edge], frequency[i % edge]]
      let radius = (k[0] * k[0] + k[1] * k[1] + k[2] * k[2]).squareRoot()
      guard radius >= inner, radius < outer else { continue }
      let shell = min(shells - 1, Int((radius - inner) / (outer - inner) * Double(shells)))
      let power = Double(value) / Double(cubes)
      all[shell].add(power)
      for axis in 0..<3 {
        if abs(k[axis]) > cosine * radius { cones[axis][shell].add(power) }
        let product = k[(axis + 1) % 3] * k[(axis + 2) % 3]
        if product > 0 { equalSigns[axis][shell].add(power) }
        if product < 0 { otherSigns[axis][shell].add(power) }
      }
    }
    func median(_ values: [Double]) -> Double {
      let sorted = values.sorted()
      return (sorted[shells / 2] + sorted[shells / 2 - 1]) / 2
    }
    var result = MissingWedge(cone: [:], shear: [:], cubes: cubes)
    for (i, axis) in MissingWedge.Axis.allCases.enumerated() {
      result.cone[axis] = median((0..<shells).map { cones[i][$0].value - all[$0].value })
      result.shear[axis] = median((0..<shells).map { equalSigns[i][$0].value - otherSigns[i][$0].value })
    }
    return result
  }

  private struct Mean {
    private var sum = 0.0
    private var count = 0
    mutating func add(_ value: Double) {
      sum += value
      count += 1
    }
    var value: Double { count == 0 ? 0 : sum / Double(count) }
  }
}
