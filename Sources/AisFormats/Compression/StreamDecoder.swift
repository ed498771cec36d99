import AisCore
import CCodecs

/// A running decompression of one or several streams that follow each other, as `cat a.gz b.gz` makes them.
protocol StreamDecoder: ~Copyable {
  /// Decodes from `input` into `output` as far as either goes.
  ///
  /// - Returns: bytes taken and given, and whether a stream has ended here; `nil` when the input is corrupt.
  mutating func decode(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    -> (taken: Int, given: Int, ended: Bool)?
  /// Makes ready for another stream.
  mutating func restart() -> Bool
}

/// gzip, with its check sums verified by zlib.
struct GzipDecoder: StreamDecoder, ~Copyable {
  // zlib keeps a pointer to the struct and compares it, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let isReady: Bool

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15: the largest window; +16: gzip framing only.
    isReady = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
  }

  deinit {
    if isReady { inflateEnd(stream) }
    stream.deallocate()
  }

  mutating func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> (taken: Int, given: Int, ended: Bool)? {
    guard isReady else { return nil }
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = UInt32(output.count)
    let status = inflate(stream, Z_NO_FLUSH)
    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else { return nil }
    return (
      input.count - Int(stream.pointee.avail_in), output.count - Int(stream.pointee.avail_out), status == Z_STREAM_END
    )
  }

  mutating func restart() -> Bool { inflateReset(stream) == Z_OK }
}

/// bzip2, with its check sums verified by libbz2.
struct Bzip2Decoder: StreamDecoder, ~Copyable {
  private let stream: UnsafeMutablePointer<bz_stream>
  private var isReady: Bool

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: bz_stream())
    isReady = BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK
  }

  deinit {
    if isReady { BZ2_bzDecompressEnd(stream) }
    stream.deallocate()
  }

  mutating func decode(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> (taken: Int, given: Int, ended: Bool)? {
    guard isReady else { return nil }
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: CChar.self).baseAddress)
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = output.bindMemory(to: CChar.self).baseAddress
    stream.pointee.avail_out = UInt32(output.count)
    let status = BZ2_bzDecompress(stream)
    guard status == BZ_OK || status == BZ_STREAM_END else { return nil }
    return (
      input.count - Int(stream.pointee.avail_in), output.count - Int(stream.pointee.avail_out), status == BZ_STREAM_END
    )
  }

  mutating func restart() -> Bool {
    if isReady { BZ2_bzDecompressEnd(stream) }
    stream.pointee = bz_stream()
    isReady = BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK
    return isReady
  }
}
