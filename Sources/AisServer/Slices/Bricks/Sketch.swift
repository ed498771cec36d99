import AisCore
import AisFormats

/// A tomogram in a hurry: a few sections, binned, from which a coarse view along x is made at once, long before bricks are ready.
struct Sketch: Sendable {
  /// Of the tomogram.
  private let shape: Shape
  /// Sections that were looked at.
  private let sections: [Int]
  /// Voxels of the tomogram for one of the sketch, along y and x.
  private let factorY: Int
  private let factorX: Int
  private let rows: Int
  private let columns: Int
  /// Sections, rows, columns.
  private let values: [Float]

  private static let mostSections = 48
  private static let side = 128
  /// Most bytes read of a section; of larger ones some rows are left out.
  private static let sectionBytes = 1 << 20

  var byteCount: Int { values.count * 4 }

  init(_ tomogram: Tomogram, cancellation: Cancellation) throws(AisError) {
    let shape = tomogram.shape
    self.shape = shape
    let count = min(shape.z, Self.mostSections)
    sections = (0..<count).map { (2 * $0 + 1) * shape.z / (2 * count) }
    factorY = max(1, (shape.y + Self.side - 1) / Self.side)
    factorX = max(1, (shape.x + Self.side - 1) / Self.side)
    rows = (shape.y + factorY - 1) / factorY
    columns = (shape.x + factorX - 1) / factorX
    let bytes = shape.sliceCount * tomogram.info.elementType.byteCount
    let rowsTaken = max(1, min(factorY, factorY * Self.sectionBytes / max(1, bytes)))
    var values = [Float](repeating: 0, count: count * rows * columns)
    var band = [Float](repeating: 0, count: factorY * shape.x)
    for (i, z) in sections.enumerated() {
      for row in 0..<rows {
        try cancellation.check()
        let first = row * factorY
        let taken = first..<min(first + rowsTaken, shape.y)
        let box = VoxelBox(z: z..<z + 1, y: taken, x: 0..<shape.x)
        var failure: AisError?
        band.withUnsafeMutableBufferPointer { band in
          do throws(AisError) {
            try tomogram.read(box, into: .init(rebasing: band[..<box.shape.count]), cancellation: cancellation)
          } catch { failure = error }
        }
        if let failure { throw failure }
        for column in 0..<columns {
          let across = column * factorX..<min((column + 1) * factorX, shape.x)
          var sum: Float = 0
          for y in 0..<taken.count { for x in across { sum += band[y * shape.x + x] } }
          values[(i * rows + row) * columns + column] = sum / Float(taken.count * across.count)
        }
      }
    }
    self.values = values
  }

  /// A slice along x: the nearest section and column, between rows in proportion.
  func slice(_ geometry: SliceGeometry) -> [Float] {
    let x = min(columns - 1, geometry.index / factorX)
    var result: [Float] = []
    result.reserveCapacity(geometry.height * geometry.width)
    for row in 0..<geometry.height {
      // The middle of the block, in whole sections.
      let z = min(shape.z - 1, (2 * row + 1) * geometry.factor / 2)
      let section = min(sections.count - 1, z * sections.count / shape.z)
      for column in 0..<geometry.width {
        let y = (Float(column) + 0.5) * Float(geometry.factor) / Float(factorY) - 0.5
        let below = max(0, min(rows - 1, Int(max(0, y))))
        let above = min(rows - 1, below + 1)
        let share = max(0, min(1, y - Float(below)))
        let a = values[(section * rows + below) * columns + x]
        let b = values[(section * rows + above) * columns + x]
        result.append(a + share * (b - a))
      }
    }
    return result
  }
}
