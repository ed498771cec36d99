import AisCore
import AisFormats
import AisTestSupport
import AisWorkflows
import Foundation
import Logging
import Testing

@Suite("Boxes around particles")
struct ParticleExtractionTests {
  private let shape = Shape(z: 9, y: 10, x: 11)

  /// Each voxel says where it is: 10000 z + 100 y + x.
  private func ramp(_ shape: Shape) -> VolumeSource {
    var volume = Volume<Float>(shape: shape, repeating: 0)
    for z in 0..<shape.z {
      for y in 0..<shape.y { for x in 0..<shape.x { volume[z: z, y: y, x: x] = Float(10000 * z + 100 * y + x) } }
    }
    return VolumeSource(volume, voxelSize: VoxelSize(.angstroms(10)))
  }

  private func cut(_ boxes: ParticleBoxes, _ points: [VoxelPoint], memory: Int = .max) throws -> [Int: Volume<Float>] {
    var found: [Int: Volume<Float>] = [:]
    try boxes.cut(points, from: ramp(shape), memory: memory) { (index, box) throws(AisError) in found[index] = box }
    return found
  }

  @Test("the particle's voxel is number size div 2 of its box", arguments: [2, 3, 4, 5])
  func centre(_ size: Int) throws {
    var boxes = ParticleBoxes(size: size)
    boxes.normalisation = .none
    let box = try #require(try cut(boxes, [VoxelPoint(z: 4.4, y: 5.4, x: 4.6)])[0])
    #expect(box[z: size / 2, y: size / 2, x: size / 2] == 40505)
    #expect(box[z: 0, y: 0, x: 0] == Float(10000 * (4 - size / 2) + 100 * (5 - size / 2) + 5 - size / 2))
  }

  @Test("boxes beyond the tomogram are left out, filled with the mean, or repeat the nearest voxel")
  func edges() throws {
    var boxes = ParticleBoxes(size: 4)
    boxes.normalisation = .none
    let corner = VoxelPoint(z: 0, y: 5, x: 5)
    #expect(try cut(boxes, [corner, VoxelPoint(z: 4, y: 5, x: 5)]).keys.sorted() == [1])
    boxes.edge = .repeated
    let repeated = try #require(try cut(boxes, [corner])[0])
    #expect(repeated[z: 0, y: 0, x: 0] == repeated[z: 2, y: 0, x: 0])
    boxes.edge = .mean
    let mean = try #require(try cut(boxes, [corner])[0])
    let known = (2..<4).flatMap { z in mean.slice(z) }
    #expect(abs(mean[z: 0, y: 0, x: 0] - known.reduce(0, +) / Float(known.count)) < 0.01)
    // Wholly outside: nothing is known of it.
    #expect(try cut(boxes, [VoxelPoint(z: 50, y: 5, x: 5)])[0]?.voxels.allSatisfy { $0 == 0 } == true)
  }

  @Test("little memory gives the same boxes")
  func memory() throws {
    var random = SeededGenerator(seed: 3)
    let points = (0..<40).map { _ in
      VoxelPoint(
        z: .random(in: 0...8, using: &random), y: .random(in: 0...9, using: &random),
        x: .random(in: 0...10, using: &random))
    }
    var boxes = ParticleBoxes(size: 4)
    boxes.edge = .mean
    let whole = try cut(boxes, points)
    let scant = try cut(boxes, points, memory: 3 * 4 * 64)
    #expect(whole.count == 40 && scant.count == 40)
    for (index, box) in whole { #expect(scant[index]?.voxels == box.voxels) }
  }

  @Test("normalised boxes have mean 0 and deviation 1 where they should")
  func normalisation() throws {
    var boxes = ParticleBoxes(size: 6)
    boxes.normalisation = .box
    let box = try #require(try cut(boxes, [VoxelPoint(z: 4, y: 5, x: 5)])[0])
    let mean = box.voxels.reduce(0, +) / Float(box.voxels.count)
    let variance = box.voxels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(box.voxels.count)
    #expect(abs(mean) < 1e-4 && abs(variance - 1) < 1e-3)
    boxes.inverts = true
    let dark = try #require(try cut(boxes, [VoxelPoint(z: 4, y: 5, x: 5)])[0])
    #expect(zip(box.voxels, dark.voxels).allSatisfy { abs($0 + $1) < 1e-4 })
  }

  @Test("the written list brings every particle back, and the proof finds the centre")
  func wholeRun() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 8)
    var volume = Volume<Float>(shape: Shape(z: 60, y: 120, x: 110), repeating: 0)
    var list = ParticleList(tomograms: [TomogramFrame(name: "TS_01")])
    for _ in 0..<60 {
      let p = VoxelPoint(
        z: .random(in: 12...47, using: &random), y: .random(in: 12...107, using: &random),
        x: .random(in: 12...97, using: &random))
      list.particles.append(Particle(point: p))
      for z in Int(p.z) - 4...Int(p.z) + 5 {
        for y in Int(p.y) - 4...Int(p.y) + 5 {
          for x in Int(p.x) - 4...Int(p.x) + 5 {
            let r = (pow(Double(z) - p.z, 2) + pow(Double(y) - p.y, 2) + pow(Double(x) - p.x, 2)).squareRoot()
            volume[z: z, y: y, x: x] -= Float(max(0, min(1, 3.5 - r)))
          }
        }
      }
    }
    let writer = try MRCWriter(
      path: folder.path("TS_01.mrc"),
      output: MRCOutput(shape: volume.shape, elementType: .float32, voxelSize: VoxelSize(.angstroms(10))))
    for z in 0..<volume.shape.z { try Array(volume.slice(z)).withUnsafeBufferPointer { try writer.writeSlice(z, $0) } }
    try writer.finish()
    try CoordinateFile.write(list, to: folder.path("picks.star"), format: .ais)

