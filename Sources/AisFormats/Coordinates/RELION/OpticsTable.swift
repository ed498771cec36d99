import AisCore

/// The pixel sizes that the optics groups of a RELION table give.
struct OpticsTable {
  /// Of every group, by its number.
  private let groups: [String: Sizes]
  private let only: Sizes?

  struct Sizes {
    var tiltSeries: Length?
    var micrograph: Length?
    var image: Length?
  }

  init(_ blocks: [STARBlock]) {
    guard let table = blocks.first(where: { $0.name == "optics" })?.table else {
      groups = [:]
      only = nil
      return
    }
    func length(_ row: Int, _ name: String) -> Length? {
      table.index(of: name).flatMap { Double(table[row, $0]) }.flatMap { $0 > 0 && $0.isFinite ? .angstroms($0) : nil }
    }
    var groups: [String: Sizes] = [:]
    var all: [Sizes] = []
    for row in 0..<table.rowCount {
      let sizes = Sizes(
        tiltSeries: length(row, "rlnTomoTiltSeriesPixelSize"), micrograph: length(row, "rlnMicrographPixelSize"),
        image: length(row, "rlnImagePixelSize"))
      all.append(sizes)
      if let number = table.index(of: "rlnOpticsGroup") { groups[table[row, number]] = sizes }
    }
    self.groups = groups
    only = all.count == 1 ? all[0] : nil
  }

  var isEmpty: Bool { groups.isEmpty && only == nil }

  /// The sizes of a group; a table of one group serves particles that name none.
  subscript(_ group: String?) -> Sizes? { group.flatMap { groups[$0] } ?? only }
}
