import AisCore
import AisImaging

/// What finding and dividing particles costs, for segmentations of four sizes, and what the kernels on volumes cost.
enum VolumeTable {
  static func print() throws {
    Swift.print("\nParticles in segmentations of bytes, one thread: CPU seconds of each step")
    Swift.print(
      "size               Mvoxel  particles  components  distances   maxima   basins      all  Mvoxel/s  ms a Mvoxel")
    for shape in [(32, 256, 256), (64, 512, 512), (200, 512, 512), (300, 1024, 1024)] {
      try row(Shape(z: shape.0, y: shape.1, x: shape.2))
    }
    Swift.print("\nKernels on a volume of 512 × 512 × 64 voxels in memory, one thread")
    Swift.print("kernel                                              ms   Mvoxel/s")
    try kernels(BallPhantom(Shape(z: 64, y: 512, x: 512)))
  }

  private static func row(_ shape: Shape) throws {
    let phantom = BallPhantom(shape)
    var seconds = [Double](repeating: 0, count: 4)
    func timed<Result>(_ step: Int, _ body: () throws -> Result) rethrows -> Result {
      let start = Clock.processor.now
      defer { seconds[step] += Clock.processor.now - start }
      return try body()
    }
    let found = try timed(0) {
      try ComponentRuns.find(in: phantom, above: 128, minimumVoxelCount: 30, keepsValues: true)
    }
    var particles = 0
    for index in found.components.indices {
      let (mask, origin) = timed(0) { found.mask(of: index) }
      let distance = timed(1) { DistanceTransform.squared(of: mask) }
      let seeds = timed(2) { LocalMaxima.points(of: distance, mask: mask, minimumDistance: 4).map(\.voxel) }
      particles += timed(3) {
        let height = Volume(shape: distance.shape, voxels: distance.voxels.map { -$0 })
        let basins = Watershed.basins(height: height, seeds: seeds, mask: mask)
        return RegionStatistics.measure(
          labels: basins, count: seeds.count, values: found.values(of: index), origin: origin, within: shape
        ).count
      }
    }
    let all = seconds.reduce(0, +)
    let voxels = Double(shape.count) / 1e6
    Swift.print(
      shape.description.padded(to: 17, isNumber: false), voxels.rounded(toDigits: 1).padded(to: 7),
      "\(particles)".padded(to: 10), seconds[0].rounded(toDigits: 3).padded(to: 11),
      seconds[1].rounded(toDigits: 3).padded(to: 10), seconds[2].rounded(toDigits: 3).padded(to: 8),
      seconds[3].rounded(toDigits: 3).padded(to: 8), all.rounded(toDigits: 3).padded(to: 8),
      (voxels / all).rounded(toDigits: 1).padded(to: 9), (all / voxels * 1000).rounded(toDigits: 1).padded(to: 12))
  }

  private static func kernels(_ phantom: BallPhantom) throws {
    let shape = phantom.shape
    let values = Volume(shape: shape, voxels: phantom.bytes.map { Float($0) })
    let mask = Volume<UInt8>(shape: shape, voxels: phantom.bytes.map { $0 > 128 ? 1 : 0 })
    let outside = Volume<UInt8>(shape: shape, voxels: phantom.bytes.map { $0 > 128 ? 0 : 1 })
    func row(_ name: String, _ body: () throws -> Void) rethrows {
      let seconds = try Clock.best(of: 3, body).processor
      Swift.print(
        name.padded(to: 46, isNumber: false), (seconds * 1000).rounded(toDigits: 1).padded(to: 7),
        (Double(shape.count) / 1e6 / seconds).rounded(toDigits: 1).padded(to: 10))
    }
    for connectivity in Connectivity.allCases {
      try row("components, \(connectivity.rawValue) neighbours") {
        _ = try ComponentRuns.find(in: phantom, above: 128, connectivity: connectivity)
      }
    }
    row("distances inside the particles") { _ = DistanceTransform.squared(of: mask) }
    row("distances around the particles") { _ = DistanceTransform.squared(of: outside) }
    row("distances around, voxels not cubes") { _ = DistanceTransform.squared(of: outside, spacing: (2, 1, 1)) }
    let inside = DistanceTransform.squared(of: mask)
    let around = DistanceTransform.squared(of: outside)
    row("local maxima inside") { _ = LocalMaxima.points(of: inside, mask: mask, minimumDistance: 4) }
    row("local maxima around") { _ = LocalMaxima.points(of: around, mask: outside, minimumDistance: 4) }
    try row("peaks of cubes of 17³ voxels") {
      _ = try LocalMaxima.chebyshev(of: VolumeSource(inside), halfWidth: 8, lowest: 0)
    }
    let seeds = LocalMaxima.points(of: around, mask: outside, minimumDistance: 8).map(\.voxel)
    let height = Volume(shape: shape, voxels: around.voxels.map { -$0 })
    row("watershed around, \(seeds.count) seeds") { _ = Watershed.basins(height: height, seeds: seeds, mask: outside) }
    row("binning by 2") { _ = BlockMean.binned(values, by: 2) }
    row("binning by 4") { _ = BlockMean.binned(values, by: 4) }
  }
}

/// A segmentation as networks give it: balls of radius 4 to 8 with values around 190, one in 20,000 voxels, many of which touch;
/// a background below 64; and one voxel in 1000 that is noise. Seeded.
struct BallPhantom: SliceSource {
  let shape: Shape
  let bytes: [UInt8]
  var voxelSize: VoxelSize? { nil }

  init(_ shape: Shape) {
    self.shape = shape
    var generator = SeededGenerator(seed: 1)
    var bytes = [UInt8](repeating: 0, count: shape.count)
    bytes.withUnsafeMutableBufferPointer { bytes in
      for i in bytes.indices {
        let number = generator.next()
        bytes[i] = number >> 32 % 1000 == 0 ? 200 : UInt8(number & 63)
      }
      for _ in 0..<shape.count / 20_000 {
        let radius = Int.random(in: 4...8, using: &generator)
        let centre = VoxelIndex(
          z: .random(in: 0..<shape.z, using: &generator), y: .random(in: 0..<shape.y, using: &generator),
          x: .random(in: 0..<shape.x, using: &generator))
        let corner = VoxelBox(
          z: centre.z..<centre.z + 1, y: centre.y..<centre.y + 1, x: centre.x..<centre.x + 1)
        let box = corner.grown(by: radius).intersection(VoxelBox(shape))
        for z in box.z {
          for y in box.y {
            for x in box.x {
              let (dz, dy, dx) = (z - centre.z, y - centre.y, x - centre.x)
              guard dz * dz + dy * dy + dx * dx <= radius * radius else { continue }
              bytes[(z * shape.y + y) * shape.x + x] = 160 + UInt8(generator.next() & 63)
            }
          }
        }
      }
    }
    self.bytes = bytes
  }

  func readSlice(_ z: Int, into destination: UnsafeMutableBufferPointer<Float>) throws(AisError) {
    let start = z * shape.sliceCount
    bytes.withUnsafeBufferPointer { bytes in
      for i in 0..<shape.sliceCount { destination[i] = Float(bytes[start + i]) }
    }
  }
}
