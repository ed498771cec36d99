import AisCore
import AisFormats
import Foundation
import Logging

/// Cuts the particles of lists out of their tomograms: an MRC file each, a STAR list for each tomogram and one of all.
package final class ParticleExtraction: Sendable {
  static let schema = "ais.extraction/1"

  /// What came out of the whole.
  package struct Result: Sendable, Encodable {
    package var particles = 0
    package var skippedAtEdge = 0
    package var filledAtEdge = 0
    package var list: String
    package var proof: ExtractionProof.Result?

    /// What becomes of the particles of some tomograms.
    init(_ tasks: [ExtractionTask], list: String, _ boxes: ParticleBoxes) {
      self.list = list
      particles = tasks.reduce(0) { $0 + $1.images.count }
      let beyond = tasks.reduce(0) { $0 + $1.beyondCount }
      if boxes.edge == .skip { skippedAtEdge = beyond } else { filledAtEdge = beyond }
    }
  }

  let request: ExtractionRequest
  package let list: ParticleList
  package let tasks: [ExtractionTask]
  /// Sentences on frames and oddities of the lists.
  package let notes: [String]
  /// The account of the list of all; `nil` when that is there already, made of the same.
  private let record: WorkRecord?
  private let logger: Logger
  private let cancellation: Cancellation

  /// What stands in the way, known before work starts.
  package var refusals: [AisError] { tasks.flatMap(\.refusals) }

  /// Reads the lists, finds their tomograms, what is there already, and what would go wrong before anything is cut.
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
    self.list = list
    self.notes = notes + (try CoordinateConversion.doubts(list))
    var tasks = try Self.tasks(list, request)
    let all = Self.path(of: request)
    for index in tasks.indices {
      try cancellation.check()
      try tasks[index].settle(rows: Self.rows(list, [tasks[index]], path: all), request)
    }
    self.tasks = tasks
    let record = try WorkRecord(
      schema: Self.schema, settings: ExtractionSettings(request, rows: Self.rows(list, tasks, path: all)),
      inputs: request.lists + tasks.map(\.path))
    switch request.replaces ? .absent : ExistingOutput.look(at: [all], record: record) {
    case .same: self.record = nil
    case .other(let reason): throw AisError(.needsDecision, reason)
    case .absent: self.record = record
    }
    try checkDisk()
  }

  /// The list of the boxes of some tomograms, without comments.
  private static func rows(
    _ list: ParticleList, _ tasks: [ExtractionTask], path: String
  ) throws(AisError) -> [UInt8] {
    try CoordinateFile.encode(written(list, tasks), path: path, format: .relion31).bytes
  }

  private static func tasks(_ list: ParticleList, _ request: ExtractionRequest) throws(AisError) -> [ExtractionTask] {
    var tasks: [ExtractionTask] = []
    var missing: [String] = []
    let members = Dictionary(grouping: list.particles.indices) { list.particles[$0].tomogram }
    for (index, frame) in list.tomograms.enumerated() {
      guard let particles = members[index] else { continue }
      guard let path = request.context.path(of: frame) else {
        missing.append(frame.name)
        continue
      }
      tasks.append(try ExtractionTask(frame, path: path, particles: particles, of: list, request))
    }
    if let first = missing.first {
      throw AisError(
        .notFound,
        "no tomogram was given for '\(first)'\(missing.count > 1 ? " and \(missing.count - 1) others" : "") of the list. Name its file or folder with '--tomogram'."
      )
    }
    return tasks
  }

  /// The list of all boxes.
  private static func path(of request: ExtractionRequest) -> String {
    OutputFolder.prefix(request.outputFolder) + "particles.star"
  }

  private func checkDisk() throws(AisError) {
    let size = request.boxes.size
    let count = tasks.reduce(0) { $0 + ($1.record == nil ? 0 : $1.images.count) }
    let needed = count * (1024 + size * size * size * request.elementType.byteCount)
    guard let free = DiskSpace.free(at: request.outputFolder), needed > free else { return }
    throw AisError(
      .diskFull,
      "\(count) boxes of \(size)³ voxels need \(ByteCount(needed)) in '\(request.outputFolder)', \(ByteCount(free)) are free. Free some space, or choose another '-o'"
    )
  }

  /// Cuts the boxes of every tomogram that are not there yet, whatever becomes of the others, then writes the list of all;
  /// no such list when a tomogram failed.
  ///
  /// Boxes come before lists, so that a list never names a box that is not there.
  package func run(
    _ watch: @escaping (BatchEvent) -> Void
  ) throws(AisError) -> (outcomes: [BatchOutcome], result: Result?) {
    try OutputFolder.prepare(request.outputFolder, logger: logger)
    let known = tasks.map {
      BatchOutcome(input: $0.path, skipped: $0.isFinished ? [$0.list] : [], failures: $0.refusals)
    }
    let outcomes = try Batch.run(known, cancellation: cancellation, watch: watch) {
      (index, outcome: inout BatchOutcome, progress) throws(AisError) in
      guard let record = tasks[index].record else { return }
      try run(tasks[index], record, &outcome, progress)
    }
    guard outcomes.allSatisfy(\.failures.isEmpty) else { return (outcomes, nil) }
    return (outcomes, try finish())
  }

  private func run(
    _ task: ExtractionTask, _ record: WorkRecord, _ outcome: inout BatchOutcome, _ progress: (Double) -> Void
  ) throws(AisError) {
    try OutputFolder.prepare(task.folder, logger: logger)
    let tomogram = try Tomogram.open(task.path, options: request.reading)
    let points = task.particles.map { list.particles[$0].point }
    let (folder, voxelSize) = (OutputFolder.prefix(request.outputFolder), tomogram.voxelSize)
    try request.boxes.cut(
      points, from: tomogram, memory: request.memory, threads: request.threads, cancellation: cancellation,
      progress: progress
    ) { (index, box) throws(AisError) in
      try write(box, to: folder + task.images[index]!, of: task, voxelSize: voxelSize)
    }
    let result = Result([task], list: task.list, request.boxes)
    let encoding = try CoordinateFile.encode(
      Self.written(list, [task]), path: task.list, format: .relion31, provenance: try record.lines("extract-particles"))
    try record.write([(task.list, encoding.bytes)], results: result, warnings: encoding.warnings)
    outcome.written = [task.list]
    outcome.warnings += encoding.warnings
    outcome.results = result
  }

  /// The list of all, and its proof.
  private func finish() throws(AisError) -> Result {
    let path = Self.path(of: request)
    var result = Result(tasks, list: path, request.boxes)
    guard let record else {
      let bytes = try RandomAccessFile(path).contents(limit: CoordinateFile.largest)
      if request.proves { result.proof = try ExtractionProof.prove(bytes, self, cancellation: cancellation) }
      return result
    }
    let encoding = try CoordinateFile.encode(
      Self.written(list, tasks), path: path, format: .relion31, provenance: try record.lines("extract-particles"))
    if request.proves { result.proof = try ExtractionProof.prove(encoding.bytes, self, cancellation: cancellation) }
    try record.write([(path, encoding.bytes)], results: result, warnings: encoding.warnings)
    return result
  }

  private func write(
    _ box: Volume<Float>, to path: String, of task: ExtractionTask, voxelSize: VoxelSize?
  ) throws(AisError) {
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

  /// The list of the boxes of some tomograms: the coordinate is the voxel in the middle of the box, the origin what is missing
  /// to the particle.
  private static func written(_ list: ParticleList, _ tasks: [ExtractionTask]) -> ParticleList {
    var result = list
    let isMetric = list.tomograms.allSatisfy { $0.voxelSize != nil }
    let origins = ["X", "Y", "Z"].map { "rlnOrigin\($0)" + (isMetric ? "Angst" : "") }
    let dropped = Set(origins + ["rlnImageName"])
    let kept = list.extraColumns.indices.filter { !dropped.contains(list.extraColumns[$0]) }
    result.extraColumns = ["rlnImageName"] + origins + kept.map { list.extraColumns[$0] }
    var images: [Int: String] = [:]
    for task in tasks { for (index, name) in task.images { images[task.particles[index]] = name } }
    result.particles = []
    for (index, image) in images.sorted(by: { $0.key < $1.key }) {
      var particle = list.particles[index]
      let centre = VoxelPoint(ParticleBoxes.centre(of: particle.point))
      let edge = isMetric ? list.tomograms[particle.tomogram].voxelSize! : VoxelSize(.angstroms(1))
      // A particle lies at its coordinate less its origin.
      let origin = (centre - particle.point).position(edge)
      particle.extra =
        [image] + [origin.x, origin.y, origin.z].map { PointTransform.text($0) } + kept.map { particle.extra[$0] }
      particle.point = centre
      result.particles.append(particle)
    }
    return result
  }
}
