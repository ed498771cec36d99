import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("IMOD models")
struct IMODModelTests {
  private func model() -> IMODModel {
    var model = IMODModel(name: "test", size: Shape(z: 30, y: 40, x: 50), pixelSize: 1.2, units: -9)
    model.objects = [
      .init(
        name: "points", flags: IMODFlags.open | IMODFlags.scattered, pointRadius: 4,
        contours: [.init(points: [.init(x: 1.5, y: 2.5, z: 3), .init(x: 10, y: 20, z: 29)], sizes: [7, -1])]),
      .init(
        name: "lines", flags: IMODFlags.open,
        contours: [.init(points: [.init(x: 5, y: 6, z: 7), .init(x: 8, y: 9, z: 10)])]),
      .init(name: "empty"),
    ]
    model.slicerAngles = [.init(x: 10, y: -20, z: 30, centre: .init(x: 1.5, y: 2.5, z: 3), label: "here")]
    model.reference = .init(
      scale: .init(x: 12, y: 12, z: 12), loadedOrigin: .init(x: 0, y: 0, z: 0), imageOrigin: .init(x: 0, y: 0, z: 0))
    return model
  }

  @Test("what is written is read back")
  func roundTrip() throws {
    #expect(try IMODModel(parsing: model().encoded(), name: "m") == model())
  }

  @Test("the centre of the first voxel is at a half, a half and zero")
  func voxelCentres() {
    let frame = IMODFrame(model())
    #expect(frame.voxel(.init(x: 0.5, y: 0.5, z: 0)) == VoxelPoint(z: 0, y: 0, x: 0))
    #expect(frame.point(VoxelPoint(z: 3, y: 2, x: 1)) == .init(x: 1.5, y: 2.5, z: 3))
  }

  @Test("a model of a part of the image is moved to the whole")
  func partOfImage() {
    var part = model()
    part.flags |= IMODFlags.imageOrigin
    // 3dmod's sign: a part that begins 10 pixels into the image has a loaded origin 10 pixels lower.
    part.reference?.loadedOrigin = .init(x: -120, y: -240, z: 0)
    let frame = IMODFrame(part)
    #expect(frame.isPart)
    #expect(frame.offsetText == "x + 10, y + 20, z + 0")
    #expect(frame.voxel(.init(x: 0.5, y: 0.5, z: 0)) == VoxelPoint(z: 0, y: 20, x: 10))
    // Without the flag the origin means nothing.
    part.flags &= ~IMODFlags.imageOrigin
    #expect(!IMODFrame(part).isPart)
  }

  @Test("exchanged y and z are put in order, with their half pixel")
  func exchanged() {
    var flipped = model()
    flipped.flags |= IMODFlags.exchangesYZ
    let frame = IMODFrame(flipped)
    #expect(frame.voxel(.init(x: 0.5, y: 7.5, z: 9)) == VoxelPoint(z: 7, y: 9, x: 0))
    #expect(frame.voxel(frame.point(VoxelPoint(z: 1, y: 2, x: 3))) == VoxelPoint(z: 1, y: 2, x: 3))
    #expect(frame.shape(Shape(z: 40, y: 30, x: 50)) == Shape(z: 30, y: 40, x: 50))
  }

