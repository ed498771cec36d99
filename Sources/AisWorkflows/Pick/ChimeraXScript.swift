import AisCore
import AisFormats
import Foundation

/// A script for ChimeraX that opens tomogram, segmentation and picks on each other.
///
/// Headers of tomogram and segmentation may differ in origin and voxel size. So the script sets both: voxel size as it was
/// picked with, and the first voxel's centre at 0, 0, 0, from which the markers are counted in ångström.
struct ChimeraXScript {
  var finding: PickFinding
  /// Absolute, as all paths in the script; `nil` where it was not found.
  var tomogram: String?
  /// Of the markers.
  var radius: Length

  init(_ finding: PickFinding, _ request: PickRequest) {
    self.finding = finding
    let found = try? TomogramSearch.tomogram(
      of: finding.reading, folder: request.tomogram, known: request.tomogramPaths)
    tomogram = (found ?? nil).map { Self.absolute($0.info.path) }
    let size = finding.reading.tomogram.voxelSize ?? VoxelSize(.angstroms(1))
    let spacing = (try? request.spacing.voxels(size, option: "--spacing", path: "")) ?? 8
    radius = .angstroms(max(2, spacing / 4) * size.x.angstrom)
  }

  /// The script's text. Models are #1 the tomogram, #2 the segmentation and #3 the picks; without a tomogram #1 is left out.
  var text: String {
    let reading = finding.reading
    let size = reading.tomogram.voxelSize ?? VoxelSize(.angstroms(1))
    let edges = [size.x, size.y, size.z].map { angstromText($0.angstrom) }.joined(separator: ",")
    var lines = [
      "# ChimeraX: tomogram, segmentation and \(finding.list.particles.count) \(finding.noun)s, in ångström from the first voxel's centre.",
      "close session",
    ]
    if let tomogram {
      lines += [
        "open \(Self.quoted(tomogram)) id 1",
        "volume #1 voxelSize \(edges) originIndex 0,0,0",
        "volume #1 style image region all step 1 orthoplanes off",
        "volume #1 planes z,\(reading.tomogram.shape.z / 2)",
      ]
    }
    lines += [
      "open \(Self.quoted(Self.absolute(reading.path))) id 2",
      "volume #2 voxelSize \(edges) originIndex 0,0,0",
      "volume #2 style surface region all step 1 level \(angstromText(Double(reading.threshold))) color #6fd8ff66",
    ]
    for particle in finding.list.particles {
      let point = particle.point
      let place = [(point.x, size.x), (point.y, size.y), (point.z, size.z)]
        .map { DecimalText.fixed($0 * $1.angstrom, 3) }.joined(separator: ",")
      lines.append("marker #3 position \(place) color #ffffff radius \(angstromText(radius.angstrom))")
    }
    lines += ["view"]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func absolute(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  /// A path as a word of ChimeraX's command line.
  private static func quoted(_ path: String) -> String {
    let safe = path.filter { !$0.isNewline }
    return safe.contains("\"") ? "'\(safe)'" : "\"\(safe)\""
  }
}
