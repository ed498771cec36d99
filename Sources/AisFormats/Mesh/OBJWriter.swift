import AisCore

/// Wavefront OBJ, as the reference program writes it: a line `# colour r g b`, then for each part its vertices, its normals
/// and its faces, numbers with four decimals, counted from 1 through the whole file, no objects, no materials.
///
/// Parts of different colours have theirs behind each vertex, `v x y z r g b`, which most readers know.
enum OBJWriter {
  static func write(_ scene: MeshScene, to file: StreamedFile) throws(AisError) {
    let colour = scene.parts.first?.colour ?? SIMD3(repeating: 1)
    try file.append("# colour \(decimals(colour.x)) \(decimals(colour.y)) \(decimals(colour.z))\n")
    for comment in scene.comments { try file.append("# \(comment)\n") }
    let hasVertexColours = scene.hasSeveralColours
    var first = 1
    for part in scene.parts {
      let suffix =
        hasVertexColours
        ? Array(" \(decimals(part.colour.x)) \(decimals(part.colour.y)) \(decimals(part.colour.z))\n".utf8) : [0x0A]
      for vertex in part.mesh.vertices {
        try file.append { line in
          line.append(UInt8(ascii: "v"))
          line.append(decimals: vertex)
          line.append(contentsOf: suffix)
        }
      }
      for normal in part.mesh.vertexNormals {
        try file.append { line in
          line.append(UInt8(ascii: "v"))
          line.append(UInt8(ascii: "n"))
          line.append(decimals: normal)
          line.append(0x0A)
        }
      }
      for triangle in part.mesh.triangles {
        try file.append { line in
          line.append(UInt8(ascii: "f"))
          for k in 0..<3 {
            let number = UInt64(first + Int(triangle[k]))
            line.append(UInt8(ascii: " "))
            line.append(digits: number)
            line.append(UInt8(ascii: "/"))
            line.append(UInt8(ascii: "/"))
            line.append(digits: number)
          }
          line.append(0x0A)
        }
      }
      first += part.mesh.vertices.count
    }
  }

  /// Three decimals.
  private static func decimals(_ value: Float) -> String {
    let thousandths = Int((min(max(value, 0), 1) * 1000).rounded())
    let fraction = String(thousandths % 1000)
    return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }
}

extension [UInt8] {
  /// Appends ` x y z` with four decimals each.
  @inline(__always)
  fileprivate mutating func append(decimals vector: SIMD3<Float>) {
    append(decimals: vector.x)
    append(decimals: vector.y)
    append(decimals: vector.z)
  }

  @inline(__always)
  private mutating func append(decimals value: Float) {
    append(UInt8(ascii: " "))
    // Beyond 10¹² no reader cares for decimals, and the whole number must fit.
    let scaled = Int64((Double(value.isFinite ? value : 0) * 10_000).clamped(to: -1e16...1e16).rounded())
    if scaled < 0 { append(UInt8(ascii: "-")) }
    let magnitude = scaled.magnitude
    append(digits: magnitude / 10_000)
    append(UInt8(ascii: "."))
    var fraction = magnitude % 10_000
    for unit in [1000, 100, 10, 1] as [UInt64] {
      append(UInt8(ascii: "0") + UInt8(fraction / unit))
      fraction %= unit
    }
  }

  @inline(__always)
  fileprivate mutating func append(digits value: UInt64) {
    var unit: UInt64 = 1
    while value / unit >= 10 { unit *= 10 }
    while unit > 0 {
      append(UInt8(ascii: "0") + UInt8(value / unit % 10))
      unit /= 10
    }
  }
}

extension Double {
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
