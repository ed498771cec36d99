import AisCore
import AisFormats

/// The doctor's visit to a whole list: each tomogram's points against what was given for it.
package struct CoordinateCheckup: Sendable {
  /// Segmentations: files, folders, patterns; each belongs to the tomogram that its name begins with.
  package var segmentations: [String] = []
  package var threshold: Float?
  /// Whether the tomograms themselves are looked at.
  package var looksAtTomograms = false
  package var others: [(path: String, list: ParticleList)] = []
  package var threads = 1

  package init() {}

  package func check(
    _ list: ParticleList, context: CoordinateContext, reading: TomogramOptions, cancellation: Cancellation? = nil
  ) throws(AisError) -> [CoordinateDiagnosis] {
    let segmentations = try segmentationsByTomogram()
    var result: [CoordinateDiagnosis] = []
    let parts = list.byTomogram.filter { !$0.particles.isEmpty }
    for part in parts {
      try cancellation?.check()
      let frame = part.tomograms[0]
      var doctor = CoordinateDoctor(shape: frame.shape, voxelSize: frame.voxelSize)
      for (path, other) in others {
        guard let match = Self.points(of: frame.name, in: other, isOnly: parts.count == 1) else { continue }
        doctor.compare(with: match, named: "the particles of '\(path)'")
      }
      let isOnly = parts.count == 1 && segmentations.count == 1
      for path in segmentations[frame.name] ?? (isOnly ? segmentations.values.first ?? [] : []) {
        try Self.expect(frame.shape, of: path, for: frame.name)
        try doctor.compare(
          withSegmentation: path, threshold: threshold, threads: threads, cancellation: cancellation)
      }
      if looksAtTomograms, let path = context.path(of: frame) {
        doctor.compare(
          with: try Tomogram.open(path, options: reading), named: "the densities of '\(path)'",
          cancellation: cancellation)
      }
      result.append(try doctor.diagnose(part.particles.map(\.point), tomogram: frame.name))
    }
    return result
  }

  /// A segmentation of another size than the tomogram's lies in another frame.
  private static func expect(_ shape: Shape?, of path: String, for name: String) throws(AisError) {
    let found = try Tomogram.open(path).shape
    guard let shape, shape != found else { return }
    throw AisError(
      .shapeMismatch,
      "'\(path)' has \(found) voxels, the tomogram '\(name)' \(shape): their coordinates cannot be compared. Give the segmentation at the tomogram's binning."
    )
  }

  private func segmentationsByTomogram() throws(AisError) -> [String: [String]] {
    if segmentations.isEmpty { return [:] }
    var result: [String: [String]] = [:]
    for path in try InputCollection(segmentations, of: .segmentations()).paths {
      let stem = SegmentationName.stem(of: path)
      let name = stem.firstRange(of: "__").map { String(stem[..<$0.lowerBound]) } ?? stem
      result[name, default: []].append(path)
    }
    return result
  }

  private static func points(of name: String, in list: ParticleList, isOnly: Bool) -> [VoxelPoint]? {
    let used = Set(list.particles.map(\.tomogram))
    guard
      let index = list.tomograms.firstIndex(where: { $0.name == name })
        ?? (isOnly && used.count == 1 ? used.first : nil)
    else { return nil }
    return list.particles.filter { $0.tomogram == index }.map(\.point)
  }
}
