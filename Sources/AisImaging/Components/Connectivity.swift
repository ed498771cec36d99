/// Which voxels touch: those that share a face, also those that share an edge, or also those that share a corner.
package enum Connectivity: Int, Sendable, CaseIterable {
  case faces = 6
  case edges = 18
  case corners = 26

  /// The rows that come before a row and can touch it: so many slices and rows further, and how far beyond the overlap of
  /// two runs they still touch.
  var earlierRows: [(z: Int, y: Int, reach: Int)] {
    switch self {
    case .faces: [(-1, 0, 0), (0, -1, 0)]
    case .edges: [(-1, -1, 0), (-1, 0, 1), (-1, 1, 0), (0, -1, 1)]
    case .corners: [(-1, -1, 1), (-1, 0, 1), (-1, 1, 1), (0, -1, 1)]
    }
  }
}
