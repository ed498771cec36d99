import AisCore
import AisFormats
import FuzzSupport

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  FuzzInput.writeSeeds {
    var feature = AnnotatedDataset.Feature()
    feature.title = "Membrane"
    var mask = SliceMask(height: 8, width: 9)
    mask.set(5..<40)
    feature.masks[1] = .inMemory(mask)
    feature.boxes[1] = [.init(y: 3, x: 4)]
    let dataset = AnnotatedDataset(
      tomogramPath: "/T.mrc", title: "T", sliceCount: 3, height: 8, width: 9, pixelSize: .angstroms(10),
      features: [feature, .init()], activeFeature: 0, display: .init(contrast: 0...1))
    return [("dataset.scns", try dataset.encoded(path: "/T.scns"))]
  }
  return 0
}

/// Annotated datasets: decoded, every mask read; what was read is written, and must be read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let file = Array(UnsafeBufferPointer(start: bytes, count: count))
  do throws(AisError) {
    let dataset = try AnnotatedDataset.read(.memory(file), name: "input.scns")
    // A file says how large its slices are; writing takes a byte for each of their pixels.
    guard dataset.height * dataset.width <= 1 << 16, dataset.features.count <= 16 else { return 0 }
    let slices = dataset.features.reduce(0) { $0 + $1.masks.count + $1.boxes.count }
    guard slices <= 64 else { return 0 }
    let again = try AnnotatedDataset.read(.memory(try dataset.encoded(path: "/again.scns")), name: "again.scns")
    precondition(again.features.count == dataset.features.count, "a feature was lost")
    for (one, other) in zip(dataset.features, again.features) {
      for (slice, mask) in one.masks {
        let isSame = try mask.read() == other.masks[slice]?.read()
        precondition(isSame, "a mask changed on the way back")
      }
      precondition(
        one.boxes.values.reduce(0) { $0 + $1.count } == other.boxes.values.reduce(0) { $0 + $1.count },
        "a box was lost on the way back")
    }
  } catch {
    precondition(!error.message.isEmpty, "an error says nothing")
  }
  return 0
}
