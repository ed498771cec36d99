import AisCore

/// The tomograms of a file as its rows name them, and the short names that the program uses: without folder and extension.
struct TomogramNames {
  private(set) var names: [String] = []
  /// By what rows say, and by the names above.
  private var indices: [String: Int] = [:]
  private var indicesOfNames: [String: Int] = [:]
  /// Of each short name, the folder it came from.
  private var folders: [String: Substring] = [:]
  /// Whether a row's name says more than the short one, so that the column has to be kept.
  private(set) var areFoldersLost = false

  /// The index of a row's tomogram; two files of one name in different folders are different tomograms.
  mutating func index(_ original: String) -> Int {
    if let known = indices[original] { return known }
    let short = Self.short(original)
    let folder = original.lastIndex(of: "/").map { original[...$0] } ?? ""
    if !folder.isEmpty { areFoldersLost = true }
    var name = short
    if let first = folders[short], first != folder { name = original } else { folders[short] = folder }
    let index = indicesOfNames[name] ?? names.count
    if index == names.count {
      names.append(name)
      indicesOfNames[name] = index
    }
    indices[original] = index
    return index
  }

  /// The last part of a path without the extensions that tomograms and tilt series have.
  static func short(_ original: String) -> String {
    let last = original.split(whereSeparator: { $0 == "/" || $0 == "\\" }).last.map(String.init) ?? original
    for known in [".mrc", ".rec", ".map", ".tomostar", ".st", ".mrcs", ".tif", ".tiff", ".hdf", ".zarr", ".em"]
    where last.lowercased().hasSuffix(known) && last.utf8.count > known.utf8.count {
      return String(last.dropLast(known.count))
    }
    return last
  }

  /// The tomogram that a file of coordinates belongs to by its own name: `cell_c__Ribosome_coords.txt` to `cell_c`.
  static func tomogram(ofFile path: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    var stem = CoordinateFile.stem(of: last)
    for suffix in ["_coords", "_coordinates", "_particles", "_info"] where stem.hasSuffix(suffix) {
      stem = String(stem.dropLast(suffix.count))
      break
    }
    // Segmentations are named TOMOGRAM__FEATURE.
    let scalars = Array(stem.unicodeScalars)
    for index in 1..<max(1, scalars.count - 1) where scalars[index] == "_" && scalars[index + 1] == "_" {
      return String(String.UnicodeScalarView(scalars[..<index]))
    }
    return short(stem)
  }
}

/// The columns of a table while its rows become particles: which mean something, and which are carried along.
struct ParticleColumns {
  let loop: STARLoop
  let path: String
  private var used: Set<Int> = []

  init(_ loop: STARLoop, path: String) {
    self.loop = loop
    self.path = path
  }

  /// The first of these columns that is there; it is then no extra column.
  mutating func take(_ names: String...) -> Int? {
    for name in names {
      if let index = loop.index(of: name) {
        used.insert(index)
        return index
      }
    }
    return nil
  }

  /// Three columns that only mean something together.
  mutating func take(all names: [String]) -> [Int]? {
    let indices = names.compactMap { loop.index(of: $0) }
    guard indices.count == names.count else { return nil }
    used.formUnion(indices)
    return indices
  }

  /// The columns that nobody took.
  var extra: [Int] { loop.columns.indices.filter { !used.contains($0) } }

  func text(_ row: Int, _ column: Int) -> String { loop[row, column] }

  func number(_ row: Int, _ column: Int) throws(AisError) -> Double {
    guard let value = Double(loop[row, column]), value.isFinite else {
      throw .notANumber(loop[row, column], column: loop.columns[column], row: row, path)
    }
    return value
  }

  /// Columns of x, y and z as a point.
  func point(_ row: Int, _ columns: [Int]) throws(AisError) -> VoxelPoint {
    VoxelPoint(z: try number(row, columns[2]), y: try number(row, columns[1]), x: try number(row, columns[0]))
  }
}

/// Which tomogram each row of a table belongs to.
struct TomogramRows {
  let indices: [Int]
  /// The short names, in the order in which they come up.
  let names: [String]
  /// The columns to carry along; that of the names is one of them when its folders say more than the short names.
  let extra: [Int]

  init(
    _ columns: inout ParticleColumns, path: String, hints: CoordinateHints,
    labels: [String] = ["rlnTomoName", "rlnMicrographName"]
  ) {
    var column: Int?
    for label in labels where column == nil { column = columns.take(label) }
    var names = TomogramNames()
    let fallback = hints.tomogramName ?? TomogramNames.tomogram(ofFile: path)
    var indices: [Int] = []
    indices.reserveCapacity(columns.loop.rowCount)
    for row in 0..<columns.loop.rowCount {
      indices.append(names.index(column.map { columns.text(row, $0) } ?? fallback))
    }
    if columns.loop.rowCount == 0 { _ = names.index(fallback) }
    self.indices = indices
    self.names = names.names
    self.extra = names.areFoldersLost ? columns.extra + [column].compactMap(\.self) : columns.extra
  }
}
