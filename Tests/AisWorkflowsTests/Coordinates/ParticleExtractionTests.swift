import AisCore
import AisFormats
import AisTestSupport
import AisWorkflows
import Foundation
import Logging
import Synchronization
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

  private func cut(
    _ boxes: ParticleBoxes, _ points: [VoxelPoint], memory: Int = .max, threads: Int = 1
  ) throws -> [Int: Volume<Float>] {
    let found = Mutex<[Int: Volume<Float>]>([:])
    try boxes.cut(points, from: ramp(shape), memory: memory, threads: threads) { (index, box) throws(AisError) in
      found.withLock { $0[index] = box }
    }
    return found.withLock { $0 }
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

  @Test("little memory and any number of threads give the same boxes", arguments: [1, 2, 7])
  func memory(threads: Int) throws {
    var random = SeededGenerator(seed: 3)
    let points = (0..<40).map { _ in
      VoxelPoint(
        z: .random(in: 0...8, using: &random), y: .random(in: 0...9, using: &random),
        x: .random(in: 0...10, using: &random))
    }
    var boxes = ParticleBoxes(size: 4)
    boxes.edge = .mean
    let whole = try cut(boxes, points)
    let scant = try cut(boxes, points, memory: 3 * 4 * 64, threads: threads)
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

  @Test("a box that cannot be stored stops the others, on any number of threads", arguments: [1, 4])
  func failure(threads: Int) throws {
    let boxes = ParticleBoxes(size: 2)
    let points = (1..<8).map { VoxelPoint(z: Double($0), y: 5, x: 5) }
    #expect(throws: AisError.self) {
      try boxes.cut(points, from: ramp(shape), threads: threads) { (index, _) throws(AisError) in
        if index == 3 { throw AisError(.diskFull, "no room") }
      }
    }
  }

  /// Dark balls of radius 3 at random places, a tomogram of 10 Å voxels named `name`.
  private func particles(_ name: String, in folder: TemporaryFolder, seed: UInt64) throws -> ParticleList {
    var random = SeededGenerator(seed: seed)
    var volume = Volume<Float>(shape: Shape(z: 60, y: 120, x: 110), repeating: 0)
    var list = ParticleList(tomograms: [TomogramFrame(name: name)])
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
      path: folder.path(name + ".mrc"),
      output: MRCOutput(shape: volume.shape, elementType: .float32, voxelSize: VoxelSize(.angstroms(10))))
    for z in 0..<volume.shape.z { try Array(volume.slice(z)).withUnsafeBufferPointer { try writer.writeSlice(z, $0) } }
    try writer.finish()
    return list
  }

  /// An extraction from the tomograms of a folder.
  private func extraction(
    in folder: TemporaryFolder, _ names: [String], change: (inout ExtractionRequest) -> Void = { _ in }
  ) throws -> ParticleExtraction {
    var context = CoordinateContext()
    try context.add(tomograms: names.map { folder.path($0 + ".mrc") }, options: TomogramOptions())
    var request = ExtractionRequest(
      lists: [folder.path("picks.star")], outputFolder: folder.path("out"), context: context,
      boxes: ParticleBoxes(size: 16))
    request.boxes.inverts = true
    request.threads = 2
    change(&request)
    return try ParticleExtraction(request, cancellation: Cancellation(), logger: Logger(label: "test"))
  }

  @Test("the written list brings every particle back, and the proof finds the centre")
  func wholeRun() throws {
    let folder = try TemporaryFolder()
    let list = try particles("TS_01", in: folder, seed: 8)
    try CoordinateFile.write(list, to: folder.path("picks.star"), format: .ais)
    let run = try extraction(in: folder, ["TS_01"]) { $0.proves = true }.run { _ in }
    #expect(run.outcomes.map(\.written) == [[folder.path("out/TS_01/particles.star")]])
    let result = try #require(run.result)
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
    // The proof is made again where boxes need not be.
    let again = try extraction(in: folder, ["TS_01"]) { $0.proves = true }.run { _ in }
    #expect(again.outcomes.allSatisfy { $0.written.isEmpty } && again.result?.proof?.boxes == 50)
  }

  @Test("an interrupted extraction goes on with the tomograms that are missing")
  func resume() throws {
    let folder = try TemporaryFolder()
    let names = ["TS_01", "TS_02", "TS_03"]
    var lists: [(name: String, list: ParticleList)] = []
    for (seed, name) in names.enumerated() {
      lists.append((name, try particles(name, in: folder, seed: UInt64(seed))))
    }
    try CoordinateFile.write(ParticleMerge.merged(lists), to: folder.path("picks.star"), format: .ais)
    let tomogram = URL(filePath: folder.path("TS_02.mrc"))
    let bytes = try Data(contentsOf: tomogram)
    let first = try extraction(in: folder, names)
    try bytes.prefix(5000).write(to: tomogram)
    let halted = try first.run { _ in }
    #expect(halted.outcomes.map(\.failures.isEmpty) == [true, false, true] && halted.result == nil)
    #expect(!FileManager.default.fileExists(atPath: folder.path("out/particles.star")))

    try bytes.write(to: tomogram)
    let second = try extraction(in: folder, names)
    #expect(second.tasks.map(\.isFinished) == [true, false, true])
    let whole = try second.run { _ in }
    #expect(whole.outcomes.map(\.written.isEmpty) == [true, false, true] && whole.result?.particles == 180)

    // A box that was removed is missed, one tomogram is cut again, and other settings are not mixed up with these.
    try FileManager.default.removeItem(atPath: folder.path("out/TS_03/TS_03_000007.mrc"))
    let third = try extraction(in: folder, names)
    #expect(third.tasks.map(\.isFinished) == [true, true, false])
    _ = try third.run { _ in }
    #expect(FileManager.default.fileExists(atPath: folder.path("out/TS_03/TS_03_000007.mrc")))
    #expect(throws: AisError.self) { try extraction(in: folder, names) { $0.boxes.size = 18 } }
    let forced = try extraction(in: folder, names) {
      $0.boxes.size = 18
      $0.replaces = true
    }
    #expect(forced.tasks.allSatisfy { !$0.isFinished } && forced.refusals.isEmpty)
  }

  @Test("a list cannot lead boxes out of the output folder")
  func names() throws {
    let folder = try TemporaryFolder()
    var list = try particles("TS_01", in: folder, seed: 1)
    list.tomograms[0].name = ".."
    try CoordinateFile.write(list, to: folder.path("picks.star"), format: .ais)
    #expect(throws: AisError.self) { try extraction(in: folder, ["TS_01"]) }
    #expect(!folder.names.contains("particles.star"))
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
