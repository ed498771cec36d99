import AisCore
import AisWorkflows
import ArgumentParser

/// Quantities on the command line carry their unit. The functions are for `@Option(transform:)`: their errors say
/// what was expected.
package enum Quantity {
  /// A length: `12nm`, `120A`, `0.5um`.
  package static func length(_ text: String) throws -> Length {
    let (value, unit) = try split(text, example: "10A or 1nm")
    switch unit {
    case "A", "a", "Å", "ang", "angstrom": return .angstroms(value)
    case "nm": return .nanometers(value)
    case "um", "µm", "μm": return .nanometers(value * 1000)
    case "": throw ValidationError("'\(text)' has no unit: write \(text)A for ångström or \(text)nm for nanometres")
    default: throw ValidationError("'\(text)' has the unit '\(unit)'; expected a length such as 10A or 1nm")
    }
  }

  /// A length above zero.
  package static func positiveLength(_ text: String) throws -> Length {
    let length = try length(text)
    guard length.angstrom > 0 else { throw ValidationError("'\(text)' is not above zero") }
    return length
  }

  /// A length or a number of voxels, at least 0: `20nm`, `200A`, `15px`, `15voxels`.
  package static func extent(_ text: String) throws -> PickRequest.Extent {
    let (value, unit) = try split(text, example: "20nm, 200A or 15px")
    guard value >= 0 else { throw ValidationError("'\(text)' is below zero") }
    if isVoxels(unit) { return .voxels(value) }
    if unit.isEmpty {
      throw ValidationError("'\(text)' has no unit: write \(text)nm, \(text)A, or \(text)px for voxels")
    }
    return .length(try length(text))
  }

  /// A volume or a number of voxels, at least 0: `500nm3`, `500000A3`, `120px`.
  package static func bulk(_ text: String) throws -> PickRequest.Bulk {
    // The exponent belongs to the unit: 30nm3.
    let (value, unit) = try split(text, example: "500nm3, 500000A3 or 120px")
    guard value >= 0 else { throw ValidationError("'\(text)' is below zero") }
    switch unit {
    case _ where isVoxels(unit): return .voxels(value)
    case "A3", "a3", "Å3", "A³", "Å³", "A^3": return .cubicAngstroms(value)
    case "nm3", "nm³", "nm^3": return .cubicAngstroms(value * 1000)
    case "": throw ValidationError("'\(text)' has no unit: write \(text)nm3, \(text)A3, or \(text)px for voxels")
    default:
      throw ValidationError("'\(text)' has the unit '\(unit)'; expected a volume such as 500nm3, 500000A3 or 120px")
    }
  }

  private static func isVoxels(_ unit: String) -> Bool { ["px", "vx", "voxel", "voxels"].contains(unit) }

  /// A voxel size: `10A` for cubic voxels, or the edges along x, y and z: `10A,10A,12A`.
  package static func voxelSize(_ text: String) throws -> VoxelSize {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let edges = try parts.map { try positiveLength($0) }
    switch edges.count {
    case 1: return VoxelSize(edges[0])
    case 3: return VoxelSize(z: edges[2], y: edges[1], x: edges[0])
    default:
      throw ValidationError("'\(text)' has \(edges.count) edges; expected one (10A) or three, x,y,z (10A,10A,12A)")
    }
  }

  /// An amount of memory or disk: `4GiB`, `500MB`, `64MiB`; G, M and K alone are binary (GiB, MiB, KiB).
  package static func byteCount(_ text: String) throws -> ByteCount {
    let (value, unit) = try split(text, example: "4GiB or 500MB")
    let scales: [String: Double] = [
      "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "k": 0x1p10, "m": 0x1p20, "g": 0x1p30, "t": 0x1p40,
      "kib": 0x1p10, "mib": 0x1p20, "gib": 0x1p30, "tib": 0x1p40,
    ]
    guard let scale = scales[unit.lowercased()] else {
      throw ValidationError(
        unit.isEmpty
          ? "'\(text)' has no unit: write \(text)GiB or \(text)MiB"
          : "'\(text)' has the unit '\(unit)'; expected an amount such as 4GiB or 500MB")
    }
    let bytes = value * scale
    guard bytes >= 1, bytes < 0x1p62 else { throw ValidationError("'\(text)' is out of range") }
    return ByteCount(Int(bytes))
  }

  /// A number and what follows it.
  private static func split(_ text: String, example: String) throws -> (value: Double, unit: String) {
    let digits = text.prefix { $0.isNumber || $0 == "." || $0 == "-" || $0 == "+" }
    guard let value = Double(digits), value.isFinite else {
      throw ValidationError("'\(text)' is not a number with a unit, such as \(example)")
    }
    return (value, text.dropFirst(digits.count).trimmingPrefix(" ").description)
  }
}
