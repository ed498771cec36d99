import AisCore

/// The columns of a RELION table that say how a particle is turned and shifted.
///
/// A refined particle lies where its coordinate is, less its origin turned by the subtomogram's own rotation; its rotation is the
/// product of both. Both are folded into the particle, so that a list says the same to every program.
struct RELIONPose {
  private let angles: [Int]?
  private let subtomogram: [Int]?
  private let originAngstrom: [Int]?
  private let originPixel: [Int]?
  private(set) var warnings: [String] = []

  init(_ columns: inout ParticleColumns) {
    angles = columns.take(all: ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"])
    subtomogram = columns.take(all: ["rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi"])
    originAngstrom = columns.take(all: ["rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst"])
    originPixel = columns.take(all: ["rlnOriginX", "rlnOriginY", "rlnOriginZ"])
    if subtomogram != nil {
      // Priors are relative to the rotation that no longer stands beside them.
      for name in ["rlnAngleRotPrior", "rlnAngleTiltPrior", "rlnAnglePsiPrior"] { _ = columns.take(name) }
      warnings.append(
        "the rotations of the subtomograms (rlnTomoSubtomogramRot, …) were taken into the particles' angles; "
          + "priors of angles were left out.")
    }
  }

  func angles(_ columns: ParticleColumns, _ row: Int) throws(AisError) -> EulerAngles? {
    let own = try angles.map { indices throws(AisError) in try Self.angles(columns, row, indices) }
    guard let subtomogram else { return own }
    let outer = RotationMatrix(try Self.angles(columns, row, subtomogram))
    return (outer * RotationMatrix(own ?? EulerAngles(rot: 0, tilt: 0, psi: 0))).angles
  }

  /// What has to be subtracted from the coordinate, in pixels of `spacing`; `imagePixel` is the pixel that origins without unit
  /// count in.
  mutating func shift(_ columns: ParticleColumns, _ row: Int, spacing: Length?, imagePixel: Length?) throws(AisError)
    -> VoxelPoint
  {
    var shift = VoxelPoint(z: 0, y: 0, x: 0)
    if let originAngstrom {
      shift = try columns.point(row, originAngstrom)
      if shift == VoxelPoint(z: 0, y: 0, x: 0) { return shift }
      guard let spacing else {
        throw AisError(
          .needsDecision,
          "'\(columns.path)' shifts particles by ångström (rlnOriginXAngst) and does not say how large a pixel is. "
            + "Give --voxel-size.")
      }
      shift = shift.scaled(by: 1 / spacing.angstrom)
    } else if let originPixel {
      shift = try columns.point(row, originPixel)
      if let spacing, let imagePixel { shift = shift.scaled(by: imagePixel / spacing) }
    }
    if shift == VoxelPoint(z: 0, y: 0, x: 0) { return shift }
    if !warnings.contains(Self.shifted) { warnings.append(Self.shifted) }
    guard let subtomogram else { return shift }
    let turned = RotationMatrix(try Self.angles(columns, row, subtomogram)).rotated((shift.x, shift.y, shift.z))
    return VoxelPoint(z: turned.z, y: turned.y, x: turned.x)
  }

  private static let shifted = "the refined shifts (rlnOrigin…) were taken into the positions."

  private static func angles(_ columns: ParticleColumns, _ row: Int, _ indices: [Int]) throws(AisError) -> EulerAngles {
    EulerAngles(
      rot: try columns.number(row, indices[0]), tilt: try columns.number(row, indices[1]),
      psi: try columns.number(row, indices[2]))
  }
}

extension VoxelPoint {
  func scaled(by factor: Double) -> VoxelPoint { VoxelPoint(z: z * factor, y: y * factor, x: x * factor) }
}
