import AisCore

/// Masks as bytes: how they are stored in the project and sent to the page.
///
/// The first byte says how the pixels follow, in the order of rows: 1, lengths of runs, unpainted and painted in turn, the
/// first unpainted (it may be 0), the last painted; each length a number of 7 bits a byte, lowest first, all but the last
/// byte with the highest bit set (LEB128). 0, one bit a pixel, lowest bit first. The shorter of both is written; an empty
/// mask is the single byte 1. Height and width stand beside the bytes, never in them.
package enum MaskCodec {
  package static func encode(_ mask: SliceMask) -> [UInt8] {
    let bitByteCount = 1 + (mask.pixelCount + 7) / 8
    var bytes: [UInt8] = [1]
    var end = 0
    for run in mask.runs {
      append(run.lowerBound - end, to: &bytes)
      append(run.count, to: &bytes)
      end = run.upperBound
      if bytes.count > bitByteCount { return bits(mask, byteCount: bitByteCount) }
    }
    return bytes
  }

  /// Throws `malformed` for bytes that are no mask of this size.
  package static func decode(_ bytes: [UInt8], height: Int, width: Int) throws(AisError) -> SliceMask {
    var mask = SliceMask(height: height, width: width)
    switch bytes.first {
    case 1:
      var position = 1
      var index = 0
      while position < bytes.count {
        let gap = try number(bytes, &position)
        let run = try number(bytes, &position)
        guard gap <= mask.pixelCount - index, run <= mask.pixelCount - index - gap else { throw damaged(mask) }
        mask.set(index + gap..<index + gap + run)
        index += gap + run
      }
    case 0:
      guard bytes.count == 1 + (mask.pixelCount + 7) / 8 else { throw damaged(mask) }
      for index in 0..<mask.pixelCount where bytes[1 + index >> 3] >> UInt8(index & 7) & 1 == 1 { mask[index] = true }
    default: throw damaged(mask)
    }
    return mask
  }

  private static func append(_ number: Int, to bytes: inout [UInt8]) {
    var rest = number
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private static func number(_ bytes: [UInt8], _ position: inout Int) throws(AisError) -> Int {
    var value = 0
    // Five bytes hold 35 bits, more than any slice has pixels.
    for shift in stride(from: 0, through: 28, by: 7) {
      guard position < bytes.count else { break }
      let byte = bytes[position]
      position += 1
      value |= Int(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw AisError(.malformed, "a mask is damaged: one of its lengths has no end")
  }

  private static func bits(_ mask: SliceMask, byteCount: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    for run in mask.runs {
      for index in run { bytes[1 + index >> 3] |= 1 << UInt8(index & 7) }
    }
    return bytes
  }

  private static func damaged(_ mask: SliceMask) -> AisError {
    AisError(.malformed, "a mask is damaged: its bytes are not those of \(mask.width) × \(mask.height) pixels")
  }
}
