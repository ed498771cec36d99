import AisCore

/// The ids that the reference program gives to picked particles: ten letters and digits that follow from the file and the place.
package enum ParticleIdentifier {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")

  /// - Parameter file: the base name of the segmentation, with its extension.
  package static func make(file: String, point: VoxelPoint, angles: EulerAngles? = nil) -> String {
    let fields = [point.x, point.y, point.z, angles?.rot, angles?.tilt, angles?.psi]
    let key = ([file] + fields.map { $0.map { DecimalText.fixed($0, 4) } ?? "" }).joined(separator: "|")
    var digest = BLAKE2b.digest(of: Array(key.utf8), byteCount: 16)
    // The first character is a letter, so that the id can be a name anywhere.
    var id = String(alphabet[Int(digest[0]) % 52])
    // The digest as one big-endian number, divided by 62 over and over.
    for _ in 0..<9 {
      var remainder = 0
      for index in digest.indices {
        let value = remainder << 8 | Int(digest[index])
        digest[index] = UInt8(value / 62)
        remainder = value % 62
      }
      id.append(alphabet[remainder])
    }
    return id
  }
}
