import AisCore
import Glibc

/// Binary glTF 2.0: a header, a JSON description and one block of numbers: all places, all normals, all indices.
///
/// Every part is a node with a mesh of its own; parts of the same colour share a material. The comments stand in
/// `asset.extras`. glTF's unit is the metre; the numbers here are those of the scene, whose unit the comments name.
enum GLBWriter {
  /// Bytes of the block of numbers.
  static func binaryByteCount(_ scene: MeshScene) -> Int { scene.vertexCount * 24 + scene.triangleCount * 12 }

  static func write(_ scene: MeshScene, to file: StreamedFile) throws(AisError) {
    // Meshes without triangles are not allowed.
    let scene = MeshScene(parts: scene.parts.filter { !$0.mesh.isEmpty }, comments: scene.comments)
    var description = Array(json(scene).utf8)
    description += Array(repeating: UInt8(ascii: " "), count: (4 - description.count % 4) % 4)
    let numbers = binaryByteCount(scene)
    // An empty scene has no block of numbers.
    let total = 12 + 8 + description.count + (numbers > 0 ? 8 + numbers : 0)
    try file.append { bytes in
      bytes.append(contentsOf: "glTF".utf8)
      bytes.appendLittleEndian(UInt32(2))
      bytes.appendLittleEndian(UInt32(total))
      bytes.appendLittleEndian(UInt32(description.count))
      bytes.append(contentsOf: "JSON".utf8)
    }
    try file.append(description)
    if numbers == 0 { return }
    try file.append { bytes in
      bytes.appendLittleEndian(UInt32(numbers))
      bytes.append(contentsOf: Array("BIN".utf8) + [0])
    }
    for part in scene.parts {
      for vertex in part.mesh.vertices { try file.append { $0.appendLittleEndian(vertex) } }
    }
    for part in scene.parts {
      for normal in part.mesh.vertexNormals { try file.append { $0.appendLittleEndian(normal) } }
    }
    for part in scene.parts {
      for triangle in part.mesh.triangles {
        try file.append { bytes in
          for k in 0..<3 { bytes.appendLittleEndian(triangle[k]) }
        }
      }
    }
  }

  private static func json(_ scene: MeshScene) -> String {
    let comments = scene.comments.map(quoted).joined(separator: ",")
    var result =
      #"{"asset":{"version":"2.0","generator":"Ais \#(AisVersion.current)","extras":{"comments":[\#(comments)]}}"#
    if scene.parts.isEmpty { return result + #","scenes":[{"name":"empty"}],"scene":0}"# }

    var colours: [SIMD3<Float>] = []
    var meshes: [String] = []
    var accessors: [String] = []
    var (vertices, triangles) = (0, 0)
    for part in scene.parts {
      let material = colours.firstIndex(of: part.colour) ?? colours.count
      if material == colours.count { colours.append(part.colour) }
      let first = accessors.count
      let count = part.mesh.vertices.count
      let (low, high) = bounds(part.mesh.vertices)
      accessors += [
        #"{"bufferView":0,"byteOffset":\#(vertices * 12),"componentType":5126,"count":\#(count),"type":"VEC3","min":\#(list(low)),"max":\#(list(high))}"#,
        #"{"bufferView":1,"byteOffset":\#(vertices * 12),"componentType":5126,"count":\#(count),"type":"VEC3"}"#,
        #"{"bufferView":2,"byteOffset":\#(triangles * 12),"componentType":5125,"count":\#(part.mesh.triangles.count * 3),"type":"SCALAR"}"#,
      ]
      meshes.append(
        #"{"name":\#(quoted(part.name)),"primitives":[{"attributes":{"POSITION":\#(first),"NORMAL":\#(first + 1)},"indices":\#(first + 2),"material":\#(material)}]}"#
      )
      vertices += count
      triangles += part.mesh.triangles.count
    }
    let nodes = scene.parts.enumerated().map { #"{"name":\#(quoted($1.name)),"mesh":\#($0)}"# }
    let materials = colours.map {
      #"{"pbrMetallicRoughness":{"baseColorFactor":[\#(linear($0.x)),\#(linear($0.y)),\#(linear($0.z)),1],"metallicFactor":0,"roughnessFactor":0.7}}"#
    }
    // 34962: attributes of vertices; 34963: indices.
    let views = [
      #"{"buffer":0,"byteOffset":0,"byteLength":\#(vertices * 12),"target":34962}"#,
      #"{"buffer":0,"byteOffset":\#(vertices * 12),"byteLength":\#(vertices * 12),"target":34962}"#,
      #"{"buffer":0,"byteOffset":\#(vertices * 24),"byteLength":\#(triangles * 12),"target":34963}"#,
    ]
    let roots = scene.parts.indices.map(String.init).joined(separator: ",")
    result += #","scene":0,"scenes":[{"nodes":[\#(roots)]}],"nodes":[\#(nodes.joined(separator: ","))]"#
    result += #","meshes":[\#(meshes.joined(separator: ","))],"materials":[\#(materials.joined(separator: ","))]"#
    result += #","accessors":[\#(accessors.joined(separator: ","))],"bufferViews":[\#(views.joined(separator: ","))]"#
    return result + #","buffers":[{"byteLength":\#(binaryByteCount(scene))}]}"#
  }

  private static func bounds(_ vertices: [SIMD3<Float>]) -> (low: SIMD3<Float>, high: SIMD3<Float>) {
    var (low, high) = (vertices[0], vertices[0])
    for vertex in vertices {
      low = pointwiseMin(low, vertex)
      high = pointwiseMax(high, vertex)
    }
    return (low, high)
  }

  private static func list(_ vector: SIMD3<Float>) -> String { "[\(vector.x),\(vector.y),\(vector.z)]" }

  /// From sRGB to the linear light that glTF's colours are (IEC 61966-2-1).
  private static func linear(_ value: Float) -> Double {
    let v = Double(min(max(value, 0), 1))
    let light = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4)
    return (light * 10_000).rounded() / 10_000
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
