import AisCore
import AisFormats

/// Lists in other formats, with what must be said about where their points lie.
package enum CoordinateConversion {
  /// What `ais coordinates convert` was asked for; goes into the account of the work.
  package struct Settings: Encodable, Sendable {
    package var from: String?
    package var change: String

    package init(from: CoordinateFormat?, change: PointTransform) {
      self.from = from?.rawValue
      self.change = change.optionWords.joined(separator: " ")
    }
  }

  /// Applies a change to all points of a list. Mirroring throws for tomograms of unknown size.
  package static func changed(_ list: ParticleList, by change: PointTransform) throws(AisError) -> ParticleList {
    if change.isIdentity { return list }
    var list = list
    for index in list.particles.indices {
      let frame = list.tomograms[list.particles[index].tomogram]
      if change.needsShape, frame.shape == nil {
        throw AisError(
          .needsDecision,
          "the size of '\(frame.name)' is not known, so that its axes cannot be turned round. Give '--size' or '--tomogram'."
        )
      }
      list.particles[index].point = change.applied(to: list.particles[index].point, shape: frame.shape)
      if change.exchangesAxes || !change.mirrored.isEmpty { list.particles[index].angles = nil }
    }
    return list
  }

  /// What looks wrong with a list by itself: points outside, a factor, columns exchanged. One sentence each.
  package static func doubts(_ list: ParticleList) throws(AisError) -> [String] {
    var doubts: [String] = []
    for part in list.byTomogram where !part.particles.isEmpty {
      let frame = part.tomograms[0]
      let doctor = CoordinateDoctor(shape: frame.shape, voxelSize: frame.voxelSize)
      for finding in try doctor.diagnose(part.particles.map(\.point), tomogram: frame.name).findings
      where finding.severity != nil {
        let option = finding.remedy?.option.map { " Mend it with \($0)." } ?? ""
        doubts.append("'\(frame.name)': \(finding.evidence)\(option)")
      }
    }
    return doubts
  }

  /// Size and voxel size of the tomograms, as a sentence part: what the conversion took them for.
  package static func frameText(_ list: ParticleList) -> [String] {
    list.tomograms.enumerated().map { index, frame in
      let count = list.particles.count { $0.tomogram == index }
      let size = frame.shape.map { "\($0) voxels" } ?? "size unknown"
      let edge = frame.voxelSize.map { voxelSize in
        voxelSize.isIsotropic
          ? "\(angstromText(voxelSize.x.angstrom)) Å"
          : "\(angstromText(voxelSize.x.angstrom)) × \(angstromText(voxelSize.y.angstrom)) × \(angstromText(voxelSize.z.angstrom)) Å"
      }
      return "\(frame.name): \(count) points, \(size), \(edge.map { "voxels of \($0)" } ?? "voxel size unknown")"
    }
  }
}
