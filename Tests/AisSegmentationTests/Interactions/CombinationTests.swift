import AisCore
import AisSegmentation
import Testing

@Suite("Interactions and competition")
struct CombinationTests {
  private static let cubic = VoxelSize(.angstroms(10))
  private static let flat = VoxelSize(z: .angstroms(27.3), y: .angstroms(10), x: .angstroms(10))
  private static let oblong = VoxelSize(z: .angstroms(8), y: .angstroms(13.7), x: .angstroms(10.1))

  @Test(
    "they are what their definition says, over seeded shapes, voxels and radii",
    arguments: Combination.Dimension.allCases, [0.0, 4, 10, 14.2, 33, 70, 1e6])
  func definition(dimension: Combination.Dimension, radius: Double) throws {
    var generator = SeededGenerator(seed: UInt64(radius) * 7 + UInt64(dimension.rawValue))
    for (index, size) in [Self.cubic, Self.flat, Self.oblong].enumerated() {
      for shape in [
        Shape(z: 9, y: 14, x: 11), Shape(z: 1, y: 9, x: 13), Shape(z: 12, y: 1, x: 7), Shape(z: 6, y: 8, x: 1),
        Shape(z: 1, y: 1, x: 1),
      ] {
        let density = [0.002, 0.02, 0.3][index]
        let volumes = (0..<3).map { _ in sparseProbabilities(shape, density: density, using: &generator) }
        var combination = Combination(
          members: [.init(emits: true), .init(emits: true, absorbs: true), .init(absorbs: true)],
          interactions: [
            .init(child: 0, parent: 1, kind: .avoid, radius: .angstroms(radius), threshold: 0.5),
            .init(child: 2, parent: 0, kind: .colocalize, radius: .angstroms(radius / 2), threshold: 0.4),
            .init(child: 1, parent: 2, kind: .avoid, radius: .angstroms(radius), threshold: 0.7),
          ])
        combination.dimension = dimension
        let ours = try combination.combined(volumes, voxelSize: size).results
        let naive = NaiveCombination.combined(volumes, combination, voxelSize: size)
        for k in 0..<3 { #expect(ours[k].voxels == naive[k].voxels, "model \(k) of \(shape), \(size)") }
      }
    }
  }

  @Test("a radius is inclusive", arguments: [(50.0, 5), (49.9, 4), (50.0001, 5), (9.9, 0), (10, 1), (0, 0)])
  func inclusive(radius: Double, reach: Int) throws {
    for dimension in Combination.Dimension.allCases {
      let shape = Shape(z: 13, y: 13, x: 13)
      var parent = Volume<Float>(shape: shape, repeating: 0)
      parent[z: 6, y: 6, x: 6] = 1
      let child = Volume<Float>(shape: shape, repeating: 0.8)
      let kept = try near(child, parent, radius, dimension)
      for distance in 0..<7 {
        let isWithin: Float = distance <= reach ? 0.8 : 0
        #expect(kept[z: 6, y: 6, x: 6 + distance] == isWithin)
        #expect(kept[z: 6, y: 6 - distance, x: 6] == isWithin)
        #expect(kept[z: 6 + distance, y: 6, x: 6] == (dimension == .three || distance == 0 ? isWithin : 0))
      }
    }
  }

  @Test("a radius of ten voxels reaches the tenth, though the voxel size was stored with 32 bits")
  func storedVoxelSize() throws {
    let size = VoxelSize(.angstroms(Double(Float(1.35))))
    let shape = Shape(z: 1, y: 1, x: 21)
    var parent = Volume<Float>(shape: shape, repeating: 0)
    parent[z: 0, y: 0, x: 0] = 1
    let combination = Combination(
      members: [.init(), .init()],
      interactions: [.init(child: 1, parent: 0, kind: .colocalize, radius: .angstroms(13.5), threshold: 0.5)])
    let kept = try combination.combined([parent, Volume(shape: shape, repeating: 1)], voxelSize: size).results[1]
    #expect(kept.voxels.count { $0 > 0 } == 11)
  }

  @Test("what is near and what is away make the whole")
  func complement() throws {
    var generator = SeededGenerator(seed: 3)
    let shape = Shape(z: 7, y: 20, x: 20)
    let parent = sparseProbabilities(shape, density: 0.01, using: &generator)
    let child = sparseProbabilities(shape, density: 0.5, using: &generator)
    for dimension in Combination.Dimension.allCases {
      let near = try near(child, parent, 42, dimension)
      let away = try self.near(child, parent, 42, dimension, kind: .avoid)
      #expect(zip(near.voxels, away.voxels).map { $0 + $1 } == child.voxels)
    }
  }

  @Test("an exact tie survives, and a model that emits and absorbs does not beat itself")
  func ties() throws {
    let shape = Shape(z: 1, y: 1, x: 4)
    let a = Volume<Float>(shape: shape, voxels: [0.5, 0.2, 0.9, 0])
    let b = Volume<Float>(shape: shape, voxels: [0.5, 0.3, 0.8, 0])
    let combination = Combination(members: [.init(emits: true, absorbs: true), .init(emits: true, absorbs: true)])
    let results = try combination.combined([a, b], voxelSize: nil).results
    #expect(results[0].voxels == [0.5, 0, 0.9, 0])
    #expect(results[1].voxels == [0.5, 0.3, 0, 0])
  }

  @Test("competition needs one that emits and one that absorbs")
  func halfACompetition() throws {
    let shape = Shape(z: 1, y: 1, x: 2)
    let a = Volume<Float>(shape: shape, voxels: [0.1, 0.9])
    let b = Volume<Float>(shape: shape, voxels: [0.9, 0.1])
    for members: [Combination.Member] in [
      [.init(emits: true), .init()], [.init(absorbs: true), .init(absorbs: true)],
    ] {
      let results = try Combination(members: members).combined([a, b], voxelSize: nil).results
      #expect(results[0].voxels == a.voxels && results[1].voxels == b.voxels)
    }
  }

  @Test("interactions see what those before them left: their order matters")
  func order() throws {
    let shape = Shape(z: 1, y: 1, x: 3)
    let a = Volume<Float>(shape: shape, voxels: [1, 0, 0])
    let b = Volume<Float>(shape: shape, voxels: [1, 1, 0])
    let c = Volume<Float>(shape: shape, voxels: [1, 1, 1])
    let clearsB = Interaction(child: 1, parent: 0, kind: .colocalize, radius: .angstroms(0), threshold: 0.5)
    let clearsC = Interaction(child: 2, parent: 1, kind: .colocalize, radius: .angstroms(0), threshold: 0.5)
    let members = [Combination.Member](repeating: .init(), count: 3)
    let first = try Combination(members: members, interactions: [clearsB, clearsC]).combined([a, b, c], voxelSize: nil)
    #expect(first.results[2].voxels == [1, 0, 0])
    let second = try Combination(members: members, interactions: [clearsC, clearsB]).combined(
      [a, b, c], voxelSize: nil)
    #expect(second.results[2].voxels == [1, 1, 0])
  }

  @Test("labels name the most probable model that is above its threshold; of equal ones the first")
  func labels() throws {
    let shape = Shape(z: 1, y: 1, x: 5)
    let a = Volume<Float>(shape: shape, voxels: [0.6, 0.6, 0.2, 0.9, 0.7])
    let b = Volume<Float>(shape: shape, voxels: [0.7, 0.4, 0.4, 0.9, 0.6])
    let combination = Combination(members: [.init(threshold: 0.5), .init(threshold: 0.5)])
    #expect(try combination.combined([a, b], voxelSize: nil).labels.voxels == [2, 1, 0, 1, 1])
  }

  @Test("the same decision at 10 and at 14 Å per voxel, but for voxels at its border")
  func pixelSizes() throws {
    // The parent is a ball of 60 Å in the middle of 560 Å; what lies within 95 Å of it is decided at both samplings.
    let middle = 280.0
    func decide(_ edge: Double, _ dimension: Combination.Dimension) throws -> Volume<Float> {
      let count = Int(560 / edge)
      let shape = Shape(z: count, y: count, x: count)
      func offset(_ i: Int) -> Double { (Double(i) + 0.5) * edge - middle }
      var parent = Volume<Float>(shape: shape, repeating: 0)
      for z in 0..<count {
        for y in 0..<count {
          for x in 0..<count {
            let (dz, dy, dx) = (offset(z), offset(y), offset(x))
            if dz * dz + dy * dy + dx * dx <= 3600 { parent[z: z, y: y, x: x] = 1 }
          }
        }
      }
      return try near(
        Volume(shape: shape, repeating: 1), parent, 95, dimension, voxelSize: VoxelSize(.angstroms(edge)))
    }
    for dimension in Combination.Dimension.allCases {
      let (fine, coarse) = (try decide(10, dimension), try decide(14, dimension))
      var borders = 0
      for z in 0..<56 {
        for y in 0..<56 {
          for x in 0..<56 {
            func index(_ i: Int) -> Int { Int((Double(i) + 0.5) * 10 / 14) }
            let agrees = fine[z: z, y: y, x: x] == coarse[z: index(z), y: index(y), x: index(x)]
            if agrees { continue }
            borders += 1
            // Some voxel at most one coarse voxel away is decided as in the coarse volume.
            let wanted = coarse[z: index(z), y: index(y), x: index(x)]
            var isNear = false
            for dz in -1...1 {
              for dy in -1...1 {
                for dx in -1...1 {
                  let (a, b, c) = (min(max(z + dz, 0), 55), min(max(y + dy, 0), 55), min(max(x + dx, 0), 55))
                  if fine[z: a, y: b, x: c] == wanted { isNear = true }
                }
              }
            }
            #expect(isNear, "(\(z), \(y), \(x)) is decided otherwise, and so is everything around it")
          }
        }
      }
      #expect(borders > 0)
    }
  }

  @Test("what makes no sense is refused")
  func refusals() throws {
    let volume = Volume<Float>(shape: Shape(z: 1, y: 2, x: 2), repeating: 0)
    var combination = Combination(
      members: [.init(), .init()],
      interactions: [.init(child: 1, parent: 0, kind: .avoid, radius: .angstroms(10), threshold: 0.5)])
    let unknown = #expect(throws: AisError.self) { try combination.combined([volume, volume], voxelSize: nil) }
    #expect(unknown?.code == .needsDecision && unknown?.message.contains("--voxel-size") == true)
    combination.rounding = .reference
    combination.dimension = .three
    #expect(throws: AisError.self) { try combination.combined([volume, volume], voxelSize: Self.cubic) }
    combination = Combination(
      members: [.init(), .init()],
      interactions: [.init(child: 1, parent: 0, kind: .avoid, radius: .angstroms(-1), threshold: 0.5)])
    #expect(throws: AisError.self) { try combination.combined([volume, volume], voxelSize: Self.cubic) }
    combination.interactions[0].radius = .angstroms(1)
    combination.interactions[0].threshold = .nan
    #expect(throws: AisError.self) { try combination.combined([volume, volume], voxelSize: Self.cubic) }
  }

  private func near(
    _ child: Volume<Float>, _ parent: Volume<Float>, _ radius: Double, _ dimension: Combination.Dimension,
    kind: Interaction.Kind = .colocalize, voxelSize: VoxelSize = CombinationTests.cubic
  ) throws -> Volume<Float> {
    var combination = Combination(
      members: [.init(), .init()],
      interactions: [.init(child: 1, parent: 0, kind: kind, radius: .angstroms(radius), threshold: 0.5)])
    combination.dimension = dimension
    return try combination.combined([parent, child], voxelSize: voxelSize).results[1]
  }
}
