import AisCore
import AisFormats
import Foundation

/// The voxel sizes of the other tomograms in a file's folder. Only headers are read, of at most 200 files.
struct FolderVoxelSizes {
  struct Entry {
    var name: String
    var shape: Shape
    var angstrom: Double
  }

  /// The size on which most comparable files agree.
  struct Common {
    var angstrom: Double
    var count: Int
  }

  var entries: [Entry] = []

  init(entries: [Entry]) { self.entries = entries }

  /// Reads the headers beside `path`. Compressed files are left out, for they would have to be unpacked; so is what was
  /// made from the file itself (`stem__feature.mrc`) and what cannot be read.
  init(beside path: String) {
    let url = URL(filePath: path)
    let own = url.lastPathComponent
    let stem = url.deletingPathExtension().lastPathComponent
    let folder = url.deletingLastPathComponent()
    let extensions: Set = ["mrc", "rec", "map", "st", "ali", "mrcs", "ccp4"]
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
      .filter {
        $0 != own && !$0.hasPrefix(stem + "__") && extensions.contains(($0 as NSString).pathExtension.lowercased())
      }
      .sorted().prefix(200)
    for name in names {
      var options = TomogramOptions()
      options.isPermissive = true
      options.byteSign = .signed  // spares reading voxels to find the sign
      guard let other = try? Tomogram.open(folder.appending(path: name).path, options: options) else { continue }
      guard let size = other.voxelSize, abs(size.x.angstrom - 1) > 1e-4 else { continue }
      entries.append(Entry(name: name, shape: other.shape, angstrom: size.x.angstrom))
    }
  }

  /// What at least two files with as many columns and rows say, when two thirds of them agree within 1 %.
  func common(for tomogram: Tomogram) -> Common? {
    common(among: entries.filter { $0.shape.x == tomogram.shape.x && $0.shape.y == tomogram.shape.y })
  }

  /// The size of most files, when it is ten times more or less than `angstrom`.
  func tenfold(of angstrom: Double) -> Double? {
    guard let usual = common(among: entries)?.angstrom else { return nil }
    return [10.0, 0.1].contains { abs(angstrom / usual / $0 - 1) < 0.02 } ? usual : nil
  }

  private func common(among entries: [Entry]) -> Common? {
    guard entries.count >= 2 else { return nil }
    let sorted = entries.map(\.angstrom).sorted()
    let median = sorted[sorted.count / 2]
    let agreeing = sorted.filter { abs($0 / median - 1) < 0.01 }
    guard agreeing.count >= 2, 3 * agreeing.count >= 2 * sorted.count else { return nil }
    return Common(angstrom: median, count: agreeing.count)
  }
}
