import AisCore

/// Binary STL: 80 bytes of text, the number of triangles, then for each its normal, its corners and two empty bytes.
enum STLWriter {
  static func write(_ scene: MeshScene, to file: StreamedFile) throws(AisError) {
    // Readers take a file that starts with 'solid' for the text form of the format.
    var header = Array(("Ais: " + scene.comments.joined(separator: "; ")).utf8.prefix(80))
    header += Array(repeating: UInt8(ascii: " "), count: 80 - header.count)
    try file.append(header)
    try file.append { $0.appendLittleEndian(UInt32(scene.triangleCount)) }
    for part in scene.parts {
      for index in part.mesh.triangles.indices {
        let (a, b, c) = part.mesh.corners(index)
        let normal = (b - a).cross(c - a)
        let length = (normal * normal).sum().squareRoot()
        try file.append { bytes in
          bytes.appendLittleEndian(length > 0 ? normal / length : .zero)
          bytes.appendLittleEndian(a)
          bytes.appendLittleEndian(b)
          bytes.appendLittleEndian(c)
          bytes.appendLittleEndian(UInt16(0))
        }
      }
    }
  }
}
