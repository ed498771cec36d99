import AisCore

/// Surfaces that go into one file.
package struct MeshScene: Sendable {
  /// One surface with its name and colour.
  package struct Part: Sendable {
    package var name: String
    /// Vertices in the unit and frame that the scene names, x, y, z.
    package var mesh: SurfaceMesh
    /// Red, green and blue as a screen shows them (sRGB), 0 to 1.
    package var colour: SIMD3<Float>
    /// A whole number for programs that tell parts apart by their vertices, such as the number of a component.
    package var number: Int32

    package init(name: String, mesh: SurfaceMesh, colour: SIMD3<Float>, number: Int32) {
      self.name = name
      self.mesh = mesh
      self.colour = colour
      self.number = number
    }
  }

  package var parts: [Part]
  /// Lines that say what the unit is, where zero lies and how the surfaces were made. Control characters become spaces.
  package var comments: [String]

  package init(parts: [Part], comments: [String]) {
    self.parts = parts
    self.comments = comments.map { line in
      String(String.UnicodeScalarView(line.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
  }

  package var vertexCount: Int { parts.reduce(0) { $0 + $1.mesh.vertices.count } }
  package var triangleCount: Int { parts.reduce(0) { $0 + $1.mesh.triangles.count } }
  /// Whether the parts differ in colour.
  var hasSeveralColours: Bool { Set(parts.map(\.colour)).count > 1 }
}

/// Files that hold triangles.
package enum MeshFormat: String, Sendable, CaseIterable {
  /// Wavefront: text, read by nearly everything; as the reference program writes it.
  case obj
  /// Stereolithography, binary: bare triangles, without names and colours.
  case stl
  /// Stanford triangles, binary: vertices with normals, colours and the number of their part.
  case ply
  /// glTF 2.0, binary: every part is an object with a name and a colour.
  case glb

  /// Writes a scene beside its final place; `finish()` of the result gives it its name.
  ///
  /// - Parameter opened: given a way to remove the unfinished file, for a process that must end.
  /// - Throws: what writing throws; `.limitExceeded` for a scene that the format cannot number.
  package func write(
    _ scene: MeshScene, to path: String, opened: (@escaping @Sendable () -> Void) -> Void = { _ in }
  ) throws(AisError) -> StreamedFile {
    try check(scene, path)
    let file = try StreamedFile(path)
    opened(file.abandonment)
    switch self {
    case .obj: try OBJWriter.write(scene, to: file)
    case .stl: try STLWriter.write(scene, to: file)
    case .ply: try PLYWriter.write(scene, to: file)
    case .glb: try GLBWriter.write(scene, to: file)
    }
    try file.seal()
    return file
  }

  private func check(_ scene: MeshScene, _ path: String) throws(AisError) {
    let isTooLarge: Bool
    switch self {
    case .obj: isTooLarge = false
    case .stl: isTooLarge = scene.triangleCount > UInt32.max
    // Many readers take PLY's indices as signed.
    case .ply: isTooLarge = scene.vertexCount > Int32.max
    case .glb: isTooLarge = GLBWriter.binaryByteCount(scene) > Int(UInt32.max) - (256 << 20)
    }
    guard isTooLarge else { return }
    throw AisError(
      .limitExceeded,
      "'\(path)' would hold \(scene.vertexCount) vertices and \(scene.triangleCount) triangles, more than the format "
        + "can. Bin the volume, reduce the triangles, or write one file for each component.")
  }
}
