import AisCore
import AisImaging

/// The voxels half-way through a sheet, and which of them touch.
///
/// Positions are in the unit of the voxels' edges, (z, y, x), from the centre of the box's first voxel.
struct MidSurface: Sendable {
  let positions: [SIMD3<Double>]
  /// Half the thickness of the sheet at each voxel: the distance to the background.
  let halfWidths: [Float]
  /// Where the neighbours of each voxel start in `neighbours`, and at the end their number.
  private let firstNeighbour: [Int32]
  private let neighbours: [Int32]

  var count: Int { positions.count }

  /// The voxels over corners that touch a voxel, in scan order.
  func neighbours(of voxel: Int) -> ArraySlice<Int32> {
    neighbours[Int(firstNeighbour[voxel])..<Int(firstNeighbour[voxel + 1])]
  }

  /// Finds the ridge of the distance to the background: voxels around which it hardly rises.
  ///
  /// Beside the middle of a sheet, the distance rises by a whole voxel to the neighbour further in. A sheet of an even number
  /// of voxels has two layers of ridge. An infinite distance (no background at all) is no ridge.
  ///
  /// - Parameter distances: to the background in the unit of the edges; faces of the volume are not background.
  init(_ mask: Volume<UInt8>, distances: Volume<Float>, edges: VoxelEdges) {
    let shape = mask.shape
    let rises = SIMD3<Float>(edges.vector) * Self.greatestRise
    var ridge: [Int] = []
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x {
          let index = (z * shape.y + y) * shape.x + x
          let distance = distances.voxels[index]
          guard mask.voxels[index] != 0, distance.isFinite else { continue }
          var isRidge = true
          for nz in max(0, z - 1)...min(shape.z - 1, z + 1) {
            for ny in max(0, y - 1)...min(shape.y - 1, y + 1) {
              for nx in max(0, x - 1)...min(shape.x - 1, x + 1) {
                let rise = distances.voxels[(nz * shape.y + ny) * shape.x + nx] - distance
                let allowed = max(nz == z ? 0 : rises[0], ny == y ? 0 : rises[1], nx == x ? 0 : rises[2])
                if rise > allowed { isRidge = false }
              }
            }
          }
          if isRidge { ridge.append(index) }
        }
      }
    }
    var number = Volume<Int32>(shape: shape, repeating: -1)
    for (voxel, index) in ridge.enumerated() { number.voxels[index] = Int32(voxel) }
    var positions: [SIMD3<Double>] = []
    var firstNeighbour: [Int32] = [0]
    var neighbours: [Int32] = []
    for index in ridge {
      let (z, y, x) = (index / shape.sliceCount, index / shape.x % shape.y, index % shape.x)
      positions.append(SIMD3(Double(z), Double(y), Double(x)) * edges.vector)
      for nz in max(0, z - 1)...min(shape.z - 1, z + 1) {
        for ny in max(0, y - 1)...min(shape.y - 1, y + 1) {
          for nx in max(0, x - 1)...min(shape.x - 1, x + 1) {
            let other = number.voxels[(nz * shape.y + ny) * shape.x + nx]
            if other >= 0, Int(other) != positions.count - 1 { neighbours.append(other) }
          }
        }
      }
      firstNeighbour.append(Int32(neighbours.count))
    }
    self.positions = positions
    self.halfWidths = ridge.map { distances.voxels[$0] }
    self.firstNeighbour = firstNeighbour
    self.neighbours = neighbours
  }

  /// To a neighbour, in voxels. Half a voxel is how far the nearest voxels may lie beside the middle, the rest is for the steps of a sheet that
  /// lies askew.
  private static let greatestRise: Float = 0.8
}

/// Walks over a mid-surface without leaving a ball. One for each thread: it remembers where it has been.
struct PatchWalk {
  private let surface: MidSurface
  private var stamps: [UInt32]
  private var stamp: UInt32 = 0
  private var waiting: [Int32] = []

  init(_ surface: MidSurface) {
    self.surface = surface
    stamps = [UInt32](repeating: 0, count: surface.count)
  }

  /// Visits the voxels within a distance from a point that hang together with the first voxel within it, so that a second
  /// sheet close by is not part of it. The first voxel is always visited.
  mutating func visit(from first: Int, around centre: SIMD3<Double>, radius: Double, _ body: (Int, Double) -> Void) {
    stamp += 1
    stamps[first] = stamp
    waiting.removeAll(keepingCapacity: true)
    waiting.append(Int32(first))
    let limit = radius * radius
    body(first, (surface.positions[first] - centre).squaredLength.squareRoot())
    while let voxel = waiting.popLast() {
      for other in surface.neighbours(of: Int(voxel)) where stamps[Int(other)] != stamp {
        stamps[Int(other)] = stamp
        let distance = (surface.positions[Int(other)] - centre).squaredLength
        guard distance <= limit else { continue }
        waiting.append(other)
        body(Int(other), distance.squareRoot())
      }
    }
  }
}