    var context = CoordinateContext()
    try context.add(tomograms: [folder.path("TS_01.mrc")], options: TomogramOptions())
    var request = ExtractionRequest(
      lists: [folder.path("picks.star")], outputFolder: folder.path("out"), context: context,
      boxes: ParticleBoxes(size: 16))
    request.boxes.inverts = true
    request.proves = true
    let logger = Logger(label: "test")
    let extraction = try ParticleExtraction(request, cancellation: Cancellation(), logger: logger)
    let result = try #require(try extraction.run())
    #expect(result.particles == 60 && result.skippedAtEdge == 0)
    let proof = try #require(result.proof)
    #expect(proof.boxes == 50 && proof.greatestShift < 1e-3)
    #expect(try #require(proof.offsetXYZ).allSatisfy { abs($0) < 0.1 }, "\(proof)")
    var hints = CoordinateHints()
    hints.voxelSize = VoxelSize(.angstroms(10))
    let back = try CoordinateFile.read(folder.path("out/particles.star"), hints: hints).list
    #expect(
      zip(back.particles, list.particles).allSatisfy {
        abs($0.point.x - $1.point.x) < 1e-3 && abs($0.point.z - $1.point.z) < 1e-3
      })
    let box = try Tomogram.open(folder.path("out/TS_01/TS_01_000001.mrc"))
    #expect(box.shape == Shape(z: 16, y: 16, x: 16) && box.voxelSize?.x == .angstroms(10))
    // Inverted: the particle is bright in the middle.
    #expect(try box.slice(8)[8 * 16 + 8] > 1)
    #expect(try extraction.run() == nil)
  }

  @Test("lists are merged, filtered and spaced")
  func filters() throws {
    let frame = TomogramFrame(name: "T", shape: Shape(z: 20, y: 20, x: 20), voxelSize: VoxelSize(.angstroms(10)))
    func particle(_ x: Double, _ score: Double, _ extra: [String] = []) -> Particle {
      Particle(point: VoxelPoint(z: 10, y: 10, x: x), score: score, extra: extra)
    }
    let a = ParticleList(
      tomograms: [frame], particles: [particle(5, 1, ["k"]), particle(12, 9, ["m"])], extraColumns: ["kind"])
    let b = ParticleList(tomograms: [frame], particles: [particle(5.5, 2), particle(19, 1)])
    let all = try ParticleMerge.merged([("a", a), ("b", b)])
    #expect(all.particles.map(\.extra) == [["k"], ["m"], [""], [""]])
    var filter = ParticleFilter()
    filter.spacing = .length(.nanometers(2))
    #expect(try filter.applied(to: all).list.particles.map(\.point.x) == [12, 5.5, 19])
    filter = ParticleFilter()
    filter.border = .voxels(2)
    #expect(try filter.applied(to: all).list.particles.count == 3)
    filter = ParticleFilter()
    filter.columns = [("kind", "m")]
    filter.scores = 5...10
    #expect(try filter.applied(to: all).list.particles.map(\.point.x) == [12])
    filter = ParticleFilter()
    filter.limit = 1
    #expect(try filter.applied(to: all).list.particles.map(\.score) == [9])
    filter = ParticleFilter()
    filter.near = (["T": [VoxelPoint(z: 10, y: 10, x: 18)]], .voxels(3))
    #expect(try filter.applied(to: all).list.particles.map(\.point.x) == [19])
    var other = b
    other.tomograms[0].shape = Shape(z: 40, y: 40, x: 40)
    #expect(throws: AisError.self) { try ParticleMerge.merged([("a", a), ("b", other)]) }
    let distances = NeighbourDistances(all, others: nil)
    #expect(distances.unit == "Å" && distances.sorted.first == 5)
  }
}
