import AisCore
import AisFormats
import AisNetworks
import FuzzSupport

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  FuzzInput.writeSeeds {
    try networkParts().filter { $0.name.hasSuffix(".h5") && $0.bytes.count <= 128 << 10 }
  }
  return 0
}

/// HDF5 files: every group, attribute and array, then the network they describe.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let file = Array(UnsafeBufferPointer(start: bytes, count: count))
  do throws(AisError) {
    let tree = try HDF5File(file, name: "input.h5")
    visit(tree.root, of: tree)
  } catch {
    precondition(!error.message.isEmpty, "an error says nothing")
  }
  _ = try? KerasModel.read(file, name: "input.h5")
  return 0
}

private func visit(_ group: HDF5Group, of tree: HDF5File) {
  for name in group.attributes.keys { _ = try? tree.strings(name, of: group) }
  for dataset in group.datasets.values {
    guard let values = try? tree.floats(dataset) else { continue }
    precondition(values.count == dataset.shape.reduce(1, *), "an array has another size than its shape says")
  }
  for child in group.groups.values { visit(child, of: tree) }
}
