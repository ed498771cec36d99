import AisCore

/// Copies a rectangle of stored voxels into a slice of numbers.
enum VoxelConversion {
  /// Where a rectangle lies in both buffers; all in elements.
  struct Layout {
    var rows: Int
    var columns: Int
    var sourceBase: Int
    var sourceRowStride: Int
    var sourceColumnStride: Int
    var destinationBase: Int
    var destinationRowStride: Int
    var destinationColumnStride = 1
  }

  /// - Parameter label: as `TomogramOptions.label`.
  static func copy(
    _ source: UnsafeRawPointer, _ type: ElementType, _ layout: Layout, label: Int?,
    to destination: UnsafeMutablePointer<Float>
  ) {
    if let label { return mark(label, in: source, type, layout, to: destination) }
    switch type {
    case .int8: run(source.assumingMemoryBound(to: Int8.self), layout, destination) { Float($0) }
    case .uint8, .uint4: run(source.assumingMemoryBound(to: UInt8.self), layout, destination) { Float($0) }
    case .int16: run(source.assumingMemoryBound(to: Int16.self), layout, destination) { Float($0) }
    case .uint16: run(source.assumingMemoryBound(to: UInt16.self), layout, destination) { Float($0) }
    case .int32: run(source.assumingMemoryBound(to: Int32.self), layout, destination) { Float($0) }
    case .uint32: run(source.assumingMemoryBound(to: UInt32.self), layout, destination) { Float($0) }
    case .float32: run(source.assumingMemoryBound(to: Float.self), layout, destination) { $0 }
    case .float64: run(source.assumingMemoryBound(to: Double.self), layout, destination) { Float($0) }
    case .float16:
      // A table of 65536 entries is faster than converting in software where the processor has no instruction for it.
      halfTable.withUnsafeBufferPointer { table in
        run(source.assumingMemoryBound(to: UInt16.self), layout, destination) { table[Int($0)] }
      }
    }
  }

  /// Writes 1 where a number is stored, and 0 elsewhere.
  private static func mark(
    _ label: Int, in source: UnsafeRawPointer, _ type: ElementType, _ layout: Layout,
    to destination: UnsafeMutablePointer<Float>
  ) {
    // Doubles hold every number of 32 bits.
    let wanted = Double(label)
    func mark<T>(_: T.Type, _ value: (T) -> Double) {
      run(source.assumingMemoryBound(to: T.self), layout, destination) { value($0) == wanted ? 1 : 0 }
    }
    switch type {
    case .int8: mark(Int8.self) { Double($0) }
    case .uint8, .uint4: mark(UInt8.self) { Double($0) }
    case .int16: mark(Int16.self) { Double($0) }
    case .uint16: mark(UInt16.self) { Double($0) }
    case .int32: mark(Int32.self) { Double($0) }
    case .uint32: mark(UInt32.self) { Double($0) }
    case .float16: mark(UInt16.self) { Double(Float16(bitPattern: $0)) }
    case .float32: mark(Float.self) { Double($0) }
    case .float64: mark(Double.self) { $0 }
    }
  }

  private static let halfTable: [Float] = (0...UInt16.max).map { Float(Float16(bitPattern: $0)) }

  @inline(__always)
  private static func run<T>(
    _ source: UnsafePointer<T>, _ l: Layout, _ destination: UnsafeMutablePointer<Float>, _ convert: (T) -> Float
  ) {
    if l.sourceColumnStride == 1 && l.destinationColumnStride == 1 {
      for row in 0..<l.rows {
        let from = source + l.sourceBase + row * l.sourceRowStride
        let to = destination + l.destinationBase + row * l.destinationRowStride
        for column in 0..<l.columns { to[column] = convert(from[column]) }
      }
      return
    }
    // Columns lie far apart: small tiles keep both sides in the cache.
    let tile = 32
    for row0 in stride(from: 0, to: l.rows, by: tile) {
      for column0 in stride(from: 0, to: l.columns, by: tile) {
        for row in row0..<min(row0 + tile, l.rows) {
          let from = source + l.sourceBase + row * l.sourceRowStride
          let to = destination + l.destinationBase + row * l.destinationRowStride
          for column in column0..<min(column0 + tile, l.columns) {
            to[column * l.destinationColumnStride] = convert(from[column * l.sourceColumnStride])
          }
        }
      }
    }
  }
}
