import AisCore
import AisFormats
import Foundation

/// Everything that a run of `ais mesh` will do, settled before any surface is made.
package struct MeshPlan: Sendable {
  package let request: MeshRequest
  package var tasks: [MeshTask]
  /// Files of folders that are volumes and no segmentations, or those of other features.
  package let passedOver: [String]

  /// Segmentations of which surfaces will be made.
  package var count: Int { tasks.count { $0.record != nil } }

  /// The folder that outputs are written to.
  package var folder: String {
    guard MeshRequest.format(ofFile: request.output) != nil else { return request.output }
    let folder = (request.output as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }

  /// Throws what stops the whole run: contradictions, inputs that are not there, names that clash. What concerns one
  /// segmentation becomes a refusal of its task.
  package static func make(_ request: MeshRequest, cancellation: Cancellation) throws(AisError) -> MeshPlan {
    var request = request
    let fileFormat = MeshRequest.format(ofFile: request.output)
    if let fileFormat { request.format = fileFormat }
    try request.validate()
    let inputs = try InputCollection(request.inputs, of: .segmentations(feature: request.feature))
    if fileFormat != nil, inputs.paths.count > 1 {
      throw AisError(
        .usage,
        "'\(request.output)' is one file, and there are \(inputs.paths.count) segmentations: give a folder with '-o'")
    }
    var claims = OutputClaims(inputs: inputs.paths)
    var tasks: [MeshTask] = []
    for input in inputs.paths {
      let base =
        fileFormat == nil
        ? OutputFolder.prefix(request.output) + SegmentationName.stem(of: input)
        : String(request.output.dropLast(request.format.rawValue.count + 1))
      let task = MeshTask(
        input: input, base: base,
        pathExtension: fileFormat.map { _ in (request.output as NSString).pathExtension }
          ?? request.format.rawValue, isSplit: request.splitsComponents)
      claims.claim(task.path(component: 0), for: input)
      tasks.append(task)
    }
    try claims.check()
    for index in tasks.indices {
      try cancellation.check()
      do throws(AisError) { try tasks[index].settle(request) } catch { tasks[index].refusals.append(error) }
    }
    return MeshPlan(request: request, tasks: tasks, passedOver: inputs.passedOver)
  }
}

/// One segmentation and what is to be done with it.
package struct MeshTask: Sendable {
  package var input: String
  /// The account to be written; `nil` when there is nothing to do.
  package var record: WorkRecord?
  /// Outputs that are there already, made with the same settings and input.
  package var finished: [String] = []
  package var refusals: [AisError] = []
  /// What its time is in proportion to.
  package var voxelCount = 0
  /// Path without the ending.
  private let base: String
  private let pathExtension: String
  private let isSplit: Bool

  init(input: String, base: String, pathExtension: String, isSplit: Bool) {
    self.input = input
    self.base = base
    self.pathExtension = pathExtension
    self.isSplit = isSplit
  }

  /// The file of a component, counted from 0; without files of their own, that of all of them.
  func path(component index: Int) -> String {
    guard isSplit else { return "\(base).\(pathExtension)" }
    let number = String(index + 1)
    return "\(base)_\(String(repeating: "0", count: max(0, 4 - number.count)))\(number).\(pathExtension)"
  }

  /// Files that an earlier run's record accounts for.
  var recorded: [String] {
    let record = WorkRecord.path(of: path(component: 0))
    let folder = (record as NSString).deletingLastPathComponent
    return WorkRecord.outputNames(atRecord: record).map { folder.isEmpty ? $0 : OutputFolder.prefix(folder) + $0 }
  }

  /// Looks at the segmentation's header and at what is there already.
  fileprivate mutating func settle(_ request: MeshRequest) throws(AisError) {
    let tomogram = try Tomogram.open(input, options: request.view)
    voxelCount = tomogram.shape.countIfRepresentable ?? 0
    try VoxelSizeCheck.require(tomogram, path: input, need: "A mesh has lengths.")
    let record = try WorkRecord(schema: MeshRun.schema, settings: MeshSettings(request), inputs: [input])
    // How many files there are is known only to an earlier run's record.
    let known = recorded
    let outputs = isSplit && !known.isEmpty ? known : [path(component: 0)]
    switch request.replacesOutputs ? .absent : ExistingOutput.look(at: outputs, record: record) {
    case .same: finished = outputs
    case .other(let reason): throw AisError(.needsDecision, reason)
    case .absent: self.record = record
    }
  }
}
