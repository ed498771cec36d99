import AisCore
import CCodecs

/// The voxel size of a TIFF stack, from ImageJ's or OME's description or from the resolution tags.
struct TIFFScale {
  var voxelSize = TomogramInfo.HeaderVoxelSize()
  /// How many slices ImageJ says there are.
  var imageJImages: Int?

  /// Larger pixels are dots of a printer: 72 per inch is what programs write that know nothing.
  private static let largestPixel = 10_000.0

  init(_ page: ccodecs_tiff_page, description: String?) {
    let description = description ?? ""
    if description.hasPrefix("ImageJ=") {
      readImageJ(page, description)
    } else if description.contains("<OME") {
      readOME(description)
    } else {
      readResolution(page)
    }
  }

  /// Lines of `key=value`; the resolution tags count pixels per `unit`.
  private mutating func readImageJ(_ page: ccodecs_tiff_page, _ description: String) {
    var values: [Substring: Substring] = [:]
    for line in description.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { values[parts[0]] = parts[1] }
    }
    imageJImages = values["images"].flatMap { Int($0) }
    guard let unit = values["unit"].flatMap({ Self.angstrom(per: String($0)) }) else { return }
    voxelSize.x = Self.length(unit / page.x_resolution)
    voxelSize.y = Self.length(unit / page.y_resolution)
    voxelSize.z = values["spacing"].flatMap { Double($0) }.flatMap { Self.length($0 * unit) }
  }

  /// `PhysicalSizeX="1.2" PhysicalSizeXUnit="nm"`; micrometres where no unit is given.
  private mutating func readOME(_ description: String) {
    func edge(_ axis: String) -> Length? {
      guard let value = Self.attribute("PhysicalSize\(axis)", in: description).flatMap(Double.init) else { return nil }
      let unit = Self.attribute("PhysicalSize\(axis)Unit", in: description) ?? "µm"
      return Self.angstrom(per: unit).flatMap { Self.length(value * $0) }
    }
    voxelSize = .init(z: edge("Z"), y: edge("Y"), x: edge("X"))
  }

  private mutating func readResolution(_ page: ccodecs_tiff_page) {
    let unit: Double
    switch page.resolution_unit {
    case 2: unit = 2.54e8
    case 3: unit = 1e8
    default: return
    }
    let x = unit / page.x_resolution
    let y = unit / page.y_resolution
    guard x < Self.largestPixel, y < Self.largestPixel else { return }
    voxelSize.x = Self.length(x)
    voxelSize.y = Self.length(y)
  }

  private static func length(_ angstrom: Double) -> Length? {
    angstrom.isFinite && angstrom > 0 ? .angstroms(angstrom) : nil
  }

  private static func angstrom(per unit: String) -> Double? {
    switch unit {
    case "nm", "nanometer", "nanometers": 10
    case "A", "Å", "\\u00C5", "angstrom", "Angstrom": 1
    case "um", "µm", "μm", "\\u00B5m", "micron", "microns", "micrometer": 1e4
    case "pm": 0.01
    case "mm": 1e7
    case "cm": 1e8
    default: nil
    }
  }

  private static func attribute(_ name: String, in text: String) -> String? {
    guard let range = text.firstRange(of: " \(name)=\"") else { return nil }
    return text[range.upperBound...].firstIndex(of: "\"").map { String(text[range.upperBound..<$0]) }
  }
}
