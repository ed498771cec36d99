import AisCore

extension ComponentRuns {
  /// Across which axis one looks at the volume.
  package enum Plane: String, Sendable, CaseIterable {
    /// Rows are y, columns x.
    case xy
    /// Rows are z, columns x.
    case xz
    /// Rows are z, columns y.
    case yz
  }

  /// Rows and columns of a plane.
  package func size(of plane: Plane) -> (height: Int, width: Int) {
    switch plane {
    case .xy: (shape.y, shape.x)
    case .xz: (shape.z, shape.x)
    case .yz: (shape.z, shape.y)
    }
  }

  /// The kept values of a plane by rows, 0 where nothing was found. Time is linear in the runs, not in the volume.
  package func plane(_ plane: Plane, at index: Int) -> [Float] {
    picture(of: plane) { z, y, columns in
      switch plane {
      case .xy: z == index ? columns : 0..<0
      case .xz: y == index ? columns : 0..<0
      case .yz: columns.contains(index) ? index..<index + 1 : 0..<0
      }
    }
  }

  /// The greatest kept value along each line across a plane, by rows; 0 where nothing was found.
  package func projection(across plane: Plane) -> [Float] { picture(of: plane) { _, _, columns in columns } }

  /// - Parameter wanted: which columns of a run are drawn.
  private func picture(
    of plane: Plane, wanted: (_ z: Int, _ y: Int, _ columns: Range<Int>) -> Range<Int>
  ) -> [Float] {
    let (height, width) = size(of: plane)
    var picture = [Float](repeating: 0, count: height * width)
    guard values.depth > 0 else { return picture }
    picture.withUnsafeMutableBufferPointer { picture in
      for run in runs {
        let (z, y) = (Int(run.z), Int(run.y))
        let columns = wanted(z, y, Int(run.lower)..<Int(run.upper))
        if columns.isEmpty { continue }
        values.slabs[(z - values.firstSlice) / values.depth].withUnsafeBufferPointer { slab in
          for x in columns {
            let value = slab[Int(run.firstValue) + x - Int(run.lower)]
            let place =
              switch plane {
              case .xy: y * width + x
              case .xz: z * width + x
              case .yz: z * width + y
              }
            picture[place] = max(picture[place], value)
          }
        }
      }
    }
    return picture
  }
}
