import AisCore
import AisFormats
import AisServer
import AisTestSupport
import AisWorkflows
import Foundation

/// A tomogram in a fresh folder, and the service that shows it.
struct SliceFixture {
  let folder: TemporaryFolder
  let volume: Volume<Float>
  let file: SliceFile

  var cachePath: String { folder.path("cache") }

  init(_ volume: Volume<Float>, _ type: ElementType = .float32, name: String = "tomogram.mrc") throws {
    folder = try TemporaryFolder()
    let path = folder.path(name)
    try Self.write(volume, type, to: path)
    self.volume = volume
    file = try Self.file(path)
  }

  static func file(_ path: String) throws -> SliceFile {
    SliceFile(path: path, key: SliceFile.key(try InputFingerprint(path).sampleHash))
  }

  static func write(_ volume: Volume<Float>, _ type: ElementType, to path: String) throws {
    let writer = try MRCWriter(
      path: path, output: MRCOutput(shape: volume.shape, elementType: type, voxelSize: VoxelSize(.angstroms(10))))
    for z in 0..<volume.shape.z {
      try Array(volume.slice(z)).withUnsafeBufferPointer { slice in try writer.writeSlice(z, slice) }
    }
    try writer.finish()
  }

  /// Whole numbers that every type holds exactly.
  static func volume(_ shape: Shape, seed: UInt64, in range: ClosedRange<Int> = 0...120) -> Volume<Float> {
    var random = SeededGenerator(seed: seed)
    return Volume(shape: shape, voxels: (0..<shape.count).map { _ in Float(Int.random(in: range, using: &random)) })
  }

  func service(cacheBytes: Int = 64 << 20, keeps: Bool = true) -> SliceService {
    SliceService(cacheBytes: cacheBytes, cacheFolder: keeps ? cachePath : nil, threads: 2)
  }
}

extension Tile {
  /// What the page makes of the bytes.
  func values(_ encoding: TileEncoding) -> [Float] {
    switch encoding {
    case .bytes: bytes.map { offset + step * Float($0) }
    case .halves:
      stride(from: 0, to: bytes.count, by: 2).map {
        offset + step * Float(Float16(bitPattern: UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8))
      }
    }
  }
}

/// The definition, written as sums: the mean of all voxels under a voxel of a tile.
func definition(
  _ volume: Volume<Float>, _ plane: SlicePlane, index: Int, level: Int, slab: Int, row: Int, column: Int
) -> (values: [Float], height: Int, width: Int) {
  let shape = volume.shape
  let (depth, height, width) =
    switch plane {
    case .xy: (shape.z, shape.y, shape.x)
    case .xz: (shape.y, shape.z, shape.x)
    case .yz: (shape.x, shape.z, shape.y)
    }
  func voxel(_ d: Int, _ r: Int, _ c: Int) -> Double {
    switch plane {
    case .xy: Double(volume[z: d, y: r, x: c])
    case .xz: Double(volume[z: r, y: d, x: c])
    case .yz: Double(volume[z: r, y: c, x: d])
    }
  }
  let factor = 1 << level
  let first = index - (slab - 1) / 2
  let depths = (first..<first + slab).filter { (0..<depth).contains($0) }
  let rows = (row * 1024..<(row + 1) * 1024).filter { $0 * factor < height }
  let columns = (column * 1024..<(column + 1) * 1024).filter { $0 * factor < width }
  var values: [Float] = []
  for r in rows {
    for c in columns {
      var (sum, count) = (0.0, 0.0)
      for d in depths {
        for y in r * factor..<min(height, (r + 1) * factor) {
          for x in c * factor..<min(width, (c + 1) * factor) {
            sum += voxel(d, y, x)
            count += 1
          }
        }
      }
      values.append(Float(sum / count))
    }
  }
  return (values, rows.count, columns.count)
}
