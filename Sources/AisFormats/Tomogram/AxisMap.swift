import AisCore

/// Which axis of a stored volume each axis of a viewed volume runs along, and whether backwards.
struct AxisMap: Hashable, Sendable {
  enum Axis: Int, Hashable, Sendable, CaseIterable { case z, y, x }

  struct Source: Hashable, Sendable {
    var axis: Axis
    var isReversed: Bool
    init(_ axis: Axis, isReversed: Bool = false) {
      self.axis = axis
      self.isReversed = isReversed
    }
  }

  var z: Source
  var y: Source
  var x: Source

  static let identity = AxisMap(z: .init(.z), y: .init(.y), x: .init(.x))

  subscript(axis: Axis) -> Source {
    switch axis {
    case .z: z
    case .y: y
    case .x: x
    }
  }

  /// This map on top of `inner`: viewed → middle (this map) → stored (`inner`).
  func applied(after inner: AxisMap) -> AxisMap {
    func through(_ source: Source) -> Source {
      let below = inner[source.axis]
      return Source(below.axis, isReversed: below.isReversed != source.isReversed)
    }
    return AxisMap(z: through(z), y: through(y), x: through(x))
  }

  /// The shape seen through the map.
  func shape(of stored: Shape) -> Shape {
    Shape(z: stored[z.axis], y: stored[y.axis], x: stored[x.axis])
  }

  /// The voxel size seen through the map.
  func voxelSize(of stored: VoxelSize) -> VoxelSize {
    func edge(_ source: Source) -> Length {
      switch source.axis {
      case .z: stored.z
      case .y: stored.y
      case .x: stored.x
      }
    }
    return VoxelSize(z: edge(z), y: edge(y), x: edge(x))
  }

  /// The axes of a file whose columns, rows and sections run along the given axes (1 x, 2 y, 3 z), or `nil` when
  /// the three numbers are not an order of 1, 2, 3.
  init?(columns: Int, rows: Int, sections: Int) {
    guard Set([columns, rows, sections]) == [1, 2, 3] else { return nil }
    func stored(_ code: Int) -> Source { Source(columns == code ? .x : rows == code ? .y : .z) }
    self.init(z: stored(3), y: stored(2), x: stored(1))
  }

  init(z: Source, y: Source, x: Source) {
    self.z = z
    self.y = y
    self.x = x
  }
}

extension Shape {
  subscript(axis: AxisMap.Axis) -> Int {
    switch axis {
    case .z: z
    case .y: y
    case .x: x
    }
  }
}
