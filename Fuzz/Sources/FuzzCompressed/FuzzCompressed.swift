import CCodecs
import FuzzSupport

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  FuzzInput.writeSeeds {
    try smallTomograms(folder: FuzzInput.folder).flatMap { seed in
      [("\(seed.name).gz", gzipped(seed.bytes)), ("\(seed.name).bz2", bzip2ed(seed.bytes))]
    }
  }
  return 0
}

/// Tomograms inside gzip and bzip2.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  FuzzInput.asFile("input.mrc.gz", bytes, count, readTomogram)
  return 0
}

/// A gzip member that holds the bytes as they are (RFC 1952; RFC 1951 section 3.2.4): mutations then reach the tomogram.
private func gzipped(_ bytes: [UInt8]) -> [UInt8] {
  precondition(bytes.count < 1 << 16, "one stored block holds less than 64 KiB")
  let count = UInt16(bytes.count)
  let sum = UInt32(truncatingIfNeeded: crc32(0, bytes, UInt32(bytes.count)))
  return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1] + little(count) + little(~count) + bytes + little(sum)
    + little(UInt32(count))
}

private func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

private func bzip2ed(_ bytes: [UInt8]) -> [UInt8] {
  var source = bytes.map { CChar(bitPattern: $0) }
  var result = [CChar](repeating: 0, count: bytes.count + bytes.count / 50 + 700)
  var count = UInt32(result.count)
  let status = BZ2_bzBuffToBuffCompress(&result, &count, &source, UInt32(bytes.count), 1, 0, 0)
  precondition(status == BZ_OK, "bzip2 said \(status)")
  return result.prefix(Int(count)).map { UInt8(bitPattern: $0) }
}
