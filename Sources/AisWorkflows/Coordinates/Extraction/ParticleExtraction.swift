import AisCore
import AisFormats
import Foundation
import Logging

/// What a person asks of `ais extract-particles`.
package struct ExtractionRequest: Sendable {
  package var lists: [String]
  package var format: CoordinateFormat?
  package var outputFolder: String
  package var context: CoordinateContext
  package var reading = TomogramOptions()
  package var boxes: ParticleBoxes
  /// float16 halves the size of the files.
  package var elementType = ElementType.float32
  package var replaces = false
  /// Bytes that boxes may take.
  package var memory = 1 << 30
  /// Cuts boxes again by the list that was written and measures where their mean lies.
  package var proves = false

  package init(lists: [String], outputFolder: String, context: CoordinateContext, boxes: ParticleBoxes) {
    self.lists = lists
    self.outputFolder = outputFolder
    self.context = context
    self.boxes = boxes
  }
}

/// Cuts the particles of lists out of their tomograms: an MRC file each, and a STAR list of them.
package final class ParticleExtraction: Sendable {
  /// What is done with one tomogram.
  package struct Task: Sendable {
    package var tomogram: TomogramFrame
    package var path: String
    /// Indices into the list's particles.
    package var particles: [Int]
  }

  /// What came out of the whole.
  package struct Result: Sendable, Encodable {
    package var particles = 0
    package var skippedAtEdge = 0
    package var filledAtEdge = 0
    package var list: String
    package var proof: ExtractionProof.Result?
  }

  package let request: ExtractionRequest
  package let list: ParticleList
  package let tasks: [Task]
  /// Sentences on frames and oddities of the lists.
  package let notes: [String]
  private let logger: Logger
  private let cancellation: Cancellation

  /// Reads the lists, finds their tomograms and what would go wrong before anything is cut.
  package init(_ request: ExtractionRequest, cancellation: Cancellation, logger: Logger) throws(AisError) {
    self.request = request
    self.logger = logger
    self.cancellation = cancellation
    guard request.boxes.size >= 2, request.boxes.size <= 4096 else {
      throw AisError(.usage, "a box has 2 to 4096 voxels on each side, not \(request.boxes.size).")
    }
    var notes: [String] = []
    var lists: [(name: String, list: ParticleList)] = []
    for path in request.lists {
      let reading = try request.context.read(path, format: request.format)
      notes.append("'\(path)' is \(reading.format.phrase): \(reading.frame)")
      notes += reading.warnings.map { "'\(path)': \($0)" }
      lists.append((path, reading.list))
    }
    let list = try ParticleMerge.merged(lists)
    var tasks: [Task] = []
    var missing: [String] = []
    for (index, frame) in list.tomograms.enumerated() {
      let particles = list.particles.indices.filter { list.particles[$0].tomogram == index }
      if particles.isEmpty { continue }
      guard let path = request.context.path(of: frame) else {
        missing.append(frame.name)
        continue
      }
      tasks.append(Task(tomogram: frame, path: path, particles: particles))
    }
    if let first = missing.first {
      throw AisError(
        .notFound,
        "no tomogram was given for '\(first)'\(missing.count > 1 ? " and \(missing.count - 1) others" : "") of the list. Name its file or folder with '--tomogram'."
      )
    }
    self.list = list
    self.tasks = tasks
    self.notes = notes + (try CoordinateConversion.doubts(list))
    try checkDisk()
  }

  private var listPath: String { OutputFolder.prefix(request.outputFolder) + "particles.star" }

  private func checkDisk() throws(AisError) {
    let size = request.boxes.size
    let needed = list.particles.count * (1024 + size * size * size * request.elementType.byteCount)
    guard let free = DiskSpace.free(at: request.outputFolder), needed > free else { return }
    throw AisError(
      .diskFull,
      "\(list.particles.count) boxes of \(size)³ voxels need \(ByteCount(needed)) in '\(request.outputFolder)', \(ByteCount(free)) are free. Free some space, or choose another '-o'"
    )
  }

  /// Everything that changes the boxes.
  private struct Settings: Encodable, Sendable {
    var size: Int
    var edge: String
    var normalisation: String
    var inverts: Bool
    var elementType: String
    var view: String
    var voxelSizeAngstromXYZ: [Double]?
  }

  private func record() throws(AisError) -> WorkRecord {
    let boxes = request.boxes
    let settings = Settings(
      size: boxes.size, edge: boxes.edge.rawValue, normalisation: boxes.normalisation.rawValue, inverts: boxes.inverts,
      elementType: request.elementType.rawValue, view: request.reading.view.summary,
      voxelSizeAngstromXYZ: request.context.hints.voxelSize.map { [$0.x.angstrom, $0.y.angstrom, $0.z.angstrom] })
    return try WorkRecord(
      schema: "ais.extraction/1", settings: settings, inputs: request.lists + tasks.map(\.path))
  }

  /// Cuts all boxes, then writes the list; `nil` when everything was there already.
  ///
  /// Boxes come first, so that a list never names a box that is not there.
  package func run(progress: (Double) -> Void = { _ in }) throws(AisError) -> Result? {
    let record = try record()
    switch request.replaces ? .absent : ExistingOutput.look(at: [listPath], record: record) {
    case .same: return nil
    case .other(let reason): throw AisError(.needsDecision, reason)
    case .absent: break
    }
    try OutputFolder.prepare(request.outputFolder, logger: logger)
    var result = Result(list: listPath)
    var images = Array(repeating: "", count: list.particles.count)
    var done = 0.0
    for task in tasks {
      let share = Double(task.particles.count) / Double(max(1, list.particles.count))
      let tomogram = try Tomogram.open(task.path, options: request.reading)
      let points = task.particles.map { list.particles[$0].point }
      let inside = points.count { request.boxes.isInside($0, tomogram.shape) }
      if request.boxes.edge == .skip {
        result.skippedAtEdge += points.count - inside
      } else {
        result.filledAtEdge += points.count - inside
      }
      let folder = OutputFolder.prefix(request.outputFolder) + task.tomogram.name
      try OutputFolder.prepare(folder, logger: logger)
      try request.boxes.cut(
        points, from: tomogram, memory: request.memory, cancellation: cancellation,
        progress: { progress(done + share * $0) }
      ) { (index, box) throws(AisError) in
        let number = String(index + 1)
        let name = "\(task.tomogram.name)_\(String(repeating: "0", count: max(0, 6 - number.count)))\(number).mrc"
        try write(box, to: folder + "/" + name, of: task, voxelSize: tomogram.voxelSize)
        images[task.particles[index]] = "\(task.tomogram.name)/\(name)"
        result.particles += 1
      }
      done += share
    }
    let written = written(images)
    let encoding = try CoordinateFile.encode(
      written, path: listPath, format: .relion31, provenance: try record.lines("extract-particles"))
    if request.proves { result.proof = try ExtractionProof.prove(encoding.bytes, self, cancellation: cancellation) }
    try record.write([(listPath, encoding.bytes)], results: result, warnings: encoding.warnings)
    return result
  }

  private func write(_ box: Volume<Float>, to path: String, of task: Task, voxelSize: VoxelSize?) throws(AisError) {
    let output = MRCOutput(
      shape: box.shape, elementType: request.elementType, voxelSize: voxelSize,
      labels: ["Ais \(AisVersion.current) extract-particles", "from \(task.tomogram.name)"])
    let writer = try MRCWriter(path: path, output: output)
    for z in 0..<box.shape.z {
      var failure: AisError?
      box.voxels[z * box.shape.sliceCount..<(z + 1) * box.shape.sliceCount].withUnsafeBufferPointer { slice in
        do throws(AisError) { try writer.writeSlice(z, slice) } catch { failure = error }
      }
      if let failure { throw failure }
    }
    try writer.finish()
  }

  /// The list of the boxes: the coordinate is the voxel in the middle of the box, the origin what is missing to the particle.
  private func written(_ images: [String]) -> ParticleList {
    var result = list
    let isMetric = list.tomograms.allSatisfy { $0.voxelSize != nil }
    let origins = ["X", "Y", "Z"].map { "rlnOrigin\($0)" + (isMetric ? "Angst" : "") }
    let dropped = Set(origins + ["rlnImageName"])
    let kept = list.extraColumns.indices.filter { !dropped.contains(list.extraColumns[$0]) }
    result.extraColumns = ["rlnImageName"] + origins + kept.map { list.extraColumns[$0] }
    result.particles = []
    for (index, particle) in list.particles.enumerated() where !images[index].isEmpty {
      var particle = particle
      let centre = VoxelPoint(ParticleBoxes.centre(of: particle.point))
      let edge = isMetric ? list.tomograms[particle.tomogram].voxelSize! : VoxelSize(.angstroms(1))
      // A particle lies at its coordinate less its origin.
      let origin = (centre - particle.point).position(edge)
      particle.extra =
        [images[index]] + [origin.x, origin.y, origin.z].map { PointTransform.text($0) }
        + kept.map { particle.extra[$0] }
      particle.point = centre
      result.particles.append(particle)
    }
    return result
  }
}
