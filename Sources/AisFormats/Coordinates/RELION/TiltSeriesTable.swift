import AisCore

/// What RELION's `tomograms.star` says of tomograms: the unbinned grid that its coordinates count in.
package struct TiltSeriesTable: Sendable {
  package struct Entry: Sendable, Hashable {
    /// As the table names it.
    package var name: String
    /// Unbinned pixels.
    package var shape: Shape
    /// Of the unbinned pixel.
    package var pixelSize: Length
    /// Of the reconstructed tomogram, where the table says.
    package var binning: Double?

    package init(name: String, shape: Shape, pixelSize: Length, binning: Double? = nil) {
      self.name = name
      self.shape = shape
      self.pixelSize = pixelSize
      self.binning = binning
    }
  }

  package private(set) var entries: [Entry]
  /// What all tomograms have that the table does not name.
  package var common: Entry?
  /// Short names of tomograms, and of the volumes reconstructed from them.
  private var indices: [String: Int] = [:]

  package init() { entries = [] }

  package init(_ entries: [Entry]) {
    self.entries = entries
    for (index, entry) in entries.enumerated() { indices[TomogramNames.short(entry.name)] = index }
  }

  package var isEmpty: Bool { entries.isEmpty && common == nil }

  /// Reads a table with `rlnTomoName`, `rlnTomoSizeX/Y/Z` and `rlnTomoTiltSeriesPixelSize`.
  package init(path: String) throws(AisError) { try self.init(STARFile(path: path), path: path) }

  package init(_ star: STARFile, path: String) throws(AisError) {
    let size = ["rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"]
    let needed = ["rlnTomoName", "rlnTomoTiltSeriesPixelSize"] + size
    guard
      let table = star.blocks.lazy.compactMap(\.table).first(where: { table in
        needed.allSatisfy { table.columns.contains($0) }
      })
    else {
      throw AisError(
        .unsupported,
        "'\(path)' does not say how large the tomograms are: no table has the columns "
          + "\(needed.map { "'" + $0 + "'" }.joined(separator: ", ")). Give the 'tomograms.star' that RELION or Warp wrote."
      )
    }
    var columns = ParticleColumns(table, path: path)
    guard let name = columns.take("rlnTomoName"), let pixel = columns.take("rlnTomoTiltSeriesPixelSize"),
      let sizes = columns.take(all: size)
    else { preconditionFailure("the columns were looked for above") }
    let binning = columns.take("rlnTomoTomogramBinning")
    var entries: [Entry] = []
    for row in 0..<table.rowCount {
      let edges = try columns.point(row, sizes)
      let pixelSize = try columns.number(row, pixel)
      guard pixelSize > 0, let shape = Self.shape(edges) else {
        throw AisError(
          .malformed,
          "'\(path)' gives '\(table[row, name])' \(table[row, sizes[0]]) × \(table[row, sizes[1]]) × \(table[row, sizes[2]]) "
            + "pixels of \(table[row, pixel]) Å; whole numbers and a pixel size above 0 were expected. Mend the table.")
      }
      entries.append(
        Entry(
          name: table[row, name], shape: shape, pixelSize: .angstroms(pixelSize),
          binning: try binning.map { column throws(AisError) in try columns.number(row, column) }))
    }
    self.init(entries)
    let volumes = table.columns.indices.filter { table.columns[$0].hasPrefix("rlnTomoReconstructedTomogram") }
    for row in 0..<table.rowCount {
      for column in volumes {
        let short = TomogramNames.short(table[row, column])
        if indices[short] == nil { indices[short] = row }
      }
    }
  }

  /// The entry of a tomogram by the name of its tilt series, of a volume reconstructed from it, or by that and Warp's
  /// `_10.00Apx`.
  package subscript(_ name: String) -> Entry? {
    let short = TomogramNames.short(name)
    if let index = indices[short] { return entries[index] }
    if short.hasSuffix("Apx"), let cut = short.lastIndex(of: "_"),
      Double(short[short.index(after: cut)...].dropLast(3)) != nil, let index = indices[String(short[..<cut])]
    {
      return entries[index]
    }
    return common
  }

  private static func shape(_ edges: VoxelPoint) -> Shape? {
    guard let z = Int(exactly: edges.z), let y = Int(exactly: edges.y), let x = Int(exactly: edges.x),
      min(x, y, z) > 0, max(x, y, z) <= 1 << 24
    else { return nil }
    return Shape(z: z, y: y, x: x)
  }
}

extension TiltSeriesTable.Entry {
  /// What to know of odd sizes, where RELION itself is not of one mind.
  func oddSizeWarning() -> String? {
    guard shape.x % 2 == 1 || shape.y % 2 == 1 || shape.z % 2 == 1 else { return nil }
    return
      "'\(name)' is \(shape) pixels unbinned, and RELION 5 places particles with the middle of an odd size at a half pixel "
      + "but projects with a whole one: expect \(DecimalText.fixed(pixelSize.angstrom / 2, 2)) Å between the two."
  }
}

extension TiltSeriesTable {
  /// What RELION calls the tilt series of a tomogram.
  func name(of frame: TomogramFrame) -> String {
    guard let entry = self[frame.name], !entry.name.isEmpty else { return frame.name }
    return entry.name
  }
}
