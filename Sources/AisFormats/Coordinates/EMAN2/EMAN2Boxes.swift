import AisCore

/// The particles in EMAN2's `info/NAME_info.json`: the member `boxes_3d`.
///
/// Since September 2018 boxes count from the centre of the tomogram (voxel n div 2) in pixels of the tilt series before
/// binning, whose edge is `apix_unbin`; without that member they count voxels from 0. Source: e2spt_boxer of EMAN2.
package struct EMAN2Boxes: Sendable, Equatable {
  package struct Box: Sendable, Equatable {
    package var x: Double
    package var y: Double
    package var z: Double
    /// How it was picked: `manual`, `tomoseg`, `tm`.
    package var method: String
    package var score: Double
    package var kind: Int

    package init(x: Double, y: Double, z: Double, method: String = "ais", score: Double = 0, kind: Int = 0) {
      self.x = x
      self.y = y
      self.z = z
      self.method = method
      self.score = score
      self.kind = kind
    }
  }

  /// Names of the kinds of particles (`class_list`).
  package var kinds: [Int: String]
  package var boxes: [Box]
  /// Edge of a pixel before binning in Å; `nil`: boxes count voxels.
  package var unbinnedPixel: Double?
  /// Edge of the boxes drawn, in the boxes' own pixels.
  package var boxSize: Int

  package init(boxes: [Box], kinds: [Int: String], unbinnedPixel: Double?, boxSize: Int) {
    self.boxes = boxes
    self.kinds = kinds
    self.unbinnedPixel = unbinnedPixel
    self.boxSize = boxSize
  }

  /// Reads a file; `name` is what errors call it.
  package init(parsing bytes: [UInt8], name: String) throws(AisError) {
    let document = try JSONValue(parsing: bytes, name: name)
    guard let entries = document["boxes_3d"]?.array else {
      throw AisError(
        .unsupported,
        "'\(name)' holds no particles of EMAN2: expected the member 'boxes_3d', as in info/TOMOGRAM_info.json.")
    }
    boxes = []
    kinds = [:]
    boxSize = 0
    unbinnedPixel = document["apix_unbin"]?.number ?? document["apix_unbin"]?.string.flatMap { Double($0) }
    if let pixel = unbinnedPixel, !(pixel.isFinite && pixel > 0) { unbinnedPixel = nil }
    for (index, entry) in entries.enumerated() {
      let parts = entry.array ?? []
      guard parts.count >= 3, let x = parts[0].number, let y = parts[1].number, let z = parts[2].number,
        x.isFinite, y.isFinite, z.isFinite
      else {
        throw AisError(
          .malformed, "'\(name)': entry \(index) of 'boxes_3d' does not begin with three numbers x, y, z.")
      }
      boxes.append(
        Box(
          x: x, y: y, z: z, method: parts.count > 3 ? parts[3].string ?? "" : "",
          score: parts.count > 4 ? parts[4].number ?? 0 : 0, kind: parts.count > 5 ? parts[5].integer ?? 0 : 0))
    }
    if case .object(let classes)? = document["class_list"] {
      for (key, value) in classes {
        guard let number = Int(key) else { continue }
        kinds[number] = value["name"]?.string ?? "particles_\(key)"
        boxSize = max(boxSize, Int(value["boxsize"]?.number.flatMap { abs($0) < 1e6 ? $0 : nil } ?? 0))
      }
    }
  }

  /// The file's bytes.
  package func encoded() -> [UInt8] {
    var text = "{\n"
    if let unbinnedPixel { text += "\"apix_unbin\": \(DecimalText.trimmed(unbinnedPixel)),\n" }
    text += "\"boxes_3d\": ["
    text += boxes.map { box in
      let numbers = [box.x, box.y, box.z].map { DecimalText.trimmed($0) }.joined(separator: ", ")
      return "\n  [\(numbers), \(Self.quoted(box.method)), \(DecimalText.trimmed(box.score)), \(box.kind)]"
    }.joined(separator: ",")
    text += "\n],\n\"class_list\": {"
    text += kinds.keys.sorted().map {
      "\n  \"\($0)\": {\"boxsize\": \(boxSize), \"name\": \(Self.quoted(kinds[$0]!))}"
    }.joined(separator: ",")
    return Array((text + "\n}\n}\n").utf8)
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension EMAN2Boxes {
  static let kindColumn = "emanClass"
  static let methodColumn = "emanMethod"

  /// The boxes as particles of one tomogram, whose size and voxel size must be known when boxes count from its centre.
  package func particles(of frame: TomogramFrame, name: String) throws(AisError) -> ParticleList {
    var list = ParticleList(tomograms: [frame], extraColumns: [Self.kindColumn, Self.methodColumn])
    let place = try place(frame, name: name)
    let hasScores = boxes.contains { $0.score != 0 }
    for box in boxes {
      list.particles.append(
        Particle(
          point: VoxelPoint(
            z: box.z * place.scale.z + place.centre.z, y: box.y * place.scale.y + place.centre.y,
            x: box.x * place.scale.x + place.centre.x), score: hasScores ? box.score : nil,
          extra: [kinds[box.kind] ?? "particles_\(box.kind)", box.method]))
    }
    return list
  }

  /// Voxels per box pixel, and the voxel that boxes count from.
  private func place(
    _ frame: TomogramFrame, name: String
  ) throws(AisError) -> (scale: VoxelPoint, centre: VoxelPoint) {
    guard let unbinnedPixel else { return (VoxelPoint(z: 1, y: 1, x: 1), VoxelPoint(z: 0, y: 0, x: 0)) }
    guard let shape = frame.shape, let voxelSize = frame.voxelSize else {
      throw AisError(
        .needsDecision,
        "'\(name)' counts from the centre of the tomogram, in pixels of \(DecimalText.trimmed(unbinnedPixel, decimals: 4)) Å: the tomogram's size and voxel size are needed. Give '--tomogram FILE', or '--size' and '--voxel-size'."
      )
    }
    return (
      VoxelPoint(
        z: unbinnedPixel / voxelSize.z.angstrom, y: unbinnedPixel / voxelSize.y.angstrom,
        x: unbinnedPixel / voxelSize.x.angstrom), Self.centre(shape)
    )
  }

  /// EMAN2's centre of a volume: voxel n div 2.
  private static func centre(_ shape: Shape) -> VoxelPoint {
    VoxelPoint(VoxelIndex(z: shape.z / 2, y: shape.y / 2, x: shape.x / 2))
  }

  /// The boxes of one tomogram's particles, counted from its centre in its own voxels (an unbinned pixel is then a voxel).
  package init(particles list: ParticleList, frame: TomogramFrame, boxSize: Int, name: String) throws(AisError) {
    guard let shape = frame.shape, let voxelSize = frame.voxelSize else {
      throw AisError(
        .needsDecision,
        "'\(name)': EMAN2 counts from the centre of the tomogram and wants its pixel size: the size and voxel size of '\(frame.name)' are needed. Give '--tomogram FILE', or '--size' and '--voxel-size'."
      )
    }
    guard voxelSize.isIsotropic else {
      throw AisError(
        .unsupported,
        "'\(name)': EMAN2 knows cubic voxels only, and those of '\(frame.name)' have unequal edges. Resample the tomogram first."
      )
    }
    let centre = Self.centre(shape)
    let column = (kind: list.extraColumn(Self.kindColumn), method: list.extraColumn(Self.methodColumn))
    var numbers: [String: Int] = [:]
    kinds = [:]
    boxes = []
    self.boxSize = boxSize
    unbinnedPixel = voxelSize.x.angstrom
    for particle in list.particles {
      let title = column.kind.map { particle.extra[$0] } ?? "particles_00"
      let kind = numbers[title] ?? numbers.count
      numbers[title] = kind
      kinds[kind] = title
      let away = particle.point - centre
      boxes.append(
        Box(
          x: away.x, y: away.y, z: away.z, method: column.method.map { particle.extra[$0] } ?? "ais",
          score: particle.score ?? 0, kind: kind))
    }
    if kinds.isEmpty { kinds[0] = "particles_00" }
  }
}
