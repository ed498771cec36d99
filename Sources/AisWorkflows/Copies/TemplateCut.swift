import AisCore
import AisFormats

/// A cube cut out of a tomogram, as a template for matching.
package struct TemplateCut: Sendable {
  package static let sizes = 4...256

  package var path: String
  /// The voxel that becomes number size / 2 along each axis of the cube.
  package var centre: VoxelIndex
  /// Edge in voxels.
  package var size: Int

  package init(from path: String, centre: VoxelIndex, size: Int) {
    self.path = path
    self.centre = centre
    self.size = size
  }

  /// `TS_01_template_120_340_512.mrc`: centre x, y, z.
  package var name: String { "\(OutputName.stem(of: path))_template_\(centre.x)_\(centre.y)_\(centre.z).mrc" }

  /// Writes the cube as float32 with voxel size, origin and place in the tomogram; voxels outside of the tomogram get the mean of
  /// those inside, and `NAME.mrc.json` beside it (`ais.template/1`). What is there already is not replaced.
  package func write(to output: String, cancellation: Cancellation? = nil) throws(AisError) {
    guard Self.sizes.contains(size) else {
      throw AisError(.usage, "a template has edges of 4 to 256 voxels, not \(size).")
    }
    let tomogram = try Tomogram.open(path)
    guard VoxelBox(tomogram.shape).contains(centre) else {
      throw AisError(
        .usage, "voxel x \(centre.x), y \(centre.y), z \(centre.z) is not in '\(path)', which has \(tomogram.shape).")
    }
    try TomogramCopy.refuseExisting(output)
    var boxes = ParticleBoxes(size: size)
    boxes.edge = .mean
    boxes.normalisation = .none
    let first = boxes.origin(of: VoxelPoint(centre))
    let info = tomogram.info
    var result = MRCOutput(
      shape: Shape(z: size, y: size, x: size), elementType: .float32, voxelSize: tomogram.voxelSize,
      labels: try TomogramCopy.labels(
        "cube of \(size) voxels around x \(centre.x), y \(centre.y), z \(centre.z)", of: path))
    result.start = VoxelIndex(z: info.start.z + first.z, y: info.start.y + first.y, x: info.start.x + first.x)
    if let voxel = tomogram.voxelSize {
      result.origin = .init(
        z: info.origin.z + Double(first.z) * voxel.z.angstrom, y: info.origin.y + Double(first.y) * voxel.y.angstrom,
        x: info.origin.x + Double(first.x) * voxel.x.angstrom)
    }
    let record = try WorkRecord(
      schema: "ais.template/1", settings: Settings(centreXYZ: [centre.x, centre.y, centre.z], size: size),
      inputs: [path])
    let cube = try cube(tomogram, boxes, first, cancellation)
    let writer = try MRCWriter(path: output, output: result)
    for z in 0..<size {
      var failure: AisError?
      Array(cube.slice(z)).withUnsafeBufferPointer { slice in
        do throws(AisError) { try writer.writeSlice(z, slice) } catch { failure = error }
      }
      if let failure {
        writer.abandon()
        throw failure
      }
    }
    try writer.finish()
    try record.write(beside: output)
  }

  private struct Settings: Encodable {
    var centreXYZ: [Int]
    var size: Int
  }

  /// What of the cube lies in the tomogram, and the mean of that elsewhere.
  private func cube(
    _ tomogram: Tomogram, _ boxes: ParticleBoxes, _ first: VoxelIndex, _ cancellation: Cancellation?
  ) throws(AisError) -> Volume<Float> {
    let whole = VoxelBox(
      z: first.z..<first.z + size, y: first.y..<first.y + size, x: first.x..<first.x + size)
    let inside = whole.intersection(VoxelBox(tomogram.shape))
    var values = [Float](repeating: 0, count: inside.shape.count)
    var failure: AisError?
    values.withUnsafeMutableBufferPointer { buffer in
      do throws(AisError) { try tomogram.read(inside, into: buffer, cancellation: cancellation) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    var cube = Volume<Float>(shape: whole.shape, repeating: .nan)
    var next = 0
    for z in inside.z {
      for y in inside.y {
        for x in inside.x {
          cube[z: z - first.z, y: y - first.y, x: x - first.x] = values[next]
          next += 1
        }
      }
    }
    boxes.finish(&cube, origin: first, shape: tomogram.shape)
    return cube
  }
}
