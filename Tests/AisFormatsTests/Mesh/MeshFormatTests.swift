import AisCore
import AisFormats
import AisTestSupport
import Foundation
import Testing

@Suite("Mesh files")
struct MeshFormatTests {
  static let tetrahedron = SurfaceMesh(
    vertices: [SIMD3(0, 0, 0), SIMD3(1.5, 0, 0), SIMD3(0, 2, 0), SIMD3(0, 0, -12.34567)],
    triangles: [SIMD3(0, 1, 2), SIMD3(0, 3, 1), SIMD3(1, 3, 2), SIMD3(0, 2, 3)])

  static func scene(colours: Int = 1) -> MeshScene {
    MeshScene(
      parts: (0..<2).map { index in
        .init(
          name: "Part \"\(index + 1)\"", mesh: tetrahedron,
          colour: SIMD3(1, 0.5, index < colours ? Float(index) * 0.25 : 0),
          number: Int32(index + 1))
      }, comments: ["unit nanometre", "two\nlines"])
  }

  private func written(_ scene: MeshScene, _ format: MeshFormat) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let path = folder.path("mesh.\(format.rawValue)")
    let file = try format.write(scene, to: path)
    #expect(!FileManager.default.fileExists(atPath: path), "the file has no name before it is finished")
    try file.finish()
    #expect(folder.names == ["mesh.\(format.rawValue)"])
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    #expect(file.byteCount == bytes.count && file.sha256 == SHA256.hex(of: bytes))
    return bytes
  }

  @Test("an OBJ file is what the reference program writes")
  func obj() throws {
    let lines = String(decoding: try written(Self.scene(), .obj), as: UTF8.self).split(separator: "\n")
    #expect(lines[0] == "# colour 1.000 0.500 0.000")
    #expect(lines[1...2] == ["# unit nanometre", "# two lines"])
    #expect(
      lines[3...6] == [
        "v 0.0000 0.0000 0.0000", "v 1.5000 0.0000 0.0000", "v 0.0000 2.0000 0.0000", "v 0.0000 0.0000 -12.3457",
      ])
    #expect(lines[7].hasPrefix("vn ") && lines[10].hasPrefix("vn "))
    #expect(lines[11] == "f 1//1 2//2 3//3")
    // Numbers run on through the file.
    #expect(lines[23] == "f 5//5 6//6 7//7")
    #expect(lines.count == 27)
    let coloured = String(decoding: try written(Self.scene(colours: 2), .obj), as: UTF8.self)
    #expect(coloured.contains("v 1.5000 0.0000 0.0000 1.000 0.500 0.250\n"))
  }

  @Test("an STL file has 80 bytes of text that do not start with 'solid', and 50 bytes a triangle")
  func stl() throws {
    let bytes = try written(Self.scene(), .stl)
    #expect(bytes.count == 84 + 50 * 8)
    #expect(bytes.starts(with: "Ais: unit nanometre".utf8))
    #expect(bytes[80..<84].elementsEqual([8, 0, 0, 0]))
    let numbers = (0..<12).map { i in
      Float(bitPattern: bytes[(84 + 4 * i)..<(88 + 4 * i)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
    #expect(numbers == [0, 0, 1, 0, 0, 0, 1.5, 0, 0, 0, 2, 0])
  }

  @Test("a PLY file says what it holds and holds it")
  func ply() throws {
    let bytes = try written(Self.scene(colours: 2), .ply)
    let end = try #require(bytes.firstRange(of: Array("end_header\n".utf8))).upperBound
    let header = String(decoding: bytes[..<end], as: UTF8.self)
    #expect(header.hasPrefix("ply\nformat binary_little_endian 1.0\ncomment unit nanometre\ncomment two lines\n"))
    #expect(header.contains("element vertex 8\n") && header.contains("element face 8\n"))
    #expect(bytes.count == end + 8 * (24 + 3 + 4) + 8 * 13)
    #expect(bytes.suffix(13).elementsEqual([3, 4, 0, 0, 0, 6, 0, 0, 0, 7, 0, 0, 0]))
    // The second part's first vertex: its colour and its number.
    #expect(bytes[(end + 4 * 31 + 24)..<(end + 5 * 31)].elementsEqual([255, 128, 64, 2, 0, 0, 0]))
  }

  @Test("a GLB file is two chunks whose lengths agree")
  func glb() throws {
    let bytes = try written(Self.scene(), .glb)
    func word(_ at: Int) -> Int { bytes[at..<at + 4].reversed().reduce(0) { $0 << 8 | Int($1) } }
    #expect(bytes.starts(with: "glTF".utf8) && word(4) == 2 && word(8) == bytes.count)
    let length = word(12)
    #expect(length % 4 == 0 && bytes[16..<20].elementsEqual("JSON".utf8))
    let json = try JSONValue(parsing: bytes[20..<20 + length], name: "mesh.glb")
    #expect(word(20 + length) == bytes.count - 28 - length)
    #expect(json["meshes"]?.array?.count == 2 && json["materials"]?.array?.count == 1)
    #expect(json["nodes"]?.array?[1]["name"]?.string == "Part \"2\"")
    #expect(json["buffers"]?.array?[0]["byteLength"]?.integer == 8 * 24 + 8 * 12)
    #expect(json["accessors"]?.array?[0]["max"]?.array?.map(\.number) == [1.5, 2, 0])
    #expect(json["asset"]?["extras"]?["comments"]?.array?.map(\.string) == ["unit nanometre", "two lines"])
  }

  @Test("a scene without triangles gives a file that says so", arguments: MeshFormat.allCases)
  func empty(format: MeshFormat) throws {
    #expect(try written(MeshScene(parts: [], comments: []), format).count >= 20)
  }

  @Test("an unfinished mesh leaves nothing behind", arguments: MeshFormat.allCases)
  func abandoned(format: MeshFormat) throws {
    let folder = try TemporaryFolder()
    var abandon: (@Sendable () -> Void)?
    let file = try format.write(Self.scene(), to: folder.path("mesh")) { abandon = $0 }
    #expect(folder.names.count == 1)
    abandon?()
    #expect(folder.names.isEmpty)
    #expect { try file.finish() } throws: { ($0 as? AisError)?.code == .cancelled }
    #expect { try format.write(Self.scene(), to: folder.path("none/mesh")) } throws: {
      ($0 as? AisError)?.code == .notFound
    }
  }

  @Test("many sealed files wait for their names without staying open")
  func many() throws {
    let folder = try TemporaryFolder()
    let files = try (0..<300).map { try MeshFormat.stl.write(Self.scene(), to: folder.path("\($0).stl")) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count < 200)
    for file in files { try file.finish() }
    #expect(folder.names.count == 300)
  }
}
