import AisCore
import AisFormats
import Foundation

/// What RELION 5 needs to take lists of several tomograms at once, and the line that makes it do so.
///
/// `relion_tomo_import_coordinates` reads an index: a table of tomograms and of a list for each, which has
/// `rlnCenteredCoordinateXAngst` … as the lists of the format `relion5` have.
package struct RELIONImport: Sendable {
  /// The index.
  package let path: String
  package let command: String

  /// Writes the index beside the lists; `nil` when no list has a particle.
  package init?(lists: [String], folder: String) throws(AisError) {
    var loop = STARLoop(columns: ["rlnTomoName", "rlnTomoImportParticleFile"])
    for list in lists {
      let bytes = try RandomAccessFile(list).contents(limit: CoordinateFile.largest)
      let star = try STARFile(parsing: bytes, name: list)
      // Under the name that RELION's own table has for it.
      guard let table = star.block("particles")?.table, table.rowCount > 0, let name = table.index(of: "rlnTomoName")
      else { continue }
      loop.append([table[0, name], URL(filePath: list).standardizedFileURL.path])
    }
    guard loop.rowCount > 0 else { return nil }
    path = OutputFolder.prefix(folder) + "relion5_import.star"
    let star = STARFile(blocks: [STARBlock(name: "coordinate_files", loops: [loop])])
    try AtomicFile.write(try star.encoded(name: path), to: path)
    command =
      "relion_tomo_import_coordinates --i \(shellWord(path)) --o Import/ais/ --centered --scale_factor 1 --add_factor 0"
  }
}