  @Test("points, lines, sizes and slicer angles become particles and return")
  func particles() throws {
    let (list, warnings) = model().particles(of: TomogramFrame(name: "T"))
    #expect(warnings.isEmpty)
    #expect(list.tomograms[0].shape == Shape(z: 30, y: 40, x: 50))
    #expect(abs((list.tomograms[0].voxelSize?.x.angstrom ?? 0) - 12) < 1e-5)
    #expect(list.particles.map(\.group) == [nil, nil, 0, 0])
    #expect(list.particles.map { $0.extra[2] } == ["7", "4", "0", "0"])
    #expect(list.particles[0].angles != nil && list.particles[1].angles == nil)
    let again = IMODModel(particles: list, frame: list.tomograms[0], radius: 4)
    let (back, _) = again.particles(of: TomogramFrame(name: "T"))
    #expect(back.particles.map(\.point) == list.particles.map(\.point))
    #expect(back.particles.map(\.group) == list.particles.map(\.group))
    #expect(again.objects.map { $0.contours.count } == [1, 1])
    let (a, b) = (try #require(back.particles[0].angles), try #require(list.particles[0].angles))
    #expect(abs(a.rot - b.rot) < 1e-3 && abs(a.tilt - b.tilt) < 1e-3 && abs(a.psi - b.psi) < 1e-3)
  }

  @Test("slicer angles turn the volume about z, then y, then x", arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func slicerAngles(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let angles = IMODModel.SlicerAngles(
      x: .random(in: -90...90, using: &random), y: .random(in: -80...80, using: &random),
      z: .random(in: -180...180, using: &random), centre: .init(x: 0, y: 0, z: 0))
    let euler = EulerAngles(slicer: angles)
    let back = euler.slicer(centre: .init(x: 0, y: 0, z: 0))
    #expect(abs(back.x - angles.x) < 1e-3 && abs(back.y - angles.y) < 1e-3 && abs(back.z - angles.z) < 1e-3)
    // The slice's normal, turned back into the volume step by step.
    let normal = RotationMatrix(about: .x, degrees: -Double(angles.x)).rotated((x: 0, y: 0, z: 1))
    let second = RotationMatrix(about: .y, degrees: -Double(angles.y)).rotated(normal)
    let third = RotationMatrix(about: .z, degrees: -Double(angles.z)).rotated(second)
    #expect(
      abs(third.x - euler.zAxis.x) < 1e-5 && abs(third.y - euler.zAxis.y) < 1e-5 && abs(third.z - euler.zAxis.z) < 1e-5)
  }

  @Test("every file cut short is refused by name")
  func truncated() {
    let bytes = model().encoded()
    for count in 0..<bytes.count {
      let error = #expect(throws: AisError.self) { try IMODModel(parsing: Array(bytes[..<count]), name: "cut.mod") }
      #expect(error?.message.contains("'cut.mod'") == true)
    }
  }

  @Test("a changed byte gives a model or an error, never a crash")
  func damaged() {
    let bytes = model().encoded()
    var random = SeededGenerator(seed: 4)
    for position in 0..<bytes.count {
      var hurt = bytes
      hurt[position] = UInt8.random(in: 0...255, using: &random)
      _ = try? IMODModel(parsing: hurt, name: "m").particles(of: TomogramFrame(name: "T"))
    }
  }

  @Test("numbers of points and sizes beyond the file's end are refused before they are believed")
  func giantCounts() {
    var bytes = model().encoded()
    guard let contour = (0..<bytes.count).first(where: { bytes[$0...].starts(with: "CONT".utf8) }) else { return }
    bytes.replaceSubrange(contour + 4..<contour + 8, with: [0x7F, 0xFF, 0xFF, 0xFF])
    let error = #expect(throws: AisError.self) { try IMODModel(parsing: bytes, name: "m.mod") }
    #expect(
      error?.message
        == "'m.mod' is truncated: a contour of 2147483647 points was expected at byte \(contour + 20), the file has \(bytes.count). Copy the file again."
    )
  }

  @Test("a size that no image has is not believed")
  func giantSize() {
    var giant = model()
    giant.size = Shape(z: Int(Int32.max), y: Int(Int32.max), x: Int(Int32.max))
    #expect(giant.particles(of: TomogramFrame(name: "T")).list.tomograms[0].shape == nil)
  }

  @Test("other files are refused with what they are")
  func others() {
    let text = #expect(throws: AisError.self) { try IMODModel(parsing: Array("imod 1\n".utf8), name: "a.mod") }
    #expect(text?.message.contains("text form") == true)
    let star = #expect(throws: AisError.self) { try CoordinateFile.read(Array("hello".utf8), path: "a.mod") }
    #expect(
      star?.message == "'a.mod' is not an IMOD model: expected 'IMODV1.2' as its first bytes, found something else.")
  }
}
