import AisCore
import AisFormats
import FuzzSupport

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
  FuzzInput.writeSeeds {
    CoordinateFormat.allCases.flatMap { format -> [(name: String, bytes: [UInt8])] in
      guard let encoding = try? CoordinateFile.encode(seedList, path: "seed", format: format, options: options) else {
        return []
      }
      return [("seed-\(format.rawValue).\(format.fileExtension)", encoding.bytes)]
    }
  }
  return 0
}

private let voxelSize = VoxelSize(.angstroms(5.4))
private let volumes = TiltSeriesTable([
  .init(name: "TS_01", shape: Shape(z: 301, y: 960, x: 1023), pixelSize: .angstroms(1.35))
])

private let options: CoordinateOptions = {
  var options = CoordinateOptions()
  options.tiltSeries = volumes
  options.tiltSeries.common = .init(name: "", shape: Shape(z: 300, y: 960, x: 1000), pixelSize: .angstroms(2))
  options.pickedFrom = "TS_01__Ribosome.mrc"
  return options
}()

private let seedList = ParticleList(
  tomograms: [TomogramFrame(name: "TS_01", shape: Shape(z: 75, y: 240, x: 256), voxelSize: voxelSize)],
  particles: [
    Particle(
      point: VoxelPoint(z: 10.5, y: 20, x: 30.25), angles: EulerAngles(rot: 10, tilt: 70, psi: -20), score: 0.5,
      group: 1, id: "a",
      extra: ["two words"]),
    Particle(point: VoxelPoint(z: 1, y: 2, x: 3), angles: EulerAngles(rot: 0, tilt: 0, psi: 0), extra: [""]),
  ], extraColumns: ["wrpSourceHash"])

/// What is known of tomograms: nothing, everything, and the rest asked for.
private let manners: [CoordinateHints] = {
  let plain = CoordinateHints()
  var incomplete = plain
  incomplete.allowsIncomplete = true
  var known = plain
  known.shape = Shape(z: 75, y: 240, x: 256)
  known.voxelSize = voxelSize
  known.tiltSeries = options.tiltSeries
  known.alignment = .edges
  return [plain, incomplete, known]
}()

/// Any list of particles, be it STAR, text or JSON; what could be read is written in every format and read once more.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let file = Array(UnsafeBufferPointer(start: bytes, count: count))
  if let star = try? STARFile(parsing: file, name: "input.star") {
    _ = try? TiltSeriesTable(star, path: "input.star")
    if let written = try? star.encoded(name: "again.star") {
      precondition((try? STARFile(parsing: written, name: "again.star")) != nil, "a STAR file of ours is not sound")
    }
  }
  for hints in manners {
    do throws(AisError) {
      let reading = try CoordinateFile.read(file, path: "input", hints: hints)
      precondition(reading.list.particles.allSatisfy { $0.point.isFinite }, "a point that is not finite was read")
      precondition(
        reading.list.particles.allSatisfy { reading.list.tomograms.indices.contains($0.tomogram) },
        "a tomogram is missing")
      for format in CoordinateFormat.allCases { rewrite(reading, format, hints) }
    } catch {
      precondition(!error.message.isEmpty, "an error says nothing")
    }
  }
  return 0
}

private func rewrite(_ reading: CoordinateReading, _ format: CoordinateFormat, _ hints: CoordinateHints) {
  var writing = options
  writing.otherBlocks = reading.otherBlocks
  guard let encoding = try? CoordinateFile.encode(reading.list, path: "again", format: format, options: writing) else {
    return
  }
  var known = hints
  known.voxelSize = known.voxelSize ?? voxelSize
  known.tiltSeries = options.tiltSeries
  guard let again = try? CoordinateFile.read(encoding.bytes, path: "again", format: format, hints: known) else {
    return
  }
  precondition(again.list.particles.count == reading.list.particles.count, "particles were lost on the way")
}
