import AisCore
import AisFormats

/// The lists of SHREC: on each line the class, then x, y, z in voxels counted from 0; what follows (angles) is passed over.
enum ClassFirstList {
  /// Whether a text file is one: its first line begins with a word that is no number and three numbers.
  static func isOne(_ bytes: [UInt8]) -> Bool {
    let line = bytes.prefix(4096).split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).first ?? []
    return row(String(decoding: line, as: UTF8.self)) != nil
  }

  /// Reads all lines; blank ones are passed over.
  static func read(_ bytes: [UInt8], path: String) throws(AisError) -> [(name: String, point: VoxelPoint)] {
    var result: [(name: String, point: VoxelPoint)] = []
    for (number, line) in bytes.split(omittingEmptySubsequences: false, whereSeparator: { $0 == 0x0A }).enumerated() {
      let text = String(decoding: line, as: UTF8.self)
      if text.allSatisfy(\.isWhitespace) { continue }
      guard let row = row(text) else {
        throw AisError(
          .malformed,
          "'\(path)' has '\(text.prefix(40))' in line \(number + 1), where a class and x, y, z were expected. Mend or remove the line."
        )
      }
      result.append(row)
    }
    return result
  }

  private static func row(_ line: String) -> (name: String, point: VoxelPoint)? {
    let words = line.split(whereSeparator: \.isWhitespace)
    guard words.count >= 4, !words[0].hasPrefix("#") else { return nil }
    let numbers = words[1...3].compactMap { Double($0) }
    guard numbers.count == 3, numbers.allSatisfy(\.isFinite), Double(words[0]) == nil else { return nil }
    return (String(words[0]), VoxelPoint(z: numbers[2], y: numbers[1], x: numbers[0]))
  }
}
