import ArgumentParser
import Foundation

extension Quantity {
  /// A volume in cubic nanometres: `1000nm3`, `30000A3`, `1e6Å³`.
  static func cubicNanometers(_ text: String) throws -> Double {
    for (unit, scale) in [("nm3", 1.0), ("nm³", 1), ("A3", 1e-3), ("A³", 1e-3), ("Å3", 1e-3), ("Å³", 1e-3)]
    where text.hasSuffix(unit) {
      let digits = text.dropLast(unit.count).trimmingCharacters(in: .whitespaces)
      if let value = Double(digits), value >= 0, value.isFinite { return value * scale }
    }
    throw ValidationError("'\(text)' is no volume: expected a number with its unit, such as 1000nm3 or 30000A3")
  }
}
