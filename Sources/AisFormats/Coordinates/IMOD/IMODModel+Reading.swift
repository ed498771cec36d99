import AisCore

extension IMODModel {
  /// The first eight bytes of a file.
  static let signature = Array("IMODV1.2".utf8)
  /// Bytes of the model's and an object's fixed parts.
  static let headerByteCount = 240
  static let objectByteCount = 176
  /// Chunks whose length does not follow their name.
  static let referenceByteCount = 72
  static let slicerByteCount = 60

  /// Whether a file's first bytes are those of a model.
  package static func isModel(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: Array("IMODV1.".utf8)) }

  /// Reads a whole model; `name` is what errors call it.
  ///
  /// Meshes, views, clipping planes and stores of single values are stepped over. Throws `unsupported` for other kinds of
  /// files, `truncated` where the file ends too early, `malformed` for what cannot be.
  package init(parsing bytes: [UInt8], name: String) throws(AisError) {
    guard Self.isModel(bytes) else { throw Self.refusal(bytes, name) }
    var parser = IMODParser(bytes: bytes, name: name)
    self = try parser.model()
  }

  private static func refusal(_ bytes: [UInt8], _ name: String) -> AisError {
    let start = String(decoding: bytes.prefix(4), as: UTF8.self)
    if start == "imod" || start == "# im" {
      return AisError(
        .unsupported, "'\(name)' is an IMOD model in text form. Convert it first: imodtrans \(name) binary.mod")
    }
    let found = FileKind(bytes)?.phrase ?? (bytes.isEmpty ? "empty" : "something else")
    return AisError(
      .unsupported, "'\(name)' is not an IMOD model: expected 'IMODV1.2' as its first bytes, found \(found).")
  }
}

/// Walks through the chunks of a model; all numbers are big-endian.
private struct IMODParser {
  private let bytes: [UInt8]
  private let name: String
  private var position = 0

