import AisCore
import AisTestSupport
import Foundation

/// What SciPy and scikit-image say of volumes that both can make (`Tools/reference/volume_goldens.py`).
struct VolumeGoldens: Decodable {
  struct Measured: Decodable {
    var index: Int
    var voxels: Int
    var box: [[Int]]
    var sum: Double
    var centroid: [Double]
    var weighted: [Double]
    var covariance: [Double]
  }
  struct Components: Decodable {
    var threshold: Float
    var connectivity: Int
    var count: Int
    var labels: UInt32
    var measured: [Measured]
  }
  struct Distances: Decodable {
    var threshold: Float
    var squared: UInt32
    var step: Int
    var spaced: [Double]
  }
  struct Bin: Decodable {
    var factor: Int
    var voxels: UInt32
  }
  struct Noise: Decodable {
    var seed: UInt64
    var shape: [Int]
    var components: [Components]
    var distances: [Distances]
    var bins: [Bin]
  }
  struct Peaks: Decodable {
    var halfWidth: Int
    var points: [[Int]]
  }
  struct Basins: Decodable {
    var halfWidth: Int
    var seeds: [[Int]]
    var starts: [Int]
    var labels: [Int32]
  }
  struct Particles: Decodable {
    var seed: UInt64
    var shape: [Int]
    var count: Int
    var squared: UInt32
    var peaks: [Peaks]
    var basins: Basins
  }
  struct File: Decodable {
    var name: String
    var shape: [Int]
    var voxels: UInt32
    var components: [Components]
    var outside: [Components]
    var inside: UInt32
    var around: UInt32
    var peaks: [Peaks]
  }
  var noises: [Noise]
  var particles: [Particles]
  var files: [File]

  static let all: VolumeGoldens = {
    let file = Fixtures.repository.appending(path: "Tests/Fixtures/imaging/volumes.json")
    return try! JSONDecoder().decode(VolumeGoldens.self, from: Data(contentsOf: file))
  }()
}

extension VolumeGoldens.Noise {
  /// Numbers from 0 to 1, multiples of 2⁻²⁴.
  var volume: Volume<Float> { Volumes.noise(Shape(shape), seed: seed) }
}

extension VolumeGoldens.Particles {
  /// Balls of radius 3 to 8.
  var mask: Volume<UInt8> { Volumes.balls(Shape(shape), count: count, seed: seed) }
}

extension VolumeGoldens.File {
  /// The signed bytes of an MRC file of mode 0; the file lies beside the checkout.
  func read() throws -> Volume<Float> {
    let data = [UInt8](try Data(contentsOf: Fixtures.shared.appending(path: "segmentations").appending(path: name)))
    let extended = (0..<4).reduce(0) { $0 | Int(data[92 + $1]) << (8 * $1) }
    let bytes = Array(data[(1024 + extended)...].prefix(shape.reduce(1, *)))
    precondition(CRC32.sum(bytes) == voxels, "'\(name)' is not the file that the goldens were made from")
    return Volume(shape: Shape(shape), voxels: bytes.map { Float(Int8(bitPattern: $0)) })
  }
}

extension Shape {
  /// z, y, x.
  init(_ numbers: [Int]) { self.init(z: numbers[0], y: numbers[1], x: numbers[2]) }
}

/// Small volumes that tests are made of.
enum Volumes {
  static func noise(_ shape: Shape, seed: UInt64) -> Volume<Float> {
    var generator = SeededGenerator(seed: seed)
    return Volume(shape: shape, voxels: (0..<shape.count).map { _ in Float(generator.next() >> 40) * 0x1p-24 })
  }

  static func balls(_ shape: Shape, count: Int, seed: UInt64) -> Volume<UInt8> {
    var generator = SeededGenerator(seed: seed)
    var mask = Volume<UInt8>(shape: shape, repeating: 0)
    for _ in 0..<count {
      let centre = VoxelIndex(
        z: Int(generator.next() % UInt64(shape.z)), y: Int(generator.next() % UInt64(shape.y)),
        x: Int(generator.next() % UInt64(shape.x)))
      add(ball: centre, radius: 3 + Int(generator.next() % 6), to: &mask)
    }
    return mask
  }

  static func add(ball centre: VoxelIndex, radius: Int, to mask: inout Volume<UInt8>) {
    for z in 0..<mask.shape.z {
      for y in 0..<mask.shape.y {
        for x in 0..<mask.shape.x {
          let (dz, dy, dx) = (z - centre.z, y - centre.y, x - centre.x)
          if dz * dz + dy * dy + dx * dx <= radius * radius { mask[z: z, y: y, x: x] = 1 }
        }
      }
    }
  }

  /// 1 where a volume is above a threshold.
  static func mask(_ volume: Volume<Float>, above threshold: Float) -> Volume<UInt8> {
    Volume(shape: volume.shape, voxels: volume.voxels.map { $0 > threshold ? 1 : 0 })
  }

  /// Every voxel of a shape in scan order.
  static func indices(_ shape: Shape) -> [VoxelIndex] {
    (0..<shape.z).flatMap { z in
      (0..<shape.y).flatMap { y in (0..<shape.x).map { VoxelIndex(z: z, y: y, x: $0) } }
    }
  }
}

extension Volume {
  subscript(_ voxel: VoxelIndex) -> Element {
    get { self[z: voxel.z, y: voxel.y, x: voxel.x] }
    set { self[z: voxel.z, y: voxel.y, x: voxel.x] = newValue }
  }
}

/// The checksum of zlib and PNG, to compare whole arrays with what Python computed.
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ (sum >> 1) : sum >> 1 }
  }

  static func sum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
  }

  static func sum(_ numbers: [Int32]) -> UInt32 { numbers.withUnsafeBytes { sum($0) } }
  static func sum(_ numbers: [Float]) -> UInt32 { numbers.withUnsafeBytes { sum($0) } }
}
