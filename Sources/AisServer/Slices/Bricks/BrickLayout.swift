import AisCore
import AisFormats

/// How a brick file is laid out: the voxels of a tomogram in the order in which a view along x needs them.
///
///     header   4096 bytes: text, zeros
///     beam     depth × height voxels of each column x, one column after the other; first along y, then along z
///     …
///
/// A beam is all columns of up to `depth` sections and `height` rows; a slice along x takes one *brick* from each beam. A brick is
/// followed by 8 bytes that tell whether it is whole. At the far ends bricks are filled up with zeros, so that all are alike.
package struct BrickLayout: Sendable, Hashable {
  static let headerBytes = 4096
  private static let format = "ais.bricks/1"
  private static let checkBytes = 8
  /// Sections of a brick.
  private static let depthLimit = 64
  /// Most rows of a brick, fewer where a beam would take more memory than this.
  private static let heightLimit = 64
  private static let beamBytes = 32 << 20

  let file: SliceFile
  let state: FileState
  let shape: Shape
  let element: BrickElement
  let depth: Int
  let height: Int

  package init(_ file: SliceFile, state: FileState, shape: Shape, type: ElementType) {
    self.file = file
    self.state = state
    self.shape = shape
    element = BrickElement(type)
    // As many beams as needed, of equal depth: 70 sections are two times 35 and not 64 and 6.
    let deep = (shape.z + Self.depthLimit - 1) / Self.depthLimit
    depth = (shape.z + deep - 1) / deep
    let affordable = Self.beamBytes / (4 * depth * shape.x)
    height = max(1, min(Self.heightLimit, affordable, shape.y))
  }

  /// Beams along z and along y.
  var beamsDeep: Int { (shape.z + depth - 1) / depth }
  var beamsHigh: Int { (shape.y + height - 1) / height }
  var beamCount: Int { beamsDeep * beamsHigh }

  var brickValues: Int { depth * height }
  /// Of a brick with its check.
  var brickBytes: Int { brickValues * element.byteCount + Self.checkBytes }
  var beamBytes: Int { brickBytes * shape.x }
  var byteCount: Int { Self.headerBytes + beamCount * beamBytes }

  func sections(ofBeam beam: Int) -> Range<Int> {
    let first = beam / beamsHigh * depth
    return first..<min(first + depth, shape.z)
  }

  func rows(ofBeam beam: Int) -> Range<Int> {
    let first = beam % beamsHigh * height
    return first..<min(first + height, shape.y)
  }

  /// Where a beam, or a brick of it, begins in the file.
  func offset(beam: Int, column: Int = 0) -> Int {
    Self.headerBytes + beam * beamBytes + column * brickBytes
  }

  /// What a file must begin with to be one of these bricks. Size and date of the tomogram are a part of it: bricks of a file that
  /// was written to since are of no use.
  var header: [UInt8] {
    let text =
      "\(Self.format)\nkey \(file.key)\nbytes \(state.byteCount)\nmodified \(state.modified)\n"
      + "shape \(shape.z) \(shape.y) \(shape.x)\nelement \(element.rawValue)\nbrick \(depth) \(height)\n"
    var bytes = Array(text.utf8)
    bytes += [UInt8](repeating: 0, count: Self.headerBytes - bytes.count)
    return bytes
  }

  /// Eight bytes that change with every bit of a brick, and with its place.
  ///
  /// After the multiplicative hash of Fowler, Noll and Vo, on words: as fast as memory is read.
  func check(_ brick: UnsafeRawBufferPointer, beam: Int, column: Int) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(truncatingIfNeeded: beam &* shape.x &+ column)
    let words = brick.count / 8
    for i in 0..<words {
      let word = UInt64(littleEndian: brick.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self))
      hash = (hash ^ word) &* 0x100_0000_01B3
      hash ^= hash >> 29
    }
    for i in 8 * words..<brick.count { hash = (hash ^ UInt64(brick[i])) &* 0x100_0000_01B3 }
    return hash
  }
}

/// How voxels are stored in bricks: as small as in the tomogram, and exactly.
package enum BrickElement: String, Sendable, Hashable {
  case int8, uint8, int16, uint16, float16, float32

  init(_ type: ElementType) {
    switch type {
    case .int8: self = .int8
    case .uint4, .uint8: self = .uint8
    case .int16: self = .int16
    case .uint16: self = .uint16
    case .float16: self = .float16
    // Others are given as Float by the reader already.
    case .int32, .uint32, .float32, .float64: self = .float32
    }
  }

  var byteCount: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16, .float16: 2
    case .float32: 4
    }
  }

  /// Stores one value.
  @inline(__always)
  func store(_ value: Float, _ place: Int, _ bytes: UnsafeMutableRawPointer) {
    switch self {
    case .int8: bytes.storeBytes(of: Int8(value), toByteOffset: place, as: Int8.self)
    case .uint8: bytes.storeBytes(of: UInt8(value), toByteOffset: place, as: UInt8.self)
    case .int16: bytes.storeBytes(of: Int16(value).littleEndian, toByteOffset: 2 * place, as: Int16.self)
    case .uint16: bytes.storeBytes(of: UInt16(value).littleEndian, toByteOffset: 2 * place, as: UInt16.self)
    case .float16:
      bytes.storeBytes(of: HalfFloat.bits(value).littleEndian, toByteOffset: 2 * place, as: UInt16.self)
    case .float32:
      bytes.storeBytes(of: value.bitPattern.littleEndian, toByteOffset: 4 * place, as: UInt32.self)
    }
  }

  /// The value at a place.
  @inline(__always)
  func load(_ place: Int, _ bytes: UnsafeRawPointer) -> Float {
    func pattern<T: FixedWidthInteger>(_: T.Type) -> T {
      T(littleEndian: bytes.loadUnaligned(fromByteOffset: place * MemoryLayout<T>.size, as: T.self))
    }
    return switch self {
    case .int8: Float(pattern(Int8.self))
    case .uint8: Float(pattern(UInt8.self))
    case .int16: Float(pattern(Int16.self))
    case .uint16: Float(pattern(UInt16.self))
    case .float16: Float(Float16(bitPattern: pattern(UInt16.self)))
    case .float32: Float(bitPattern: pattern(UInt32.self))
    }
  }
}