  init(bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  mutating func model() throws(AisError) -> IMODModel {
    var model = try header()
    while true {
      guard let id = try chunk() else {
        // A model that was cut exactly between two chunks looks whole but for this.
        throw ends("its end mark 'IEOF'")
      }
      switch id {
      case "IEOF": return model
      case "OBJT": model.objects.append(try object())
      case "CONT":
        let contour = try contour()
        guard !model.objects.isEmpty else { throw stray("contour") }
        model.objects[model.objects.count - 1].contours.append(contour)
      case "MESH":
        try mesh()
        guard !model.objects.isEmpty else { throw stray("mesh") }
        model.objects[model.objects.count - 1].meshCount += 1
      default: try optional(id, &model)
      }
    }
  }

  private mutating func header() throws(AisError) -> IMODModel {
    guard bytes.count >= IMODModel.headerByteCount else { throw ends("the model's header") }
    position = 8
    var model = IMODModel()
    model.name = try text(128)
    let (x, y, z) = (try int(), try int(), try int())
    model.size = Shape(z: z, y: y, x: x)
    try skip(4)  // The number of objects, which is counted.
    model.flags = try uint()
    try skip(16)  // Drawing, mouse, black and white.
    try skip(24)  // Offset and scale of the picture on screen.
    try skip(20)  // What was selected, resolution, threshold.
    model.pixelSize = try float()
    model.units = try int()
    position = IMODModel.headerByteCount
    return model
  }

  private mutating func object() throws(AisError) -> IMODModel.Object {
    let end = position + IMODModel.objectByteCount
    guard end <= bytes.count else { throw ends("an object") }
    let title = try text(64)
    try skip(64)
    try skip(4)  // The number of contours, which are counted.
    let flags = try uint()
    try skip(8)
    let colour = [try float(), try float(), try float()]
    let radius = try int()
    position = end
    return IMODModel.Object(name: title, colour: colour, flags: flags, pointRadius: radius)
  }

  private mutating func contour() throws(AisError) -> IMODModel.Contour {
    let start = position - 4
    let count = try int()
    try skip(8)
    let surface = try int()
    guard count >= 0 else {
      throw AisError(.malformed, "'\(name)' is damaged: the contour at byte \(start) has \(count) points.")
    }
    guard count <= (bytes.count - position) / 12 else { throw ends("a contour of \(count) points") }
    var points: [IMODModel.Point] = []
    points.reserveCapacity(count)
    for _ in 0..<count {
      let point = IMODModel.Point(x: try float(), y: try float(), z: try float())
      guard point.x.isFinite, point.y.isFinite, point.z.isFinite else {
        throw AisError(
          .malformed, "'\(name)' is damaged: the contour at byte \(start) has a point that is not a number.")
      }
      points.append(point)
    }
    return IMODModel.Contour(points: points, surface: surface)
  }

  private mutating func mesh() throws(AisError) {
    let (vertices, indices) = (try int(), try int())
    try skip(8)
    guard vertices >= 0, indices >= 0, vertices <= bytes.count, indices <= bytes.count else {
      throw ends("a mesh of \(vertices) corners")
    }
    try skip(12 * vertices + 4 * indices)
  }

  /// Chunks that say their length. Those of no concern are stepped over.
  private mutating func optional(_ id: String, _ model: inout IMODModel) throws(AisError) {
    let length = try int()
    guard length >= 0, length <= bytes.count - position else { throw ends("chunk '\(id)'") }
    let end = position + length
    switch id {
    case "SIZE":
      guard let object = model.objects.indices.last, let contour = model.objects[object].contours.indices.last else {
        break
      }
      let count = model.objects[object].contours[contour].points.count
      guard length >= 4 * count else { throw ends("the sizes of \(count) points") }
      var sizes: [Float] = []
      for _ in 0..<count { sizes.append(try float()) }
      model.objects[object].contours[contour].sizes = sizes
    case "SLAN" where length >= IMODModel.slicerByteCount:
      let time = try int()
      let (x, y, z) = (try float(), try float(), try float())
      let centre = IMODModel.Point(x: try float(), y: try float(), z: try float())
      let label = try text(32)
      if [x, y, z, centre.x, centre.y, centre.z].allSatisfy(\.isFinite) {
        model.slicerAngles.append(
          IMODModel.SlicerAngles(x: x, y: y, z: z, centre: centre, time: time, label: label))
      }
    case "MINX" where length >= IMODModel.referenceByteCount:
      try skip(12)  // The old scale, which nobody uses.
      let origin = IMODModel.Point(x: try float(), y: try float(), z: try float())
      try skip(12)
      let scale = IMODModel.Point(x: try float(), y: try float(), z: try float())
      let loaded = IMODModel.Point(x: try float(), y: try float(), z: try float())
      model.reference = IMODModel.ImageReference(scale: scale, loadedOrigin: loaded, imageOrigin: origin)
    default: break
    }
    position = end
  }

  /// The next chunk's four letters; `nil` at the end of the file.
  private mutating func chunk() throws(AisError) -> String? {
    if position == bytes.count { return nil }
    guard position + 4 <= bytes.count else { throw ends("the name of a chunk") }
    let letters = bytes[position..<position + 4]
    guard letters.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      throw AisError(
        .malformed,
        "'\(name)' is damaged: a chunk's name of four letters was expected at byte \(position). Save the model again in 3dmod."
      )
    }
    position += 4
    return String(decoding: letters, as: UTF8.self)
  }

  private mutating func uint() throws(AisError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw ends("a number") }
    defer { position += 4 }
    return bytes[position..<position + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  private mutating func int() throws(AisError) -> Int { Int(Int32(bitPattern: try uint())) }
  private mutating func float() throws(AisError) -> Float { Float(bitPattern: try uint()) }

  private mutating func skip(_ count: Int) throws(AisError) {
    guard count <= bytes.count - position else { throw ends("\(count) bytes") }
    position += count
  }

  /// Text up to the first zero byte; what follows it is left over from other texts.
  private mutating func text(_ count: Int) throws(AisError) -> String {
    guard position + count <= bytes.count else { throw ends("a text") }
    defer { position += count }
    return String(decoding: bytes[position..<position + count].prefix { $0 != 0 }, as: UTF8.self)
  }

  private func ends(_ what: String) -> AisError {
    AisError(
      .truncated,
      "'\(name)' is truncated: \(what) was expected at byte \(position), the file has \(bytes.count). Copy the file again."
    )
  }

  private func stray(_ what: String) -> AisError {
    AisError(.malformed, "'\(name)' is damaged: a \(what) comes before the first object.")
  }
}
