import AisCore
import AisFormats
import FuzzSupport

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  FuzzInput.writeSeeds {
    var model = IMODModel(name: "seed", size: Shape(z: 3, y: 4, x: 5), pixelSize: 1.2, units: -9)
    model.objects = [
      .init(
        name: "points", flags: IMODFlags.open | IMODFlags.scattered, pointRadius: 2,
        contours: [.init(points: [.init(x: 1, y: 2, z: 3), .init(x: 4, y: 5, z: 6)], sizes: [1, -1])]),
      .init(name: "none"),
    ]
    model.slicerAngles = [.init(x: 10, y: 20, z: 30, centre: .init(x: 1, y: 2, z: 3), label: "a")]
    let point = IMODModel.Point(x: 12, y: 12, z: 12)
    model.reference = .init(scale: point, loadedOrigin: point, imageOrigin: point)
    var flipped = model
    flipped.flags |= IMODFlags.exchangesYZ | IMODFlags.imageOrigin
    return [("model.mod", model.encoded()), ("flipped.mod", flipped.encoded())]
  }
  return 0
}

/// IMOD models: read, turned into particles, and written; what is written must be read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let file = Array(UnsafeBufferPointer(start: bytes, count: count))
  do throws(AisError) {
    let model = try IMODModel(parsing: file, name: "input.mod")
    let (list, _) = model.particles(of: TomogramFrame(name: "T"))
    precondition(list.particles.count == model.pointCount, "a point was lost")
    let again = try IMODModel(
      parsing: IMODModel(particles: list, frame: list.tomograms[0], radius: 3).encoded(), name: "again.mod")
    precondition(again.pointCount == model.pointCount, "a point was lost on the way back")
  } catch {
    precondition(!error.message.isEmpty, "an error says nothing")
  }
  return 0
}
