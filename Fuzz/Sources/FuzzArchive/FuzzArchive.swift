import AisCore
import AisNetworks
import FuzzSupport

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  FuzzInput.writeSeeds { try networkFiles(atMost: 128 << 10) }
  return 0
}

/// Network files: tar, gzip-compressed tar, JSON, Keras HDF5.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  FuzzInput.asFile("input.scnm", bytes, count) { path in
    do throws(AisError) {
      let model = try ModelFile.read(path)
      precondition(!model.graph.nodes.isEmpty, "a network without nodes was read")
    } catch {
      precondition(!error.message.isEmpty, "an error says nothing")
    }
  }
  return 0
}
