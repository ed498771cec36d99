import AisCore
import AisFormats

/// Ways to look at a file: as it is, with everything forgiven, as the reference does, and turned.
private let manners: [TomogramOptions] = {
  var plain = TomogramOptions()
  plain.cacheBytes = 1 << 20
  var permissive = plain
  permissive.isPermissive = true
  var reference = plain
  reference.compatibility = .reference
  var turned = permissive
  turned.view = TomogramView(axes: .xzy, isInverted: true)
  turned.volume = 0
  return [plain, permissive, reference, turned]
}()

/// What `ais info` does with a tomogram: opens it, says everything about it, and looks at some of its slices.
package func readTomogram(_ path: String) {
  for options in manners {
    do throws(AisError) {
      let tomogram = try Tomogram.open(path, options: options)
      precondition(tomogram.shape.count > 0, "a tomogram without voxels was opened")
      _ = "\(tomogram.info) \(tomogram.warnings) \(String(describing: tomogram.voxelSize))"
      // A header may promise slices that no fuzzer's memory holds; opening it is what is tested then.
      guard tomogram.shape.sliceCount <= 1 << 20 else { continue }
      for z in Set([0, tomogram.shape.z / 2, tomogram.shape.z - 1]) { _ = try tomogram.slice(z) }
    } catch {
      precondition(!error.message.isEmpty, "an error says nothing")
    }
  }
}

/// Small volumes in every element type that MRC has, whole files as bytes.
package func smallTomograms(folder: String) throws -> [(name: String, bytes: [UInt8])] {
  var files: [(name: String, bytes: [UInt8])] = []
  for type in [ElementType.int8, .int16, .uint16, .float16, .float32] {
    let shape = Shape(z: 3, y: 4, x: 5)
    let path = "\(folder)/small.mrc"
    let output = MRCOutput(shape: shape, elementType: type, voxelSize: VoxelSize(.angstroms(10)), labels: ["a seed"])
    let writer = try MRCWriter(path: path, output: output)
    for z in 0..<shape.z {
      let values = (0..<shape.sliceCount).map { Float($0 - 7 * z) }
      try values.withUnsafeBufferPointer { try writer.writeSlice(z, $0) }
    }
    try writer.finish()
    let bytes = try fileBytes(path)
    files.append(("small-\(type.rawValue).mrc", bytes))
    files.append(("small-\(type.rawValue)-big-endian.mrc", swapped(bytes, voxelSize: type.byteCount)))
    if type == .int8 {
      var packed = bytes
      packed[12] = 101
      files.append(("small-uint4.mrc", packed))
      var stack = bytes
      stack.replaceSubrange(88..<92, with: [0x91, 1, 0, 0])
      stack.replaceSubrange(36..<40, with: [1, 0, 0, 0])
      files.append(("small-volume-stack.mrc", stack))
      var permuted = bytes
      permuted.replaceSubrange(64..<76, with: [3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0])
      files.append(("small-permuted.mrc", permuted))
    }
  }
  return files
}

/// The same file as a big-endian machine writes it.
private func swapped(_ bytes: [UInt8], voxelSize: Int) -> [UInt8] {
  var result = bytes
  // Text fields (extended header type, map, machine stamp, labels) have no byte order.
  for offset in stride(from: 0, to: 224, by: 4) where ![104, 208, 212].contains(offset) {
    result.replaceSubrange(offset..<offset + 4, with: bytes[offset..<offset + 4].reversed())
  }
  result.replaceSubrange(212..<216, with: [0x11, 0x11, 0, 0])
  for offset in stride(from: 1024, to: bytes.count, by: voxelSize) {
    result.replaceSubrange(offset..<offset + voxelSize, with: bytes[offset..<offset + voxelSize].reversed())
  }
  return result
}
