import AisCore
import AisFormats
import AisImaging
import AisNetworks
import AisSegmentation
import Foundation
import Logging

/// A trained network at work: on a tomogram, and against the clock.
struct CompareTrial {
  /// What a network says of the tomogram.
  struct Finding: Sendable {
    /// Of the slice that is drawn, 0 to 1.
    var confidence: [Float]
    var agreement: CompareRow.Agreement?
  }

  private let request: CompareRequest
  private let cancellation: Cancellation
  private let logger: Logger
  /// Segmentations lie here for a moment.
  private var folder: String { OutputFolder.prefix(request.outputFolder) + ".segmented" }

  init(_ request: CompareRequest, cancellation: Cancellation, logger: Logger) {
    self.request = request
    self.cancellation = cancellation
    self.logger = logger
  }

  /// Segments the slice that is drawn, or all of the tomogram where there are labels; `nil` without a tomogram.
  func finding(_ model: String, label: Int?, slice: Int) throws(AisError) -> Finding? {
    guard let tomogram = request.tomogram else { return nil }
    removeSegmentations()
    defer { removeSegmentations() }
    var wanted = SegmentRequest(
      models: [model], inputs: [tomogram], outputFolder: folder, memoryLimit: request.training.memoryLimit,
      threads: request.training.threads)
    if request.labels == nil { wanted.settings.depthRange = .slices(slice..<slice + 1) }
    let plan = try SegmentPlanner.plan(
      wanted, engine: CPUEngine(threads: request.training.threads), logger: logger, cancellation: cancellation)
    let outcomes = try SegmentRun(plan, cancellation: cancellation, logger: logger).run { _ in }
    if let failure = outcomes.flatMap(\.failures).first { throw failure }
    guard let written = outcomes.first?.written.first else {
      throw AisError(.notFound, "'\(model)' gave no segmentation of '\(tomogram)'")
    }
    let confidence = try Tomogram.open(written).slice(slice).map { $0 / 255 }
    guard let labels = request.labels, let label else { return Finding(confidence: confidence) }
    let evaluation = try Evaluation.compare(
      segmentation: written, groundTruth: labels, truth: .label(label), cancellation: cancellation)
    let overlap = evaluation.histogram.overlap(threshold: 128)
    return Finding(
      confidence: confidence,
      agreement: .init(dice: overlap.dice, precision: overlap.precision, recall: overlap.recall))
  }

  private func removeSegmentations() { try? FileManager.default.removeItem(atPath: folder) }

  /// The shorter of two runs of the program's own engine on a slice of noise.
  ///
  /// - Parameter depth: slices that the network sees; a slab's time counts for each of its slices.
  func secondsPerSlice(_ graph: NetworkGraph, depth: Int) throws(AisError) -> Double {
    let size = CompareRequest.timedSlice
    let isSlab = graph.dimensionality == .three
    let input = TensorShape(
      z: isSlab ? depth : 1, y: AxisPadding.wholeSlice(size.y, multiple: graph.paddingMultiple).total,
      x: AxisPadding.wholeSlice(size.x, multiple: graph.paddingMultiple).total, channels: graph.inputChannels)
    let plan = try CPUEngine(threads: request.training.threads).load(graph).plan(for: input)
    var generator = SeededGenerator(seed: 1)
    let values = (0..<input.count).map { _ in Float.random(in: -1...1, using: &generator) }
    var answer = [Float](repeating: 0, count: plan.output.count)
    var shortest = Double.infinity
    for _ in 0..<2 {
      try cancellation.check()
      let start = ContinuousClock.now
      var failure: AisError?
      values.withUnsafeBufferPointer { source in
        answer.withUnsafeMutableBufferPointer { target in
          do throws(AisError) { try plan.run(source, into: target) } catch { failure = error }
        }
      }
      if let failure { throw failure }
      let elapsed = (ContinuousClock.now - start).components
      shortest = min(shortest, Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18)
    }
    return shortest / Double(isSlab ? depth : 1)
  }
}
