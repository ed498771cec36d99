import AisCore
import AisFormats
import AisImaging
import AisTestSupport
import AisWorkflows
import Foundation
import Testing

/// A list of 200 points, one way to spoil it, and what the doctor must call that.
private struct PlantedFault: CustomTestStringConvertible, Sendable {
  var name: String
  var codes: Set<CoordinateFinding.Code>
  var spoil: @Sendable (VoxelPoint, Shape, VoxelSize) -> VoxelPoint

  var testDescription: String { name }

  static let all: [PlantedFault] = [
    .init(name: "x and y exchanged", codes: [.swappedAxes]) { p, _, _ in VoxelPoint(z: p.z, y: p.x, x: p.y) },
    .init(name: "x and z exchanged", codes: [.swappedAxes]) { p, _, _ in VoxelPoint(z: p.x, y: p.y, x: p.z) },
    .init(name: "y mirrored", codes: [.mirrored]) { p, n, _ in VoxelPoint(z: p.z, y: Double(n.y - 1) - p.y, x: p.x) },
    .init(name: "z mirrored", codes: [.mirrored]) { p, n, _ in VoxelPoint(z: Double(n.z - 1) - p.z, y: p.y, x: p.x) },
    .init(name: "multiplied by the binning", codes: [.scaled]) { p, _, _ in p.unbinned(by: 4) },
    .init(name: "divided by the binning", codes: [.scaled]) { p, _, _ in p.binned(by: 2) },
    .init(name: "one voxel off", codes: [.countedFromOne]) { p, _, _ in VoxelPoint(z: p.z + 1, y: p.y + 1, x: p.x + 1)
    },
    .init(name: "ångström taken as voxels", codes: [.angstrom]) { p, _, s in
      VoxelPoint(z: p.z * s.z.angstrom, y: p.y * s.y.angstrom, x: p.x * s.x.angstrom)
    },
    .init(name: "counted from the middle", codes: [.centred]) { p, n, _ in
      VoxelPoint(z: p.z - Double(n.z) / 2, y: p.y - Double(n.y) / 2, x: p.x - Double(n.x) / 2)
    },
    .init(name: "corners of boxes", codes: [.shifted]) { p, _, _ in VoxelPoint(z: p.z - 16, y: p.y - 16, x: p.x - 16) },
  ]
}

/// Balls in a volume, and a list of where they are as a careful picker would make it.
private struct Specimen: Sendable {
  let shape: Shape
  let voxelSize = VoxelSize(.angstroms(13.48))
  var centres: [VoxelPoint] = []
  var random: SeededGenerator

  init(seed: UInt64, shape: Shape = Shape(z: 90, y: 220, x: 180), count: Int = 200) {
    self.shape = shape
    random = SeededGenerator(seed: seed)
    let grid = 12.0
    while centres.count < count {
      let p = VoxelPoint(
        z: .random(in: 6..<Double(shape.z) - 7, using: &random),
        y: .random(in: 6..<Double(shape.y) - 7, using: &random),
        x: .random(in: 6..<Double(shape.x) - 7, using: &random))
      if centres.allSatisfy({ hypot(hypot($0.z - p.z, $0.y - p.y), $0.x - p.x) > grid }) { centres.append(p) }
    }
  }

  /// The centres with a picker's scatter, `part` of them.
  mutating func picks(scatter: Double = 0.5, part: Double = 1) -> [VoxelPoint] {
    var result: [VoxelPoint] = []
    for centre in centres where Double.random(in: 0..<1, using: &random) < part {
      result.append(
        VoxelPoint(
          z: centre.z + .random(in: -scatter...scatter, using: &random),
          y: centre.y + .random(in: -scatter...scatter, using: &random),
          x: centre.x + .random(in: -scatter...scatter, using: &random)))
    }
    return result
  }

  /// Soft balls of radius 4; `noise` is the standard deviation of a normal distribution added to them.
  mutating func volume(height: Float, noise: Float) -> Volume<Float> {
    var volume = Volume<Float>(shape: shape, repeating: 0)
    for c in centres {
      for z in max(0, Int(c.z) - 6)...min(shape.z - 1, Int(c.z) + 7) {
        for y in max(0, Int(c.y) - 6)...min(shape.y - 1, Int(c.y) + 7) {
          for x in max(0, Int(c.x) - 6)...min(shape.x - 1, Int(c.x) + 7) {
            let r = (pow(Double(z) - c.z, 2) + pow(Double(y) - c.y, 2) + pow(Double(x) - c.x, 2)).squareRoot()
            volume[z: z, y: y, x: x] += height * Float(max(0, min(1, 4.5 - r)))
          }
        }
      }
    }
    if noise > 0 {
      for i in volume.voxels.indices {
        // Four 16-bit uniform numbers, summed and brought to a deviation of 1: near enough to normal.
        let bits = random.next()
        let sum = Float(bits & 0xFFFF) + Float(bits >> 16 & 0xFFFF) + Float(bits >> 32 & 0xFFFF) + Float(bits >> 48)
        volume.voxels[i] += noise * (sum / 65536 - 2) * 1.732
      }
    }
    return volume
  }
}

/// One specimen and its tomogram for all faults: making noise takes longer than looking at it.
private let noisy: (specimen: Specimen, tomogram: VolumeSource) = {
  var specimen = Specimen(seed: 11)
  let volume = specimen.volume(height: -1, noise: 1.5)
  return (specimen, VolumeSource(volume, voxelSize: specimen.voxelSize))
}()

