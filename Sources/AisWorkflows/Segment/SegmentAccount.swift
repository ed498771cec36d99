import AisCore
import AisFormats
import AisImaging
import AisNetworks
import AisSegmentation
import Foundation

/// What the files of one tomogram say about how they were made.
struct SegmentAccount {
  let plan: SegmentPlan
  let task: SegmentTask
  let tomogram: Tomogram
  let input: InputFingerprint
  let began: Date

  /// The lines of an output's MRC header.
  func labels(of output: SegmentTask.Output) -> [String] {
    let model = plan.models[output.model]
    let byModel = ["model sha256 \(model.file.contentHash.prefix(32))"]
    let what: String
    let made: [String]
    switch (output.kind, plan.group) {
    case (.labels, let group?):
      what = "labels of group \(group.title)"
      made = zip(1..., plan.models).prefix(3).map {
        "\($0) \($1.model.title), sha256 \($1.file.contentHash.prefix(16))"
      }
    case (.segmentation, let group?):
      what = model.model.title
      made = byModel + ["group \(group.title), \(group.models.count) models, \(group.rules.count) interactions"]
    default: (what, made) = (model.model.title, byModel)
    }
    return SegmentProvenance.labels(
      what: what, made: made, input: task.input, settings: output.settings, fingerprint: output.fingerprint,
      date: began.ISO8601Format())
  }

  /// The document beside an output.
  func provenance(
    of output: SegmentTask.Output, order: Int, forecast: SegmentationForecast.ModelForecast, report: SegmentationReport
  ) -> SegmentProvenance {
    let (file, model) = (plan.models[output.model].file, plan.models[output.model].model)
    func xyz(_ size: VoxelSize) -> [Double] { [size.x.angstrom, size.y.angstrom, size.z.angstrom] }
    var engine = plan.engine.details
    engine["name"] = plan.engine.name
    engine.merge(model.network.details) { $1 }
    let isOfModel = output.kind != .labels
    let type = SegmentTask.elementType(of: output.kind, request: plan.request, labels: plan.models.count)
    let isGlobal = model.normalization == .wholeTomogram
    return SegmentProvenance(
      model: isOfModel
        ? .init(
          title: model.title, path: file.path, contentHash: file.contentHash, architecture: file.metadata.architecture,
          depth: model.depth, dimensionality: file.graph.dimensionality.rawValue,
          normalization: file.metadata.normalization.rawValue, pixelSizeAngstrom: file.metadata.apix) : nil,
      group: output.kind == .raw ? nil : group, settings: output.settings, fingerprint: output.fingerprint,
      input: .init(
        path: task.input, fingerprint: input, shapeXYZ: [tomogram.shape.x, tomogram.shape.y, tomogram.shape.z],
        voxelSizeAngstromXYZ: tomogram.voxelSize.map(xyz), byteSign: tomogram.info.byteSign?.explanation,
        warnings: tomogram.warnings.map(\.message)),
      output: .init(
        file: (output.path as NSString).lastPathComponent, elementType: type.rawValue, kind: output.kind,
        valueAtProbabilityOne: isOfModel ? Double(plan.request.outputType.scale.full) : nil),
      processing: isOfModel
        ? .init(
          workingSizeXY: [forecast.workingSize.x, forecast.workingSize.y], isRescaled: forecast.rescales,
          uncoveredSlices: forecast.uncoveredSlices,
          greyLevelCentre: isGlobal ? report.statistics.map { Double($0.centre) } : nil,
          greyLevelScale: isGlobal ? report.statistics.map { Double($0.scale) } : nil,
          networkSeconds: (report.networkSeconds[order] * 1000).rounded() / 1000) : nil,
      engine: engine, host: ProcessInfo.processInfo.hostName, date: began.ISO8601Format(),
      durationSeconds: (Date().timeIntervalSince(began) * 1000).rounded() / 1000)
  }

  private var group: SegmentProvenance.Group? {
    guard let recipe = plan.group, let path = plan.request.group else { return nil }
    return SegmentProvenance.Group(
      title: recipe.title, path: path, dimension: recipe.dimension.rawValue,
      compatibility: recipe.compatibility.rawValue,
      models: recipe.models.indices.map { index in
        let model = recipe.models[index]
        return .init(
          title: model.title, contentHash: plan.models[index].file.contentHash, threshold: model.threshold,
          emit: model.emits, absorb: model.absorbs, augmentations: model.augmentations,
          tiling: model.tiling?.rawValue, processing: model.scaling?.words, label: index + 1)
      },
      interactions: recipe.rules.map {
        .init(
          type: $0.kind.rawValue, child: $0.child, parent: $0.parent, radiusNanometer: $0.radiusNanometer,
          threshold: $0.threshold)
      })
  }
}
