import AisCore
import AisFormats
import AisNetworks
import FuzzSupport

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  FuzzInput.writeSeeds { try networkParts().filter { $0.name.hasSuffix(".json") } }
  return 0
}

/// The two kinds of JSON in a network file: the metadata of the program, and Keras' description of the layers.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = Array(UnsafeBufferPointer(start: bytes, count: count))
  do throws(AisError) {
    let json = try JSONValue(parsing: text, name: "input.json")
    var warnings: [String] = []
    let metadata = ModelMetadata(json, warnings: &warnings)
    precondition((1...8).contains(metadata.tta), "metadata out of range were taken over")
    _ = try KerasModel.layers(describedBy: json, name: "input.json")
  } catch {
    precondition(!error.message.isEmpty, "an error says nothing")
  }
  return 0
}
