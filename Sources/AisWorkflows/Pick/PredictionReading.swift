import AisCore
import AisFormats
import AisImaging
import AisPicking

/// A segmentation ready to be searched: its values, what they mean, and the threshold in their terms.
package struct PredictionReading: Sendable {
  package let path: String
  package let tomogram: Tomogram
  /// The values, labels made a mask.
  package let values: any SliceSource
  /// As it will be searched: the values, binned.
  package let source: any SliceSource
  /// The value that means certainty.
  package let certainty: Double
  /// In the source's values: voxels above it count.
  package private(set) var threshold: Float
  /// On the scale on which 255 is certain.
  package private(set) var level: Double
  /// What the values were taken for and where the threshold comes from.
  package private(set) var reason: String
  /// What the values were taken for.
  private let scale: PredictionScale
  /// Of the source up to certainty, where it is known already.
  private(set) var survey: PredictionSurvey?
  /// Edges of a voxel of the source relative to x.
  package let edges: VoxelEdges
  /// Of the source; `nil` when unknown.
  package var voxelSize: VoxelSize? { source.voxelSize }

  /// Opens a segmentation; reads it once where its type or the wish for an automatic threshold makes that necessary.
  package init(_ path: String, _ request: PickRequest, cancellation: Cancellation) throws(AisError) {
    self.path = path
    var options = request.view
    options.label = request.label
    let tomogram = try Tomogram.open(path, options: options)
    self.tomogram = tomogram
    let binned = BlockMean.shape(tomogram.shape, by: request.binning)
    guard binned.count > 0 else {
      throw AisError(
        .usage,
        "'\(path)' has \(tomogram.shape) voxels: binning by \(request.binning) leaves none. Use a smaller '--binning'")
    }
    var base: any SliceSource = tomogram
    var scale: PredictionScale
    if request.followsReference, request.scale == nil, request.label == nil {
      let found = PredictionScale.reference(tomogram.info)
      certainty = found.certainty
      scale = PredictionScale(.bytes, reason: found.reason)
    } else {
      if request.label != nil {
        scale = PredictionScale(.labels, reason: "one label of it")
      } else if let kind = request.scale {
        scale = PredictionScale(kind, reason: "as '--scale' says")
      } else {
        let isOurs = SegmentProvenance.fingerprint(inLabels: tomogram.info.labels) != nil
        scale = try PredictionScale.decide(tomogram.info.elementType, isOurs: isOurs) { () throws(AisError) in
          let survey = try PredictionSurvey(tomogram, top: 1, threads: request.threads, cancellation: cancellation)
          return survey.greatest ?? 0
        }
      }
      certainty = scale.certainty
      if scale.kind == .labels { base = LabelSource(labels: tomogram) }
    }
    self.scale = scale
    values = base
    source = request.binning == 1 ? base : BinnedSource(base, by: request.binning)
    edges = tomogram.voxelSize.map { VoxelEdges($0) } ?? .one

    (level, reason, threshold) = (0, "", 0)
    try settle(request.threshold, threads: request.threads, cancellation: cancellation)
  }

  /// Takes another threshold.
  mutating func settle(
    _ threshold: PickRequest.Threshold, threads: Int, cancellation: Cancellation
  ) throws(AisError) {
    switch threshold {
    case .level(let level):
      self.level = level
      reason = scale.reason
    case .automatic where scale.kind == .labels:
      level = 127.5
      reason = "\(scale.reason), so that half of full is the threshold"
    case .automatic:
      let survey = try survey(threads: threads, cancellation: cancellation)
      (level, reason) = Self.automatic(survey, scale.reason)
    }
    self.threshold = Float(level / 255 * certainty)
  }

  /// Keeps a survey of the source, so that no later question reads it again.
  mutating func keepSurvey(threads: Int, cancellation: Cancellation) throws(AisError) {
    survey = try survey(threads: threads, cancellation: cancellation)
  }

  private func survey(threads: Int, cancellation: Cancellation) throws(AisError) -> PredictionSurvey {
    if let survey { return survey }
    return try PredictionSurvey(source, top: certainty, threads: threads, cancellation: cancellation)
  }

  /// Limits of an automatic threshold: outside of them a threshold parts background from background.
  static let automaticRange = 64.0...192.0

  /// Otsu's threshold of all values, kept within limits.
  static func automatic(_ survey: PredictionSurvey, _ scale: String) -> (level: Double, reason: String) {
    guard let otsu = OtsuThreshold(histogram: survey.histogram) else {
      return (128, "\(scale); all values are alike, so that the threshold is the usual 128")
    }
    let found = Double(otsu.bin)
    let level = max(automaticRange.lowerBound, min(automaticRange.upperBound, found))
    let means =
      "Otsu's threshold between values of \(angstromText(otsu.lowerMean)) and \(angstromText(otsu.upperMean)) on average"
    let kept =
      level == found
      ? "" : ", \(Int(found)), kept within \(Int(automaticRange.lowerBound)) to \(Int(automaticRange.upperBound))"
    return (level, "\(scale); \(means)\(kept)")
  }

  /// Why nothing lies above the threshold, and what to try.
  func emptiness(threads: Int, cancellation: Cancellation) throws(AisError) -> String {
    let survey = try survey(threads: threads, cancellation: cancellation)
    guard let greatest = survey.greatest else { return "no voxel of it is a number" }
    if greatest <= 0 {
      return tomogram.options.label.map { "no voxel of it holds \($0)" }
        ?? "the segmentation is empty: no value is above 0"
    }
    let onScale = Double(greatest) / certainty * 255
    if onScale <= level {
      let small =
        greatest <= PredictionScale.mostLabels && certainty > 1
        ? ". If these are labels, say so with '--scale labels'" : ""
      return
        "the greatest value is \(angstromText(onScale)) of 255, and the threshold is \(angstromText(level))\(small)"
    }
    return "no group is as large as the minimum volume"
  }
}