@Suite("The doctor of coordinates")
struct CoordinateDoctorTests {
  @Test("names every planted fault when given another list", arguments: PlantedFault.all, [1, 2, 3] as [UInt64])
  fileprivate func namesFaultsAgainstList(_ fault: PlantedFault, seed: UInt64) throws {
    var specimen = Specimen(seed: seed)
    let other = specimen.picks(scatter: 0.5, part: 0.8)
    let list = specimen.picks().map { fault.spoil($0, specimen.shape, specimen.voxelSize) }
    var doctor = CoordinateDoctor(shape: specimen.shape, voxelSize: specimen.voxelSize)
    doctor.compare(with: other, named: "the other list")
    let diagnosis = try doctor.diagnose(list, tomogram: "T")
    let codes = Set(diagnosis.faults.map(\.code))
    #expect(!codes.isDisjoint(with: fault.codes), "\(diagnosis.findings)")
    #expect(diagnosis.agreementAfterRepair ?? 0 > 0.7, "\(diagnosis)")
  }

  @Test("names half a voxel when given another list", arguments: [0.5, -0.5])
  func namesHalfVoxel(_ shift: Double) throws {
    var specimen = Specimen(seed: 5)
    let other = specimen.picks(scatter: 0.4)
    let list = specimen.picks(scatter: 0.4).map { $0 + VoxelPoint(z: shift, y: shift, x: shift) }
    var doctor = CoordinateDoctor(shape: specimen.shape, voxelSize: specimen.voxelSize)
    doctor.compare(with: other, named: "the other list")
    let diagnosis = try doctor.diagnose(list, tomogram: "T")
    #expect(diagnosis.faults.map(\.code) == [.halfVoxel], "\(diagnosis.findings)")
  }

  @Test("says that a list belongs to another tomogram")
  func namesWrongTomogram() throws {
    var specimen = Specimen(seed: 6)
    var stranger = Specimen(seed: 7)
    var doctor = CoordinateDoctor(shape: specimen.shape, voxelSize: specimen.voxelSize)
    doctor.compare(with: specimen.picks(), named: "the other list")
    #expect(try doctor.diagnose(stranger.picks(), tomogram: "T").faults.map(\.code) == [.wrongTomogram])
  }

  @Test("raises no false alarm on clean lists", arguments: Array(10..<40) as [UInt64])
  func keepsQuiet(_ seed: UInt64) throws {
    var specimen = Specimen(seed: seed)
    var doctor = CoordinateDoctor(shape: specimen.shape, voxelSize: specimen.voxelSize)
    doctor.compare(with: specimen.picks(part: seed.isMultiple(of: 2) ? 0.9 : 0.4), named: "the other list")
    let diagnosis = try doctor.diagnose(specimen.picks(), tomogram: "T")
    #expect(diagnosis.faults.isEmpty, "\(diagnosis.findings)")
    #expect(diagnosis.repairOptions == nil)
  }

  @Test("names every planted fault when given the tomogram", arguments: PlantedFault.all)
  fileprivate func namesFaultsAgainstTomogram(_ fault: PlantedFault) throws {
    var (specimen, tomogram) = noisy
    let list = specimen.picks().map { fault.spoil($0, specimen.shape, specimen.voxelSize) }
    var doctor = CoordinateDoctor(shape: specimen.shape, voxelSize: specimen.voxelSize)
    doctor.compare(with: tomogram, named: "the tomogram")
    let diagnosis = try doctor.diagnose(list, tomogram: "T")
    #expect(!Set(diagnosis.faults.map(\.code)).isDisjoint(with: fault.codes), "\(diagnosis.findings)")
  }

  @Test(
    "raises no false alarm on clean lists in a tomogram, and none of a stranger's",
    arguments: [21, 22, 23, 24] as [UInt64])
  func judgesAgainstTomogram(_ seed: UInt64) throws {
    var specimen = Specimen(seed: seed)
    var stranger = Specimen(seed: seed + 100)
    let tomogram = VolumeSource(specimen.volume(height: 1, noise: 1.5), voxelSize: specimen.voxelSize)
    var doctor = CoordinateDoctor(shape: specimen.shape, voxelSize: specimen.voxelSize)
    doctor.compare(with: tomogram, named: "the tomogram")
    let diagnosis = try doctor.diagnose(specimen.picks(), tomogram: "T")
    #expect(diagnosis.faults.isEmpty, "\(diagnosis.findings)")
    #expect(try doctor.diagnose(stranger.picks(), tomogram: "T").faults.map(\.code) == [.wrongTomogram])
  }

  @Test("names every planted fault when given a segmentation", arguments: PlantedFault.all)
  fileprivate func namesFaultsAgainstSegmentation(_ fault: PlantedFault) throws {
    var specimen = Specimen(seed: 12)
    let folder = try TemporaryFolder()
    try write(specimen.volume(height: 255, noise: 0), specimen.voxelSize, to: folder.path("T__Ball.mrc"))
    let list = specimen.picks().map { fault.spoil($0, specimen.shape, specimen.voxelSize) }
    var doctor = CoordinateDoctor(shape: specimen.shape, voxelSize: specimen.voxelSize)
    try doctor.compare(withSegmentation: folder.path("T__Ball.mrc"))
    let diagnosis = try doctor.diagnose(list, tomogram: "T")
    #expect(!Set(diagnosis.faults.map(\.code)).isDisjoint(with: fault.codes), "\(diagnosis.findings)")
    let clean = try doctor.diagnose(specimen.picks(), tomogram: "T")
    #expect(clean.faults.isEmpty, "\(clean.findings)")
  }

  private func write(_ volume: Volume<Float>, _ voxelSize: VoxelSize, to path: String) throws {
    let writer = try MRCWriter(
      path: path, output: MRCOutput(shape: volume.shape, elementType: .uint16, voxelSize: voxelSize))
    for z in 0..<volume.shape.z {
      try Array(volume.slice(z)).withUnsafeBufferPointer { try writer.writeSlice(z, $0) }
    }
    try writer.finish()
  }
}
