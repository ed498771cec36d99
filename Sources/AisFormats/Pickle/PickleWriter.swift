/// Writes Python pickles of protocol 4: the few instructions that values, NumPy arrays and objects need.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [PickleOpcode.protocolVersion.rawValue, 4]
  private var remembered = 0
  /// Where bytes belong that are not held here, after `embedding`.
  private(set) var gap: Int?

  private mutating func put(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  mutating func mark() { put(.mark) }
  mutating func none() { put(.none) }
  mutating func bool(_ value: Bool) { put(value ? .newTrue : .newFalse) }

  mutating func integer(_ value: Int) {
    if let small = UInt8(exactly: value) {
      put(.binInt1)
      bytes.append(small)
    } else if let middle = Int32(exactly: value) {
      put(.binInt)
      bytes.appendLittleEndian(middle)
    } else {
      put(.long1)
      bytes.append(8)
      bytes.appendLittleEndian(Int64(value))
    }
  }

  mutating func float(_ value: Double) {
    put(.binFloat)
    bytes.appendLittleEndian(value.bitPattern.byteSwapped)
  }

  mutating func text(_ value: String) {
    let utf8 = Array(value.utf8)
    put(.binUnicode)
    bytes.appendLittleEndian(UInt32(utf8.count))
    bytes += utf8
  }

  mutating func global(_ module: String, _ name: String) {
    text(module)
    text(name)
    put(.stackGlobal)
  }

  mutating func list(_ body: (inout PickleWriter) -> Void) {
    put(.emptyList)
    mark()
    body(&self)
    put(.appends)
  }

  /// Keys and values follow each other in `body`.
  mutating func dictionary(_ body: (inout PickleWriter) -> Void) {
    put(.emptyDictionary)
    mark()
    body(&self)
    put(.setItems)
  }

  mutating func tuple(_ body: (inout PickleWriter) -> Void) {
    mark()
    body(&self)
    put(.tuple)
  }

  /// Calls what lies below the tuple on top.
  mutating func reduce() { put(.reduce) }
  /// Makes an object of the class on top, without arguments.
  mutating func newObject() {
    put(.emptyTuple)
    put(.newObject)
  }
  /// Gives the dictionary on top to the object below it.
  mutating func build() { put(.build) }

  /// Remembers the value on top; the number brings it back.
  mutating func remember() -> Int {
    put(.memoize)
    remembered += 1
    return remembered - 1
  }

  mutating func recall(_ number: Int) {
    put(.longBinGet)
    bytes.appendLittleEndian(UInt32(number))
  }

  /// An array of bytes with two axes (y, x), as NumPy's own pickles hold it.
  mutating func byteArray(_ values: [UInt8], height: Int, width: Int) {
    global("numpy.core.multiarray", "_reconstruct")
    tuple {
      $0.global("numpy", "ndarray")
      $0.tuple { $0.integer(0) }
      $0.shortBytes([UInt8(ascii: "b")])
    }
    reduce()
    tuple {
      $0.integer(1)
      $0.tuple {
        $0.integer(height)
        $0.integer(width)
      }
      $0.byteType()
      $0.bool(false)
      $0.put(.binBytes8)
      $0.bytes.appendLittleEndian(UInt64(values.count))
      $0.bytes += values
    }
    build()
  }

  private mutating func byteType() {
    global("numpy", "dtype")
    tuple {
      $0.text("u1")
      $0.bool(false)
      $0.bool(true)
    }
    reduce()
    tuple {
      $0.integer(3)
      $0.text("|")
      for _ in 0..<3 { $0.none() }
      $0.integer(-1)
      $0.integer(-1)
      $0.integer(0)
    }
    build()
  }

  /// Announces bytes that whoever writes the file puts in at `gap`; once.
  mutating func embedding(byteCount: Int) {
    put(.binBytes8)
    bytes.appendLittleEndian(UInt64(byteCount))
    gap = bytes.count
  }

  private mutating func shortBytes(_ values: [UInt8]) {
    put(.shortBinBytes)
    bytes.append(UInt8(values.count))
    bytes += values
  }

  mutating func stop() { put(.stop) }
}
