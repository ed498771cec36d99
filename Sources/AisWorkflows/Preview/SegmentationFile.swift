import AisCore
import AisFormats

/// Names of segmentations: `<tomogram's stem>__<feature>.mrc`, with two underscores.
package enum SegmentationName {
  private static let compressed = [".gz", ".bz2"]
  private static let volumes = [".mrc", ".rec", ".map", ".mrcs", ".ccp4", ".st", ".ali", ".tif", ".tiff"]

  /// A file's name without folder, compression and format: `TS_03` of `raw/TS_03.rec.gz`.
  package static func stem(of path: String) -> String {
    var name = path.split(separator: "/").last.map(String.init) ?? path
    for endings in [compressed, volumes] {
      if let ending = endings.first(where: { name.lowercased().hasSuffix($0) }), name.count > ending.count {
        name.removeLast(ending.count)
      }
    }
    return name
  }

  /// The feature: what follows the last two underscores, or the whole stem when there are none.
  package static func feature(of path: String) -> String {
    let stem = stem(of: path)
    guard let range = stem.lastRange(of: "__") else { return stem }
    let feature = String(stem[range.upperBound...])
    return feature.isEmpty ? stem : feature
  }

  /// The tomogram: what stands before the last two underscores, or the whole stem when there are none.
  ///
  /// - Parameter atFirstMark: before the first, as the reference program takes it.
  package static func tomogram(of path: String, atFirstMark: Bool = false) -> String {
    let stem = stem(of: path)
    guard let range = atFirstMark ? stem.firstRange(of: "__") : stem.lastRange(of: "__"),
      range.lowerBound > stem.startIndex
    else { return stem }
    return String(stem[..<range.lowerBound])
  }

  /// The segmentations of a tomogram that lie in a folder, in the order of their names.
  package static func segmentations(of tomogram: String, inFolder folder: String) throws(AisError) -> [String] {
    let start = stem(of: tomogram) + "__"
    return try FolderListing.names(in: folder)
      .filter { name in
        guard name.hasPrefix(start), !name.hasPrefix(".") else { return false }
        let lower = name.lowercased()
        let plain = compressed.first(where: lower.hasSuffix).map { String(lower.dropLast($0.count)) } ?? lower
        return volumes.contains(where: plain.hasSuffix)
      }
      .map { folder.hasSuffix("/") ? folder + $0 : folder + "/" + $0 }
  }
}

extension String {
  fileprivate func lastRange(of text: String) -> Range<String.Index>? {
    var start = endIndex
    while start > startIndex {
      start = index(before: start)
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
    }
    return nil
  }
}

/// A segmentation, read on the scale 0 to 1 whatever type its voxels have.
package struct SegmentationSource: SliceSource {
  package let tomogram: Tomogram
  private let factor: Float

  package var shape: Shape { tomogram.shape }
  package var voxelSize: VoxelSize? { tomogram.voxelSize }

  /// - Parameter view: how the tomogram is looked at; its contrast does not concern a segmentation.
  package init(_ path: String, view: TomogramView) throws(AisError) {
    var options = TomogramOptions()
    options.view = view
    options.view.isInverted = false
    try self.init(try Tomogram.open(path, options: options))
  }

  package init(_ tomogram: Tomogram) throws(AisError) {
    self.tomogram = tomogram
    factor = try Self.factor(of: tomogram)
  }

  /// Reads slice `z`, 0 to 1.
  package func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    try tomogram.readSlice(z, into: destination)
    for i in destination.indices { destination[i] = min(1, max(0, destination[i] * factor)) }
  }

  /// Signed bytes end at 127 and floating-point values at 1 or 255; other integers at 255, unless the volume is a mask of
  /// 0 and 1 or a few labels, which then count as they are. Sixteen slices are looked at.
  private static func factor(of tomogram: Tomogram) throws(AisError) -> Float {
    var greatest: Float = 0
    let count = min(16, tomogram.shape.z)
    for i in 0..<count {
      for value in try tomogram.slice((2 * i + 1) * tomogram.shape.z / (2 * count)) where value.isFinite {
        greatest = max(greatest, value)
      }
    }
    if greatest <= 1 || tomogram.info.elementType.isInteger && greatest <= 16 { return 1 }
    return tomogram.info.elementType == .int8 ? 1 / 127 : 1 / 255
  }
}
