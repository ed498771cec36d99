import AisCore

/// A training set as an archive: `metadata.json`, `sources.json`, `x_main/ID.mrc` and other flavours, `y/ID.mrc`.
struct TrainingSetArchive: TrainingBoxes {
  private let path: String
  private let index: TarIndex

  /// What no set comes near: a file that asks for more is refused.
  private enum Limit {
    static let side = 1 << 14
    static let depth = 1 << 12
    static let text = 1 << 30
    static let boxBytes = 4 << 30
  }

  static func open(_ file: RandomAccessFile) throws(AisError) -> TrainingSetFile {
    let index = try TarIndex(file)
    let archive = TrainingSetArchive(path: file.path, index: index)
    let identifiers = index.ranges.keys.compactMap { identifier(of: $0, in: "y") }.sorted()
    let folders = Set(index.ranges.keys.compactMap(Self.flavour)).sorted()
    guard let description = try index.bytes(of: "metadata.json", limit: Limit.text) else {
      if identifiers.isEmpty {
        throw AisError(
          .malformed, "'\(file.path)' is an archive, but no training set: it has neither metadata.json nor labels (y/…)"
        )
      }
      return try archive.file(JSONValue.object([:]), identifiers, folders)
    }
    return try archive.file(
      try JSONValue(parsing: description, name: "\(file.path)' / 'metadata.json"), identifiers, folders)
  }

  private init(path: String, index: TarIndex) {
    self.path = path
    self.index = index
  }

  private func file(
    _ json: JSONValue, _ identifiers: [String], _ folders: [String]
  ) throws(AisError) -> TrainingSetFile {
    var metadata = try metadata(json, identifiers, folders)
    metadata.features = json["features"]?.array?.compactMap(\.string) ?? []
    switch json["normalization"] ?? .null {
    case .null: metadata.normalisation = .perBox
    case .string("global_mad"): metadata.normalisation = .globalMAD
    default:
      throw AisError(
        .unsupported,
        "'\(path)' names a normalisation that is not known: \(json["normalization"]?.text ?? ""). Expected \"global_mad\" or null"
      )
    }
    let lacking = identifiers.filter { !hasImage($0, flavour: metadata.annotatedFlavour) }
    if let first = lacking.first {
      throw AisError(
        .malformed,
        "'\(path)' is damaged: \(lacking.count) of its \(identifiers.count) labels have no image in '\(metadata.annotatedFlavour)', "
          + "the first is '\(first)'. Extract the set again.")
    }
    return TrainingSetFile(
      path: path, metadata: metadata, identifiers: identifiers, sources: try sources(), boxes: self)
  }

  /// What the description says, filled up from the first box.
  private func metadata(
    _ json: JSONValue, _ identifiers: [String], _ folders: [String]
  ) throws(AisError) -> TrainingSetMetadata {
    let annotated = Self.annotatedFlavour(json["annotated_flavour"]?.string, folders)
    let first: MRCImage?
    let known = identifiers.first { hasImage($0, flavour: annotated) }
    if let known { first = try mrc("\(annotated)/\(known).mrc") } else { first = nil }
    let boxSize = json["box_size"]?.integer ?? first?.volume.shape.y ?? 0
    let jitter = json["z_jitter"]?.integer ?? 0
    let depth = json["box_depth"]?.integer ?? max(1, (first?.volume.shape.z ?? 1) - jitter)
    guard identifiers.isEmpty || (1...Limit.side).contains(boxSize), (1...Limit.depth).contains(depth),
      (0...Limit.depth).contains(jitter)
    else {
      throw AisError(
        .malformed, "'\(path)' is damaged: its boxes would have \(boxSize) pixels, \(depth) slices and \(jitter) more")
    }
    var metadata = TrainingSetMetadata(pixelSize: nil, boxSize: boxSize, depth: depth, jitter: jitter)
    if let angstrom = json["apix"]?.number {
      if angstrom.isFinite, angstrom > 0 { metadata.pixelSize = .angstroms(angstrom) }
    } else {
      metadata.pixelSize = first?.voxelSize?.x
    }
    metadata.flavours = folders.isEmpty ? [annotated] : folders
    metadata.annotatedFlavour = annotated
    return metadata
  }

  private static func annotatedFlavour(_ named: String?, _ folders: [String]) -> String {
    if let named, folders.contains(named) { return named }
    if folders.contains(TrainingSetMetadata.standardFlavour) { return TrainingSetMetadata.standardFlavour }
    return folders.first ?? TrainingSetMetadata.standardFlavour
  }

  private func sources() throws(AisError) -> [String: TrainingBoxSource] {
    guard let bytes = try index.bytes(of: "sources.json", limit: Limit.text) else { return [:] }
    guard case .object(let members) = try JSONValue(parsing: bytes, name: "\(path)' / 'sources.json") else {
      return [:]
    }
    return members.compactMapValues(TrainingBoxSource.init)
  }

  func hasImage(_ identifier: String, flavour: String) -> Bool { index.ranges["\(flavour)/\(identifier).mrc"] != nil }

  func image(_ identifier: String, flavour: String) throws(AisError) -> Volume<Float> {
    try mrc("\(flavour)/\(identifier).mrc").volume
  }

  func label(_ identifier: String) throws(AisError) -> Volume<Float> { try mrc("y/\(identifier).mrc").volume }

  private func mrc(_ name: String) throws(AisError) -> MRCImage {
    guard let bytes = try index.bytes(of: name, limit: Limit.boxBytes) else {
      throw AisError(.malformed, "'\(path)' has no '\(name)'. Extract the set again.")
    }
    return try MRCImage(bytes, name: "\(path)' / '\(name)")
  }

  /// `y/0123.mrc` in folder `y` gives `0123`.
  private static func identifier(of name: String, in folder: String) -> String? {
    guard name.hasPrefix(folder + "/"), name.hasSuffix(".mrc") else { return nil }
    let identifier = name.dropFirst(folder.count + 1).dropLast(4)
    return identifier.isEmpty || identifier.contains("/") ? nil : String(identifier)
  }

  private static func flavour(of name: String) -> String? {
    guard name.hasPrefix("x_"), let slash = name.firstIndex(of: "/") else { return nil }
    let folder = String(name[..<slash])
    return identifier(of: name, in: folder) == nil ? nil : folder
  }
}
