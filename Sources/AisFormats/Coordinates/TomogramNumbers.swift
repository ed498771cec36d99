import AisCore

/// Numbers for tomograms, for formats that know no names (Dynamo, STOPGAP).
package enum TomogramNumbers {
  /// A number for each tomogram, in their order: the names themselves when they are numbers; else the digits at their ends
  /// (`TS_017` is 17) when these are all different; else 1, 2, 3 ….
  package static func assign(_ tomograms: [TomogramFrame]) -> [Int] {
    let ends = tomograms.map {
      Int($0.name.reversed().prefix { $0.isASCII && $0.isNumber }.reversed().map(String.init).joined())
    }
    let numbers = ends.compactMap { $0 }.filter { $0 > 0 && $0 < 1_000_000 }
    if numbers.count == tomograms.count, Set(numbers).count == numbers.count { return numbers }
    return Array(1...max(1, tomograms.count)).prefix(tomograms.count).map { $0 }
  }
}
