import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("MRC round trips")
struct MRCRoundTripTests {
  static let types: [ElementType] = [.int8, .uint8, .int16, .uint16, .float16, .float32]
  static let shapes = [
    Shape(z: 1, y: 1, x: 1), Shape(z: 3, y: 5, x: 7), Shape(z: 1, y: 64, x: 33), Shape(z: 17, y: 1, x: 2),
    Shape(z: 4, y: 16, x: 16),
  ]

  @Test("what is written is read back bit for bit", arguments: types, shapes)
  func roundTrip(type: ElementType, shape: Shape) throws {
    let folder = try TemporaryFolder()
    let volume = randomVolume(shape, type, seed: UInt64(shape.count))
    let path = folder.path("volume.mrc")
    let output = MRCOutput(
      shape: shape, elementType: type, voxelSize: VoxelSize(z: .angstroms(12), y: .angstroms(11), x: .angstroms(10)),
      origin: .init(z: 3, y: -2, x: 1), start: VoxelIndex(z: -4, y: 5, x: 6), labels: ["first", "second"])
    let writer = try MRCWriter(path: path, output: output)
    // Slices in an odd order.
    for z in (0..<shape.z).reversed() {
      try Array(volume.slice(z)).withUnsafeBufferPointer { (slice) throws(AisError) in try writer.writeSlice(z, slice) }
    }
    #expect(!FileManager.default.fileExists(atPath: path))
    try writer.finish()

    var options = TomogramOptions()
    if shape.count == 1 { options.byteSign = type == .uint8 ? .unsigned : .signed }
    let tomogram = try Tomogram.open(path, options: options)
    #expect(tomogram.shape == shape)
    #expect(tomogram.info.elementType == type)
    #expect(tomogram.info.labels == ["first", "second"])
    #expect(tomogram.info.origin == .init(z: 3, y: -2, x: 1))
    #expect(tomogram.info.start == VoxelIndex(z: -4, y: 5, x: 6))
    #expect(abs((tomogram.voxelSize?.y.angstrom ?? 0) - 11) < 1e-5)
    for z in 0..<shape.z { #expect(try tomogram.slice(z) == Array(volume.slice(z))) }
    #expect(folder.names == ["volume.mrc"])
  }

  /// Values that the type holds exactly.
  private func randomVolume(_ shape: Shape, _ type: ElementType, seed: UInt64) -> Volume<Float> {
    var random = SeededGenerator(seed: seed)
    let range = type.range ?? -1000...1000
    return Volume(
      shape: shape,
      voxels: (0..<shape.count).map { _ in
        let value = Float.random(in: range, using: &random)
        return type.isInteger ? value.rounded(.towardZero) : type == .float16 ? Float(Float16(value)) : value
      })
  }
}
