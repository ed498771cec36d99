import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// The segmentations that a project has: files named `TOMOGRAM__FEATURE.mrc` where one would look for them.
struct SegmentationListing: Sendable {
  /// A segmentation, and the dataset whose tomogram has its name.
  struct Item: Sendable {
    var path: String
    var tomogram: String
    var feature: String
    var dataset: Int64?
    var byteCount: Int
    /// Milliseconds since 1970.
    var modified: Double
  }

  private static let most = 10_000

  var datasets: [(id: Int64, name: String)]

  /// The segmentations of folders, in the order of features and then of tomograms; a file is listed once. Blocks.
  func items(in folders: [String]) -> [Item] {
    let byName = Dictionary(datasets.map { ($0.name, $0.id) }, uniquingKeysWith: { first, _ in first })
    var seen: Set<String> = []
    var items: [Item] = []
    for folder in folders where items.count < Self.most {
      // A folder that cannot be read has nothing to offer; the one that was asked for by name is looked at before.
      guard let found = try? InputCollection([folder], of: .segmentations()) else { continue }
      for path in found.paths {
        guard let real = FolderRoots.realPath(path), seen.insert(real).inserted, let item = item(real, byName) else {
          continue
        }
        items.append(item)
      }
    }
    return items.sorted {
      let order = $0.feature.compare($1.feature, options: [.numeric, .caseInsensitive])
      if order != .orderedSame { return order == .orderedAscending }
      return $0.tomogram.compare($1.tomogram, options: [.numeric, .caseInsensitive]) == .orderedAscending
    }
  }

  /// One file, whatever it is called.
  func item(_ real: String, _ byName: [String: Int64]? = nil) -> Item? {
    var status = stat()
    guard stat(real, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let tomogram = SegmentationName.tomogram(of: real)
    let byName = byName ?? Dictionary(datasets.map { ($0.name, $0.id) }, uniquingKeysWith: { first, _ in first })
    return Item(
      path: real, tomogram: tomogram, feature: SegmentationName.feature(of: real), dataset: byName[tomogram],
      byteCount: Int(status.st_size), modified: Double(status.st_mtim.tv_sec) * 1000)
  }
}

extension SegmentationListing.Item {
  var json: JSONValue {
    .object([
      "path": .string(path), "name": .string((path as NSString).lastPathComponent), "tomogram": .string(tomogram),
      "feature": .string(feature), "dataset": .optional(dataset), "byteCount": .number(byteCount),
      "modified": .number(modified),
    ])
  }
}
