import FuzzSupport

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  FuzzInput.writeSeeds {
    var seeds: [(name: String, bytes: [UInt8])] = []
    for (bits, format) in [(8, 1), (8, 2), (16, 1), (16, 2), (32, 3), (64, 3)] {
      for (isBigEndian, isPacked) in [(false, false), (true, false), (false, true)] {
        let file = SmallTIFF(
          bitsPerSample: bits, sampleFormat: format, isBigEndian: isBigEndian, isPacked: isPacked)
        seeds.append(("tiff-\(bits)-\(format)-\(isBigEndian)-\(isPacked).tif", file.bytes()))
      }
    }
    return seeds
  }
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  FuzzInput.asFile("input.tif", bytes, count, readTomogram)
  return 0
}
