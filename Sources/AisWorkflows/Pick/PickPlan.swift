import AisCore
import AisFormats
import Foundation

/// Everything that a run of `ais pick` will do, settled before any segmentation is searched.
package struct PickPlan: Sendable {
  package let request: PickRequest
  package var tasks: [PickTask]
  /// Files of folders that are volumes and no segmentations, or those of other features.
  package let passedOver: [String]

  /// Segmentations that will be searched.
  package var count: Int { tasks.count { $0.record != nil } }

  /// Throws what stops the whole run: contradictions, inputs that are not there, names that clash. What concerns one
  /// segmentation becomes a refusal of its task.
  package static func make(_ request: PickRequest, cancellation: Cancellation) throws(AisError) -> PickPlan {
    try request.validate()
    var request = request
    if let path = request.tiltSeriesTable { request.formatOptions.tiltSeries = try TiltSeriesTable(path: path) }
    let inputs = try InputCollection(request.inputs, of: .segmentations(feature: request.feature))
    if let mask = request.mask { _ = try RandomAccessFile(mask) }
    var claims = OutputClaims(inputs: inputs.paths)
    var tasks: [PickTask] = []
    for input in inputs.paths {
      let task = PickTask(input, request)
      for path in task.outputs { claims.claim(path, for: input) }
      tasks.append(task)
    }
    try claims.check()
    for index in tasks.indices {
      try cancellation.check()
      do throws(AisError) { try tasks[index].settle(request) } catch { tasks[index].refusals.append(error) }
    }
    return PickPlan(request: request, tasks: tasks, passedOver: inputs.passedOver)
  }
}

/// One segmentation and what is to be done with it.
package struct PickTask: Sendable {
  package var input: String
  /// The file of coordinates.
  package var points: String
  /// The contact sheet.
  package var sheet: String?
  /// The script for ChimeraX.
  package var script: String?
  /// The account to be written; `nil` when there is nothing to do.
  package var record: WorkRecord?
  /// Outputs that are there already, made with the same settings and input.
  package var finished: [String] = []
  package var refusals: [AisError] = []
  /// What its time is in proportion to.
  package var voxelCount = 0

  package var outputs: [String] { [points] + [sheet, script].compactMap(\.self) }

  /// The task and the names of its outputs; the segmentation need not be there yet.
  init(_ input: String, _ request: PickRequest) {
    self.input = input
    let stem = OutputFolder.prefix(request.outputFolder) + SegmentationName.stem(of: input) + "_coords"
    points = "\(stem).\(request.format.fileExtension)"
    // Of this list: a second one in another format has a sheet of its own.
    sheet = request.drawsContactSheet ? points + ".png" : nil
    script = request.writesChimeraXScript ? points + ".cxc" : nil
  }

  /// Looks at the segmentation's header and at what is there already.
  fileprivate mutating func settle(_ request: PickRequest) throws(AisError) {
    let tomogram = try Tomogram.open(input, options: request.view)
    voxelCount = tomogram.shape.countIfRepresentable ?? 0
    try PickVoxelSize.check(tomogram, path: input, request)
    try checkFormat(PickFinding.frame(of: input, tomogram, request), request)
    let record = try WorkRecord(
      schema: PickRun.schema, settings: PickSettings(request),
      inputs: [input] + [request.mask, request.tiltSeriesTable].compactMap(\.self))
    switch request.replacesOutputs ? .absent : ExistingOutput.look(at: outputs, record: record) {
    case .same: finished = outputs
    case .other(let reason): throw AisError(.needsDecision, reason)
    case .absent: self.record = record
    }
  }

  /// Writes a point for nobody: what the format needs and is not known is said before the search.
  private func checkFormat(_ frame: TomogramFrame, _ request: PickRequest) throws(AisError) {
    let point = ParticleList(tomograms: [frame], particles: [Particle(point: VoxelPoint(z: 0, y: 0, x: 0))])
    _ = try CoordinateFile.encode(point, path: points, format: request.format, options: request.formatOptions)
  }
}
