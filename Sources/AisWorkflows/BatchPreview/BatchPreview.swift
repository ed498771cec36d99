import AisCore
import AisFormats
import AisImaging
import AisNetworks
import AisSegmentation
import Foundation
import Logging

/// Three slices of every tomogram, segmented as the whole batch will be: so that a night is not wasted on inverted, empty or
/// wrongly scaled tomograms.
package struct BatchPreview: Sendable {
  /// A tomogram and what its slices showed.
  package struct Subject: Sendable {
    package var input: String
    package var suspicion: PreviewSuspicion
    /// The slices with their segmentations; fewer than three where they could not be made.
    package var pictures: [Picture]
  }

  /// At these parts of the depth.
  static let depths = [0.25, 0.5, 0.75]
  static let panel = 200

  /// The most suspicious first.
  package let subjects: [Subject]

  /// Segments the slices into a folder of its own, which is removed in the end.
  ///
  /// - Parameters:
  ///   - drawing: how slices and features are drawn; size, slices and caption are the preview's.
  ///   - progress: called with the number of tomograms done.
  package init(
    _ request: SegmentRequest, inputs: [String], engine: any Engine, drawing: Preview.Options = .init(),
    logger: Logger, cancellation: Cancellation, progress: (Int) -> Void
  ) throws(AisError) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ais-preview-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var evidence: [PreviewSuspicion.Evidence] = []
    var pictures: [[Picture]] = []
    for (index, input) in inputs.enumerated() {
      var own = PreviewSuspicion.Evidence()
      var drawn: [Picture] = []
      let look = try Self.look(request.own(input)).check(input, cancellation: cancellation)
      own.faults = look.faults
      do throws(AisError) {
        (own.shares, drawn) = try Self.slices(
          of: input, request, folder: "\(folder)/\(index)", engine: engine, drawing, logger: logger,
          cancellation: cancellation)
      } catch {
        if error.code == .cancelled { throw error }
        own.failure = error
      }
      evidence.append(own)
      pictures.append(drawn)
      progress(index + 1)
    }
    let judged = PreviewSuspicion.judge(evidence)
    subjects = inputs.indices.map { Subject(input: inputs[$0], suspicion: judged[$0], pictures: pictures[$0]) }
      .sorted { $0.suspicion.score > $1.suspicion.score }
  }

  /// Looks at the tomogram as the batch will read it.
  private static func look(_ request: SegmentRequest) -> Checkup {
    var options = Checkup.Options()
    options.reading = request.view
    return Checkup(options: options)
  }

  private static func slices(
    of input: String, _ request: SegmentRequest, folder: String, engine: any Engine,
    _ drawing: Preview.Options, logger: Logger, cancellation: Cancellation
  ) throws(AisError) -> (shares: [String: Double], pictures: [Picture]) {
    var request = request.own(input)
    request.settings.extent = nil
    if let size = request.view.voxelSize {
      request.limits = TomogramLimits()
      request.limits?.set(.init(voxelSize: size), for: input)
    }
    let depth = try Tomogram.open(input, options: request.view).shape.z
    var shares: [String: Double] = [:]
    var pictures: [Picture] = []
    let chosen = Set(depths.map { min(depth - 1, Int(Double(depth) * $0)) }).sorted()
    for z in chosen {
      var own = request
      own.inputs = [input]
      own.outputFolder = "\(folder)/\(z)"
      own.settings.depthRange = .slices(z..<z + 1)
      own.replacesOutputs = true
      let plan = try SegmentPlanner.plan(own, engine: engine, logger: logger, cancellation: cancellation)
      let outcomes = try SegmentRun(plan, cancellation: cancellation, logger: logger).run { _ in }
      if let failure = outcomes.flatMap(\.failures).first ?? plan.tasks.flatMap(\.refusals).first { throw failure }
      let files = outcomes.flatMap(\.written)
      var options = drawing
      options.slice = .index(z)
      options.size = panel
      options.hasCaption = false
      options.hasScaleBar = pictures.isEmpty
      let preview = try Preview(
        tomogram: input, reading: request.view, segmentations: files, models: request.models, options: options)
      pictures.append(try preview.draw(cancellation: cancellation).picture)
      for layer in preview.layers {
        let found = try layer.source.slice(z)
        let share = Double(found.count { $0 > layer.threshold }) / Double(max(1, found.count))
        shares[layer.title, default: 0] += share / Double(chosen.count)
      }
    }
    return (shares, pictures)
  }

  // MARK: The sheet

  private static let gap = 4
  private static let caption = 44
  private static let background = Colour(grey: 0.085)

  /// All subjects on one sheet, two side by side, the most suspicious first. PNG.
  package func sheet() throws(AisError) -> [UInt8] {
    let cell = (width: 3 * (Self.panel + Self.gap), height: Self.panel + Self.caption)
    let across = subjects.count > 3 ? 2 : 1
    // What does not fit a picture of the largest size is the least suspicious.
    let shown = subjects.prefix(across * (PNGEncoder.maximumSide / cell.height - 1))
    let down = (shown.count + across - 1) / across
    var sheet = Picture(
      width: across * cell.width + Self.gap, height: max(1, down * cell.height), fill: Self.background)
    let bold = StrokeFont(capitalHeight: 10, bold: true)
    let small = StrokeFont(capitalHeight: 8.5)
    for (index, subject) in shown.enumerated() {
      let (left, top) = (Self.gap + index % across * cell.width, index / across * cell.height)
      for (place, picture) in subject.pictures.enumerated() {
        sheet.draw(picture, x: left + place * (Self.panel + Self.gap), y: top + Self.gap)
      }
      let room = Double(cell.width - 2 * Self.gap)
      let isSuspicious = subject.suspicion.score >= 20
      bold.draw(
        bold.shortened(SegmentationName.stem(of: subject.input), to: room), on: &sheet, x: Double(left),
        y: Double(top + Self.panel + 19), colour: isSuspicious ? Colour(red: 1, green: 0.55, blue: 0.3) : .white)
      small.draw(
        small.shortened(subject.suspicion.reasons.first ?? "nothing strange", to: room), on: &sheet, x: Double(left),
        y: Double(top + Self.panel + 36), colour: Colour(grey: 0.7))
    }
    return try PNGEncoder.encode(
      rgb: sheet.rgb, width: sheet.width, height: sheet.height,
      texts: [.init("Software", "ais \(AisVersion.current)"), .init("Title", "Preview of \(subjects.count) tomograms")])
  }
}
