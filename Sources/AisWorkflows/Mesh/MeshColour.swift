import AisCore
import AisImaging

/// Colours of surfaces.
enum MeshColour {
  /// The colour of a feature: the same for the same name, whatever else is there.
  static func feature(_ name: String) -> SIMD3<Float> {
    // FNV-1a: Swift's own hash differs from run to run.
    var hash: UInt32 = 2_166_136_261
    for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return colour(Int(hash % UInt32(Colour.palette.count)))
  }

  /// The colour of the n-th component, from 0: those of the palette again and again.
  static func component(_ index: Int) -> SIMD3<Float> { colour(index % Colour.palette.count) }

  private static func colour(_ index: Int) -> SIMD3<Float> {
    let colour = Colour.palette[index]
    return SIMD3(x: colour.red, y: colour.green, z: colour.blue)
  }
}
