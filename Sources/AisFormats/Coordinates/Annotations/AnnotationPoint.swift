import AisCore

/// What the point of a JSON document says; copick and the CryoET Data Portal share the shape of it.
struct AnnotationPoint {
  let json: JSONValue
  /// As in "point 3", for messages.
  let number: Int
  let path: String

  /// `location`: x, y and z.
  func location() throws(AisError) -> VoxelPoint {
    guard let x = json["location"]?["x"]?.number, let y = json["location"]?["y"]?.number,
      let z = json["location"]?["z"]?.number, x.isFinite, y.isFinite, z.isFinite
    else { throw fault("a 'location' with finite numbers x, y and z was expected") }
    return VoxelPoint(z: z, y: y, x: x)
  }

  /// Rows of numbers under a key; `nil` where there is nothing.
  func matrix(_ key: String, edge: Int) throws(AisError) -> [[Double]]? {
    guard let value = json[key], !value.isNull else { return nil }
    let rows = value.array?.map { $0.array?.compactMap(\.number) ?? [] } ?? []
    guard rows.count == edge, rows.allSatisfy({ $0.count == edge && $0.allSatisfy(\.isFinite) }) else {
      throw fault("'\(key)' with \(edge) rows of \(edge) finite numbers was expected")
    }
    return rows
  }

  /// The upper left 3 × 3 numbers as a rotation.
  func rotation(_ rows: [[Double]], _ key: String) throws(AisError) -> RotationMatrix {
    let matrix = RotationMatrix(rows.prefix(3).flatMap { $0.prefix(3) })
    guard matrix.isRotation() else {
      throw fault("'\(key)' is no rotation: its rows should be at right angles and of length 1, and mirror nothing")
    }
    return matrix
  }

  func fault(_ problem: String) -> AisError {
    AisError(.malformed, "'\(path)' has a point \(number) that cannot be used: \(problem). Mend or remove it.")
  }
}
