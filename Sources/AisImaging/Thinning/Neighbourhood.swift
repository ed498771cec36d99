/// The 3 × 3 × 3 voxels around a voxel as 27 bits in scan order: bit (dz + 1)·9 + (dy + 1)·3 + (dx + 1). The middle is bit 13.
///
/// Sets of voxels grow by shifts, so that connectivity within the neighbourhood needs neither tables nor queues.
struct Neighbourhood {
  /// Set where the object is; the middle is left out.
  let object: UInt32

  init(object: UInt32) { self.object = object & ~Self.middle }

  /// How many of the 26 neighbours belong to the object.
  var count: Int { object.nonzeroBitCount }

  /// Whether the middle voxel can be removed from the object without joining, splitting, opening or filling anything, when
  /// objects hang together over corners (26) and the background over faces (6).
  ///
  /// True when the object around the middle is one piece, and so is the background that touches the middle's faces, seen
  /// among the 18 neighbours over faces and edges (Malandain & Bertrand 1992). It says the same as the rule of Lee, Kashyap &
  /// Chu 1994, one piece and an unchanged Euler characteristic, without a table.
  var isSimple: Bool {
    let firstObject = object & (0 &- object)
    guard firstObject != 0, Self.filled(from: firstObject, within: object, Self.spreadOverCorners) == object else {
      return false
    }
    let background = ~object & Self.facesAndEdges
    let touching = background & Self.faces
    let firstTouching = touching & (0 &- touching)
    guard firstTouching != 0 else { return false }
    return touching & ~Self.filled(from: firstTouching, within: background, Self.spreadOverFaces) == 0
  }

  // MARK: Growth by shifts

  private static let middle: UInt32 = 1 << 13
  private static let all: UInt32 = (1 << 27) - 1
  // Planes of the cube that a shift must not wrap out of.
  private static let firstX: UInt32 = 0b001_001_001_001_001_001_001_001_001
  private static let lastX: UInt32 = 0b100_100_100_100_100_100_100_100_100
  private static let firstY: UInt32 = 0b000_000_111_000_000_111_000_000_111
  private static let lastY: UInt32 = 0b111_000_000_111_000_000_111_000_000
  private static let corners: UInt32 = 0b101_000_101_000_000_000_101_000_101
  private static let faces: UInt32 = 0b000_010_000_010_101_010_000_010_000
  private static let facesAndEdges: UInt32 = all & ~corners & ~middle

  @inline(__always)
  private static func alongX(_ set: UInt32) -> UInt32 { (set & ~lastX) << 1 | (set & ~firstX) >> 1 }
  @inline(__always)
  private static func alongY(_ set: UInt32) -> UInt32 { (set & ~lastY) << 3 | (set & ~firstY) >> 3 }
  @inline(__always)
  private static func alongZ(_ set: UInt32) -> UInt32 { (set << 9 & all) | set >> 9 }

  @inline(__always)
  private static func spreadOverCorners(_ set: UInt32) -> UInt32 {
    let rows = set | alongX(set)
    let planes = rows | alongY(rows)
    return planes | alongZ(planes)
  }

  @inline(__always)
  private static func spreadOverFaces(_ set: UInt32) -> UInt32 { set | alongX(set) | alongY(set) | alongZ(set) }

  @inline(__always)
  private static func filled(from seed: UInt32, within set: UInt32, _ spread: (UInt32) -> UInt32) -> UInt32 {
    var reached = seed
    while true {
      let grown = spread(reached) & set
      if grown == reached { return reached }
      reached = grown
    }
  }
}
