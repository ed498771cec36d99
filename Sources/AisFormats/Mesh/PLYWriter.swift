import AisCore

/// Binary little-endian PLY: vertices with place, normal, colour and the number of their part; faces of three.
enum PLYWriter {
  static func write(_ scene: MeshScene, to file: StreamedFile) throws(AisError) {
    var header = ["ply", "format binary_little_endian 1.0"]
    header += scene.comments.map { "comment \($0)" }
    header.append("element vertex \(scene.vertexCount)")
    header += ["x", "y", "z", "nx", "ny", "nz"].map { "property float \($0)" }
    header += ["red", "green", "blue"].map { "property uchar \($0)" }
    header.append("property int component")
    header += ["element face \(scene.triangleCount)", "property list uchar int vertex_indices", "end_header", ""]
    try file.append(header.joined(separator: "\n"))
    for part in scene.parts {
      let colour = (0..<3).map { UInt8((min(max(part.colour[$0], 0), 1) * 255).rounded()) }
      for (vertex, normal) in zip(part.mesh.vertices, part.mesh.vertexNormals) {
        try file.append { bytes in
          bytes.appendLittleEndian(vertex)
          bytes.appendLittleEndian(normal)
          bytes.append(contentsOf: colour)
          bytes.appendLittleEndian(part.number)
        }
      }
    }
    var first: UInt32 = 0
    for part in scene.parts {
      for triangle in part.mesh.triangles {
        try file.append { bytes in
          bytes.append(3)
          for k in 0..<3 { bytes.appendLittleEndian(first + triangle[k]) }
        }
      }
      first += UInt32(part.mesh.vertices.count)
    }
  }
}
