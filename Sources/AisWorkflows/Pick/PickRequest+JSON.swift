import AisCore
import AisFormats
import AisImaging
import AisPicking

extension PickRequest {
  /// The rules of a JSON object, as the page and scripts send them. What is left out is as `ais pick` has it without options; a
  /// length is `…Nanometer` or `…Voxels`. Paths in it are for the caller to fill in.
  ///
  /// - Throws: `usage` for what is no such value.
  package mutating func take(_ json: JSONValue) throws(AisError) {
    method = try Self.method(json)
    threshold = try Self.threshold(json)
    scale = try Self.choice(json, "scale")
    label = try Self.whole(json, "label")
    if let spacing = try Self.extent(json, "spacing") { self.spacing = spacing }
    if let voxels = try Self.number(json, "minimumVolumeVoxels") {
      minimumVolume = .voxels(voxels)
    } else if let volume = try Self.number(json, "minimumVolumeNanometer3") {
      minimumVolume = .cubicAngstroms(volume * 1000)
    }
    if let neck = try Self.number(json, "neck") { self.neck = neck }
    if let margin = try Self.extent(json, "margin") { self.margin = margin }
    if let binning = try Self.whole(json, "binning") { self.binning = binning }
    limit = try Self.whole(json, "limit")
    region = try Self.region(json)
    if let axis: ShapeOrientation.Axis = try Self.choice(json, "orientation") {
      orientation = ShapeOrientation(axis: axis, sign: try Self.choice(json, "orientationSign") ?? .z)
    }
    if let size = try Self.number(json, "voxelSizeAngstrom") {
      guard size > 0 else { throw AisError(.usage, "'voxelSizeAngstrom' is \(size): expected a length above 0") }
      view.voxelSize = VoxelSize(.angstroms(size))
    }
    view.cacheBytes = 8 << 20
    if let name = json["format"]?.string { format = try CoordinateFormat(named: name) }
    if let decimals = try Self.whole(json, "decimals") {
      guard (0...12).contains(decimals) else { throw AisError(.usage, "'decimals' is \(decimals): expected 0 to 12") }
      formatOptions.decimals = decimals
    }
    if let box = try Self.whole(json, "box") {
      guard (1...100_000).contains(box) else { throw AisError(.usage, "'box' is \(box): expected 1 or more voxels") }
      formatOptions.boxSize = box
    }
    formatOptions.center = try Self.choice(json, "center") ?? .half
    formatOptions.alignment = try Self.choice(json, "grid") ?? .firstVoxels
    try validate()
  }

  private static func method(_ json: JSONValue) throws(AisError) -> Method {
    let name = json["method"]?.string ?? "particles"
    switch name {
    case "particles": return .particles(try choice(json, "seeds") ?? .apart)
    case "reference-peaks": return .referencePeaks
    case "reference-centroids": return .referenceCentroids
    case "filaments":
      var rules = FilamentRules()
      if let length = try extent(json, "minimumLength") { rules.minimumLength = length }
      rules.twist = try number(json, "twist", below: true)
      rules.junctions = try choice(json, "junctions") ?? .through
      if let bend = try number(json, "maximumBend") { rules.greatestBend = bend }
      rules.pruning = try extent(json, "pruning")
      rules.smoothing = try extent(json, "smoothing")
      return .filaments(rules)
    case "surface":
      var rules = SurfaceRules()
      rules.normals = try choice(json, "normals") ?? .outward
      rules.patch = try extent(json, "patch")
      return .surfaces(rules)
    default:
      throw AisError(
        .usage,
        "'\(name)' is no method of picking: expected particles, filaments, surface, reference-peaks or reference-centroids"
      )
    }
  }

  private static func threshold(_ json: JSONValue) throws(AisError) -> Threshold {
    if json["threshold"]?.string == "auto" { return .automatic }
    return .level(try number(json, "threshold") ?? 128)
  }

  /// `{"x": [from, to], …}`, `to` not in it; a side that is left out is open.
  private static func region(_ json: JSONValue) throws(AisError) -> VoxelBox? {
    guard let region = json["region"], region != .null else { return nil }
    func side(_ name: String) throws(AisError) -> Range<Int> {
      guard let ends = region[name] else { return 0..<Int(Int32.max) }
      let numbers = ends.array?.compactMap(\.integer) ?? []
      guard numbers.count == 2, numbers[0] >= 0, numbers[1] > numbers[0] else {
        throw AisError(.usage, "'region' has no side '\(name)': expected two whole numbers, the second the greater")
      }
      return numbers[0]..<numbers[1]
    }
    return VoxelBox(z: try side("z"), y: try side("y"), x: try side("x"))
  }

  // MARK: Members

  private static func extent(_ json: JSONValue, _ name: String) throws(AisError) -> Extent? {
    if let voxels = try number(json, name + "Voxels") { return .voxels(voxels) }
    return try number(json, name + "Nanometer").map { .length(.nanometers($0)) }
  }

  private static func number(_ json: JSONValue, _ name: String, below: Bool = false) throws(AisError) -> Double? {
    guard let value = json[name], value != .null else { return nil }
    guard let number = value.number, number.isFinite, below || number >= 0 else {
      throw AisError(.usage, "'\(name)' is no number\(below ? "" : " from 0 on")")
    }
    return number
  }

  private static func whole(_ json: JSONValue, _ name: String) throws(AisError) -> Int? {
    guard let value = json[name], value != .null else { return nil }
    guard let number = value.integer else { throw AisError(.usage, "'\(name)' is no whole number") }
    return number
  }

  private static func choice<Value: RawRepresentable & CaseIterable>(
    _ json: JSONValue, _ name: String
  ) throws(AisError) -> Value? where Value.RawValue == String {
    guard let value = json[name], value != .null else { return nil }
    if let text = value.string, let found = Value(rawValue: text) { return found }
    let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
    throw AisError(.usage, "'\(value.string ?? value.text)' is no '\(name)': expected one of \(names)")
  }
}
