import AisCore
import AisFormats

extension SliceService {
  /// A tile of a slice along x that may be a sketch: coarse, but at once, where the tomogram is large and its bricks are not ready.
  ///
  /// Otherwise as `tile`. A sketch is not kept here, and must not be by who is given it.
  package func sketch(
    of file: SliceFile, index: Int, level: Int, row: Int, column: Int, encoding: TileEncoding = .halves
  ) async throws(AisError) -> Tile {
    let place = TilePlace(
      plane: .yz, index: index, level: level, slab: 1, encoding: encoding, row: row, column: column)
    let name = TileName(file: file, place: place)
    if let known = tiles[name] { return known }
    let drawn = try await sketches.value(name) { order in
      // Not with the side views, which may be busy reading the whole of a file.
      let ticket = pictures.submit {
        order.finish(
          Result { () throws(AisError) -> Tile? in
            try order.cancellation.check()
            return try self.draw(name, order.cancellation)
          })
      }
      return { self.pictures.makeUrgent(ticket) }
    }
    if let drawn { return drawn }
    return try await tile(name, isUrgent: true)
  }

  /// `nil` when the real tile comes as quickly.
  private func draw(_ name: TileName, _ cancellation: Cancellation) throws(AisError) -> Tile? {
    let source = try files.tomogram(name.file)
    let place = name.place
    let geometry = try SliceGeometry(
      .yz, index: place.index, level: place.level, slab: 1, of: source.tomogram.shape, name: name.file.path)
    guard bricks.isLarge(source), bricks.bricks(of: source) == nil, place.row >= 0, place.row < geometry.tileRows,
      place.column >= 0, place.column < geometry.tileColumns
    else { return nil }
    let (sketch, halves) = try files.read(source) { () throws(AisError) -> (Sketch, TileScale) in
      let sketch = try sketchTable.value(name.file) { () throws(AisError) -> Sketch in
        try Sketch(source.tomogram, cancellation: cancellation)
      }
      return (sketch, try source.halfScale(cancellation))
    }
    let rows = geometry.rows(ofTileRow: place.row)
    let columns = geometry.columns(ofTileColumn: place.column)
    // Of the whole slice, so that all its tiles have one scale.
    let values = sketch.slice(geometry)
    let scale = place.encoding == .halves ? halves : TileScale.bytes(sample: values)
    let bytes = values.withUnsafeBufferPointer { values in
      scale.encoded(
        values.baseAddress! + rows.lowerBound * geometry.width + columns.lowerBound, stride: geometry.width,
        rows: rows.count, columns: columns.count,
        as: place.encoding)
    }
    return Tile(
      bytes: bytes, height: rows.count, width: columns.count, offset: scale.offset, step: scale.step, isSketch: true)
  }
}
