import AisCore
import AisProject
import Foundation

/// Tells from the names of files which of them are versions of one tomogram: `TS_01.mrc`, `TS_01_denoised.mrc`,
/// `TS_01_bin4_EVN.rec`.
package struct VersionName: Sendable, Hashable {
  /// What all versions have in common.
  package var stem: String
  package var kind: DatasetVersion.Kind
  /// The words that were taken off, as a title: "denoised bin4".
  package var title: String

  private static let kinds: [(DatasetVersion.Kind, Set<String>)] = [
    (.even, ["even", "evn", "ev"]),
    (.odd, ["odd", "od"]),
    (
      .denoised,
      ["denoised", "denoise", "dn", "cryocare", "topaz", "n2n", "noise2noise", "ddw", "nad", "filtered", "filt"]
    ),
    (.corrected, ["isonet", "corrected", "corr", "ddwfilled", "refined"]),
    (.deconvolved, ["deconv", "deconvolved", "dec", "wiener"]),
    (.raw, ["raw", "rec", "full", "wbp", "sirt", "unfiltered", "aretomo", "volume", "vol", "tomo3d"]),
  ]

  /// Reads the name of a file: words at its end, after `_`, `-`, `.` or a blank, say what was done to it.
  package init(_ path: String) {
    var rest = Substring(OutputName.stem(of: path))
    var words: [Substring] = []
    var kind = DatasetVersion.Kind.raw
    while let mark = Self.lastSeparator(in: rest), mark != rest.startIndex {
      let word = rest[rest.index(after: mark)...]
      let lower = word.lowercased()
      if let found = Self.kinds.first(where: { $0.1.contains(lower) }) {
        // A denoised half-set is a half-set.
        if kind == .raw || found.0 == .even || found.0 == .odd { kind = found.0 }
      } else if !Self.isSize(lower) {
        break
      }
      words.insert(word, at: 0)
      rest = rest[..<mark]
    }
    stem = String(rest)
    self.kind = kind
    title = words.isEmpty ? kind.rawValue : words.joined(separator: " ")
  }

  /// The last mark between words; the point of a number is none.
  private static func lastSeparator(in text: Substring) -> Substring.Index? {
    text.indices.last { index in
      guard text[index] == "." else { return "_- ".contains(text[index]) }
      let after = text.index(after: index)
      guard index > text.startIndex, after < text.endIndex else { return true }
      return !(text[text.index(before: index)].isNumber && text[after].isNumber)
    }
  }

  /// `bin4`, `b4`, `4x`, `13.48apx`, `10A`.
  private static func isSize(_ word: String) -> Bool {
    let patterns: [Regex<Substring>] = [
      /b(?:in)?[0-9]+/, /[0-9]+x/, /[0-9]+(?:\.[0-9]+)?(?:apx|a|ang)/,
    ]
    return patterns.contains { word.wholeMatch(of: $0) != nil }
  }

  /// Files that names and sizes show to be versions of one tomogram, in the order given; the first of each is its frame:
  /// the first raw one, or else the first.
  package static func groups(_ files: [TomogramReference]) -> [[TomogramReference]] {
    var groups: [[TomogramReference]] = []
    var places: [String: [Int]] = [:]
    for file in files {
      let name = VersionName(file.path)
      let fit = (places[name.stem] ?? []).first { place in
        let frame = groups[place][0]
        let sizes = frame.voxelSize.flatMap { a in file.voxelSize.map { (version: $0, frame: a) } }
        return VersionScale(version: file.shape, frame: frame.shape, voxelSizes: sizes) != nil
      }
      if let fit {
        groups[fit].append(file)
      } else {
        places[name.stem, default: []].append(groups.count)
        groups.append([file])
      }
    }
    return groups.map { group in
      guard let raw = group.firstIndex(where: { VersionName($0.path).kind == .raw }), raw != 0 else { return group }
      // Every other must lie on the new frame too.
      let others = group.indices.filter { $0 != raw }.map { group[$0] }
      let fit = others.allSatisfy { VersionScale(version: $0.shape, frame: group[raw].shape) != nil }
      return fit ? [group[raw]] + others : group
    }
  }
}
