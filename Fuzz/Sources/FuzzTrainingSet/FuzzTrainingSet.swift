import AisCore
import AisFormats
import Foundation
import FuzzSupport

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  FuzzInput.writeSeeds { try seeds() }
  return 0
}

/// Training sets: the archive of MRC files, read where its members lie, and the TIFF stack.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  FuzzInput.asFile("input.scnt", bytes, count) { path in
    do throws(AisError) {
      let set = try TrainingSetFile.open(path)
      for index in 0..<min(set.count, 8) {
        let label = try set.label(index)
        precondition(label.shape.y == set.metadata.boxSize, "a label of another size was read")
        for flavour in set.metadata.flavours.indices where set.hasImage(index, flavour: flavour) {
          let image = try set.image(index, flavour: flavour)
          precondition(image.shape.z == set.metadata.storedDepth, "an image of another depth was read")
        }
      }
    } catch {
      precondition(!error.message.isEmpty, "an error says nothing")
    }
  }
  return 0
}

/// A set of two boxes with two flavours, and one without a description.
private func seeds() throws -> [(name: String, bytes: [UInt8])] {
  let path = FuzzInput.folder + "/seed.scnt"
  var metadata = TrainingSetMetadata(pixelSize: .angstroms(10), boxSize: 8, depth: 1, jitter: 0)
  metadata.features = ["Membrane"]
  metadata.flavours = ["x_denoised", TrainingSetMetadata.standardFlavour]
  let writer = try TrainingSetWriter(path, metadata: metadata)
  for index in 0..<2 {
    let source = TrainingBoxSource(
      tomogram: "t", tomogramPath: "/t.mrc", feature: "Membrane", centre: VoxelIndex(z: index, y: 4, x: 4),
      annotatedSize: 8, extractedSize: 8)
    let volume = Volume<Float>(shape: Shape(z: 1, y: 8, x: 8), repeating: Float(index))
    try writer.append(source, images: metadata.flavours.map { (flavour: $0, volume) }, label: volume)
  }
  try writer.close()
  try writer.file.finish()
  let whole = try fileBytes(path)
  // Cut behind a block: what the description says of later boxes is then missing.
  return [("whole.scnt", whole), ("half.scnt", Array(whole[..<(whole.count / 1024 * 512)]))]
}
