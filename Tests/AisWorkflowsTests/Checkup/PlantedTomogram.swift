import AisCore
import AisFormats
import AisImaging
import AisTestSupport
import AisWorkflows
import Foundation

/// A healthy tomogram in memory, of which faulty copies are written.
struct PlantedTomogram {
  /// The faults that the check-up must find.
  enum Fault: String, CaseIterable {
    case inverted
    /// As IMOD's `tilt` leaves it: what `trimvol -rx` (a turn by −90° about x) puts right.
    case unrotated = "XZ (unrotated)"
    /// y and z exchanged.
    case exchanged = "XZ (exchanged)"
    case mirrored
    case bytesReinterpreted = "bytes reinterpreted"
    case voxelSizeZero = "voxel size 0"
    case voxelSizeOne = "voxel size 1.0"
    case voxelSizeTenfold = "voxel size × 10"
    case truncated = "cut to 70 %"

    var subject: Judgement.Subject {
      switch self {
      case .inverted: .contrast
      case .unrotated, .exchanged: .orientation
      case .mirrored: .mirror
      case .bytesReinterpreted: .byteSign
      case .voxelSizeZero, .voxelSizeOne, .voxelSizeTenfold: .voxelSize
      case .truncated: .length
      }
    }

    /// The codes that name it rightly.
    var codes: Set<String> {
      switch self {
      case .inverted: ["contrast-bright"]
      case .unrotated, .exchanged: ["orientation-xz"]
      case .mirrored: ["mirror-unseen"]
      case .bytesReinterpreted: ["byte-sign-wrong"]
      case .voxelSizeZero: ["voxel-size-unknown"]
      case .voxelSizeOne: ["voxel-size-one"]
      case .voxelSizeTenfold: ["voxel-size-implausible", "voxel-size-contradicts-folder"]
      case .truncated: ["truncated"]
      }
    }
  }

  var name: String
  var volume: Volume<Float>
  var elementType: ElementType
  var voxelSize: VoxelSize?

  init(name: String, volume: Volume<Float>, elementType: ElementType, voxelSize: VoxelSize?) {
    self.name = name
    self.volume = volume
    self.elementType = elementType
    self.voxelSize = voxelSize
  }

  init(name: String, path: String) throws {
    let tomogram = try Tomogram.open(path)
    var voxels: [Float] = []
    for z in 0..<tomogram.shape.z { voxels += try tomogram.slice(z) }
    let type = tomogram.info.elementType
    self.init(
      name: name, volume: Volume(shape: tomogram.shape, voxels: voxels), elementType: type,
      voxelSize: tomogram.voxelSize)
  }

  /// Writes a copy; `nil` is the healthy one.
  func write(_ fault: Fault?, to path: String) throws {
    var copy = self
    switch fault {
    case nil, .truncated: break
    case .inverted:
      let sum: Float = elementType == .uint8 ? 255 : 0
      copy.volume.voxels = volume.voxels.map { sum - $0 }
    case .unrotated: copy = reordered { z, y, shape in (z: y, y: shape.z - 1 - z) }
    case .exchanged: copy = reordered { z, y, _ in (z: y, y: z) }
    case .mirrored:
      for z in 0..<volume.shape.z {
        let size = volume.shape.sliceCount
        copy.volume.voxels.replaceSubrange(z * size..<(z + 1) * size, with: volume.slice(volume.shape.z - 1 - z))
      }
    case .bytesReinterpreted:
      copy.volume.voxels = unsignedBytes().map { $0 > 127 ? $0 - 256 : $0 }
      copy.elementType = .int8
    case .voxelSizeZero: copy.voxelSize = nil
    case .voxelSizeOne: copy.voxelSize = VoxelSize(.angstroms(1))
    case .voxelSizeTenfold:
      copy.voxelSize = voxelSize.map {
        VoxelSize(
          z: .angstroms($0.z.angstrom * 10), y: .angstroms($0.y.angstrom * 10), x: .angstroms($0.x.angstrom * 10))
      }
    }
    try copy.write(to: path)
    if fault == .truncated {
      let handle = try FileHandle(forWritingTo: URL(filePath: path))
      try handle.truncate(atOffset: try handle.seekToEnd() * 7 / 10)
      try handle.close()
    }
  }

  /// The volume as bytes, mean 128.
  func unsignedBytes() -> [Float] {
    let mean = volume.voxels.reduce(0.0) { $0 + Double($1) } / Double(volume.voxels.count)
    let variance = volume.voxels.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    let scale = 36 / max((variance / Double(volume.voxels.count)).squareRoot(), 1e-9)
    return volume.voxels.map { Float(max(0, min(255, (128 + (Double($0) - mean) * scale).rounded()))) }
  }

  /// A volume in which the healthy voxel (z, y) lies where `place(z, y, healthy shape)` says.
  private func reordered(_ place: (Int, Int, Shape) -> (z: Int, y: Int)) -> PlantedTomogram {
    let old = volume.shape
    let shape = Shape(z: old.y, y: old.z, x: old.x)
    var copy = self
    copy.volume = Volume(shape: shape, repeating: 0)
    for z in 0..<old.z {
      for y in 0..<old.y {
        let target = place(z, y, old)
        let from = (z * old.y + y) * old.x
        let to = (target.z * shape.y + target.y) * shape.x
        copy.volume.voxels.replaceSubrange(to..<to + old.x, with: volume.voxels[from..<from + old.x])
      }
    }
    copy.voxelSize = voxelSize.map { VoxelSize(z: $0.y, y: $0.z, x: $0.x) }
    return copy
  }

  private func write(to path: String) throws {
    let writer = try MRCWriter(
      path: path, output: MRCOutput(shape: volume.shape, elementType: elementType, voxelSize: voxelSize))
    for z in 0..<volume.shape.z {
      try Array(volume.slice(z)).withUnsafeBufferPointer { try writer.writeSlice(z, $0) }
    }
    try writer.finish()
  }
}
