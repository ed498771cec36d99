import AisCore

/// A STAR file as a value: named blocks of single values and tables, as RELION, Warp, STOPGAP and crYOLO write them.
///
/// Labels are without the underscore in front, values are texts; what they mean is for the formats to say.
package struct STARFile: Sendable, Equatable {
  package var blocks: [STARBlock]

  package init(blocks: [STARBlock]) { self.blocks = blocks }

  /// The first block of that name (`data_particles` is "particles").
  package func block(_ name: String) -> STARBlock? { blocks.first { $0.name == name } }
}

/// What follows a `data_NAME`: single values and tables.
package struct STARBlock: Sendable, Equatable {
  package var name: String
  /// The lines after '#' before the block and in it, without the sign.
  package var comments: [String]
  package var items: [STARItem]
  package var loops: [STARLoop]

  package init(name: String, comments: [String] = [], items: [STARItem] = [], loops: [STARLoop] = []) {
    self.name = name
    self.comments = comments
    self.items = items
    self.loops = loops
  }

  /// The single value of that label.
  package func value(_ label: String) -> String? { items.first { $0.label == label }?.value }

  /// The block as one table: its first one, or a row of its single values, as RELION writes a table of one row.
  package var table: STARLoop? {
    if let loop = loops.first { return loop }
    return items.isEmpty ? nil : STARLoop(columns: items.map(\.label), cells: items.map(\.value))
  }
}

/// A label and its value.
package struct STARItem: Sendable, Hashable {
  package var label: String
  package var value: String

  package init(label: String, value: String) {
    self.label = label
    self.value = value
  }
}

/// A table: columns with labels, rows of as many texts.
package struct STARLoop: Sendable, Equatable {
  package let columns: [String]
  /// All rows one after the other.
  package private(set) var cells: [String]

  package init(columns: [String], cells: [String] = []) {
    precondition(!columns.isEmpty && cells.count.isMultiple(of: columns.count), "a table has whole rows")
    self.columns = columns
    self.cells = cells
  }

  package var rowCount: Int { cells.count / columns.count }

  package subscript(row: Int, column: Int) -> String { cells[row * columns.count + column] }

  package func row(_ index: Int) -> ArraySlice<String> {
    cells[index * columns.count..<(index + 1) * columns.count]
  }

  package mutating func append(_ row: [String]) {
    precondition(row.count == columns.count, "a row has a text for each column")
    cells += row
  }

  package func index(of column: String) -> Int? { columns.firstIndex(of: column) }

  /// The first of these columns that is there.
  package func index(ofAny names: [String]) -> Int? { names.lazy.compactMap { index(of: $0) }.first }
}
