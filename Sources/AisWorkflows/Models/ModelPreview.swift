import AisCore
import AisFormats
import AisImaging
import AisNetworks
import AisSegmentation
import Foundation
import Synchronization

/// One slice of a tomogram, for the picture that a model file carries of what its network finds.
package struct ModelPreview: Sendable {
  private static let side = 512

  package let path: String
  /// Counted from 0.
  package let slice: Int
  /// How the tomogram is read.
  private let options: TomogramOptions

  /// Reads `TOMOGRAM` or `TOMOGRAM:SLICE`; without a slice it is the middle one.
  ///
  /// Throws `usage` when the tomogram has no such slice, and what is wrong with the file.
  package init(_ text: String) throws(AisError) {
    var (path, wanted) = (text, Int?.none)
    if !FileManager.default.fileExists(atPath: text), let colon = text.lastIndex(of: ":"),
      let number = Int(text[text.index(after: colon)...])
    {
      (path, wanted) = (String(text[..<colon]), number)
    }
    options = TomogramOptions()
    let depth = try Tomogram.open(path).shape.z
    slice = wanted ?? depth / 2
    self.path = path
    guard (0..<depth).contains(slice) else {
      throw AisError(.usage, "--preview \(text): '\(path)' has the slices 0 to \(depth - 1)")
    }
  }

  /// - Parameters:
  ///   - slice: counted from 0.
  ///   - voxelSize: in place of the header's, where somebody knows better.
  ///
  /// Throws `usage` when the tomogram has no such slice, and what is wrong with the file.
  package init(path: String, slice: Int, voxelSize: VoxelSize?) throws(AisError) {
    var options = TomogramOptions()
    options.voxelSize = voxelSize
    (self.path, self.slice, self.options) = (path, slice, options)
    let depth = try Tomogram.open(path, options: options).shape.z
    guard (0..<depth).contains(slice) else {
      throw AisError(.usage, "'\(path)' has the slices 0 to \(depth - 1), and no slice \(slice)")
    }
  }

  /// What a model file holds of it.
  package struct Parts: Sendable {
    /// PNG, 512 × 512: the corner square of the slice, with what the network finds in the model's colour.
    package var picture: [UInt8]
    /// TIFF: the slices around it as the network gets them.
    package var slice: [UInt8]
  }

  /// Runs the network on the slice, at the pixel size that it was trained at where the tomogram says its own.
  ///
  /// - Parameter threshold: of what the picture shows as found.
  package func make(
    _ graph: NetworkGraph, _ metadata: ModelMetadata, engine: any Engine, memoryLimit: Int, threads: Int,
    threshold: Double = 0.5, cancellation: Cancellation = Cancellation()
  ) throws(AisError) -> Parts {
    let tomogram = try Tomogram.open(path, options: options)
    let model = try SegmentationModel(
      title: metadata.title, network: engine.load(graph), depth: metadata.modelDepth,
      normalization: metadata.normalization == .globalMAD ? .wholeTomogram : .eachSlice,
      pixelSize: metadata.pixelSize, zJitter: metadata.zJitter)
    var settings = InferenceSettings()
    settings.depthRange = .slices(slice..<slice + 1)
    settings.tiling = .exact
    if tomogram.voxelSize == nil { settings.scaling = .native }
    let pass = try SegmentationPass(
      shape: tomogram.shape, voxelSize: tomogram.voxelSize,
      orders: [.init(model: model, scale: .init(full: 1, isWhole: false), storedBytes: 4)], settings: settings,
      budget: MemoryBudget(limit: memoryLimit, reserved: SegmentPlanner.programBytes), threads: threads)
    let sink = OneSlice(slice)
    let report = try pass.run(
      source: tomogram, sinks: PassSinks(results: [sink]), cancellation: cancellation
    ) { _ in }
    let around = (0..<model.depth).map { min(max(slice - model.depth / 2 + $0, 0), tomogram.shape.z - 1) }
    let prepared = try pass.prepared(around, source: tomogram, statistics: report.statistics)
    return Parts(
      picture: try picture(
        try tomogram.slice(slice), sink.values, tomogram.shape, metadata.colour, threshold: threshold),
      slice: try TIFFEncoder.encode(prepared.planes, height: prepared.height, width: prepared.width))
  }

  private func picture(
    _ grey: [Float], _ confidence: [Float], _ shape: Shape, _ colour: ModelMetadata.Colour, threshold: Double
  ) throws(AisError) -> [UInt8] {
    let edge = min(shape.y, shape.x)
    func corner(_ values: [Float]) -> [Float] {
      (0..<edge).flatMap { values[$0 * shape.x..<$0 * shape.x + edge] }
    }
    let square = corner(grey)
    let contrast = ContrastLimits.automatic(square, height: edge, width: edge) ?? .init(low: 0, high: 1)
    let overlay = SliceOverlay(
      title: "", colour: Colour(red: Float(colour.red), green: Float(colour.green), blue: Float(colour.blue)),
      confidence: corner(confidence), threshold: Float(threshold))
    let drawn = SlicePicture.draw(
      square, height: edge, width: edge, contrast: contrast, overlays: [overlay], pictureHeight: Self.side,
      pictureWidth: Self.side)
    return try PNGEncoder.encode(rgb: drawn.rgb, width: drawn.width, height: drawn.height)
  }
}

/// Keeps one slice of a result.
private final class OneSlice: SegmentationSink {
  private let slice: Int
  private let kept = Mutex<[Float]>([])
  var values: [Float] { kept.withLock { $0 } }

  init(_ slice: Int) { self.slice = slice }

  func write(slice z: Int, _ values: UnsafeBufferPointer<Float>) throws(AisError) {
    if z == slice { kept.withLock { $0 = Array(values) } }
  }
}
