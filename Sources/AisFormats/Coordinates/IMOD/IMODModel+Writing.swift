import AisCore

extension IMODModel {
  /// The bytes of the file, as 3dmod and IMOD's programs read them.
  package func encoded() -> [UInt8] {
    var out = IMODBytes()
    out.letters("IMODV1.2")
    out.text(name, 128)
    for value in [size.x, size.y, size.z, objects.count] { out.int(value) }
    out.uint(flags)
    for value in [1, 1, 0, 255] { out.int(value) }  // Drawn, for modelling, black, white.
    for value: Float in [0, 0, 0, 1, 1, 1] { out.float(value) }
    // Object, contour and point selected: none; resolution and threshold as 3dmod begins with.
    for value in [0, -1, -1, 3, 128] { out.int(value) }
    out.float(pixelSize)
    out.int(units)
    out.int(0)
    for value: Float in [0, 0, 0] { out.float(value) }
    for object in objects { write(object, to: &out) }
    for angles in slicerAngles { write(angles, to: &out) }
    if let reference { write(reference, to: &out) }
    out.letters("IEOF")
    return out.bytes
  }

  private func write(_ object: Object, to out: inout IMODBytes) {
    out.letters("OBJT")
    out.text(object.name, 64)
    for _ in 0..<16 { out.uint(0) }
    out.int(object.contours.count)
    out.uint(object.flags)
    out.int(0)
    out.int(1)
    for part in 0..<3 { out.float(part < object.colour.count ? object.colour[part] : 0) }
    out.int(object.pointRadius)
    // Symbol: none, 3 pixels; lines 1 pixel wide; solid; opaque.
    out.bytes += [1, 3, 1, 1, 0, 0, 0, 0]
    out.int(0)
    out.int(object.contours.map(\.surface).max() ?? 0)
    for contour in object.contours {
      out.letters("CONT")
      out.int(contour.points.count)
      out.uint(0)
      out.int(0)
      out.int(contour.surface)
      for point in contour.points { out.point(point) }
      if let sizes = contour.sizes, !sizes.isEmpty {
        out.letters("SIZE")
        out.int(4 * sizes.count)
        for size in sizes { out.float(size) }
      }
    }
  }

  private func write(_ angles: SlicerAngles, to out: inout IMODBytes) {
    out.letters("SLAN")
    out.int(Self.slicerByteCount)
    out.int(angles.time)
    for value in [angles.x, angles.y, angles.z] { out.float(value) }
    out.point(angles.centre)
    out.text(angles.label, 32)
  }

  private func write(_ reference: ImageReference, to out: inout IMODBytes) {
    let (none, one) = (Point(x: 0, y: 0, z: 0), Point(x: 1, y: 1, z: 1))
    out.letters("MINX")
    out.int(Self.referenceByteCount)
    for point in [one, reference.imageOrigin, none, reference.scale, reference.loadedOrigin, none] { out.point(point) }
  }
}

/// Big-endian bytes.
private struct IMODBytes {
  var bytes: [UInt8] = []

  mutating func uint(_ value: UInt32) {
    for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
  }
  mutating func int(_ value: Int) { uint(UInt32(bitPattern: Int32(clamping: value))) }
  mutating func float(_ value: Float) { uint(value.bitPattern) }
  mutating func letters(_ text: String) { bytes += Array(text.utf8) }

  mutating func point(_ point: IMODModel.Point) {
    float(point.x)
    float(point.y)
    float(point.z)
  }

  /// Text of at most `count` − 1 bytes and zeros; a letter is not cut in two.
  mutating func text(_ text: String, _ count: Int) {
    var kept: [UInt8] = []
    for character in text {
      let letter = Array(String(character).utf8)
      if kept.count + letter.count > count - 1 { break }
      kept += letter
    }
    bytes += kept + Array(repeating: 0, count: count - kept.count)
  }
}
