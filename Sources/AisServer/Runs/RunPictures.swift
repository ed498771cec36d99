import AisCore
import AisFormats
import AisImaging
import AisJobs
import AisNetworks
import AisProject
import AisSegmentation
import AisWorkflows
import Foundation
import Logging

/// What runs look like: a small picture of each result, and three slices of every tomogram before the run.
struct RunPictures: Sendable {
  let project: OpenProject

  /// The middle of what was segmented, with what was found painted over it. PNG; kept in the cache.
  func result(_ view: RunView, task: String, size: Int) throws(AisError) -> [UInt8] {
    guard (64...1024).contains(size) else {
      throw AisError(.usage, "a picture has sides of 64 to 1024 pixels, not \(size)")
    }
    guard let row = view.rows.first(where: { $0.task == task }), row.state == .done else {
      throw AisError(.notFound, "nothing is there of the task '\(task)' yet")
    }
    let mark = row.outputs.map { String($0.sha256.prefix(12)) }.joined(separator: "-")
    let folder = project.project.folder.cachePath + "/results"
    let path = "\(folder)/\(SHA256.hex(of: Array("\(task) \(mark) \(size) top".utf8)).prefix(32)).png"
    if let known = try? RandomAccessFile(path).contents(limit: 16 << 20) { return known }
    var options = Self.drawing(view.recipe)
    options.size = size
    options.hasCaption = false
    options.hasScaleBar = false
    let tomogram = row.tomogram
    if let slices = tomogram.slices { options.slice = .index((slices.first + slices.end - 1) / 2) }
    var reading = TomogramOptions()
    reading.voxelSize = tomogram.voxelSizeAngstrom?.size
    let preview = try Preview(
      tomogram: tomogram.path, reading: reading,
      segmentations: row.outputs.map(\.path).filter { $0.hasSuffix(".mrc") }, options: options)
    let picture = try preview.draw().picture
    let bytes = try PNGEncoder.encode(rgb: picture.rgb, width: picture.width, height: picture.height, texts: [])
    // A cache that cannot be written only costs time.
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try? AtomicFile.write(bytes, to: path)
    return bytes
  }

  /// A slice of what was written for a model: 0 to 255 by rows, whatever form it is stored in.
  func slice(_ z: Int, of model: Int64, _ view: RunView, task: String) throws(AisError) -> (
    bytes: [UInt8], shape: Shape
  ) {
    guard let row = view.rows.first(where: { $0.task == task }), row.state == .done,
      let place = view.recipe.models.firstIndex(where: { $0.id == model })
    else { throw AisError(.notFound, "the run \(view.number) has no result of model \(model) for the task '\(task)'") }
    let source = try Tomogram.open(view.recipe.outputs(of: row.tomogram)[place])
    guard (0..<source.shape.z).contains(z) else {
      throw AisError(.usage, "slice \(z) is not there: the result has \(source.shape.z) slices, counted from 0")
    }
    let full = SegmentRequest.OutputType(rawValue: view.recipe.outputType)?.scale.full ?? 255
    return (try source.slice(z).map { UInt8(min(255, max(0, ($0 * 255 / full).rounded(.down)))) }, source.shape)
  }

  /// As on the page, with which it is compared.
  static func drawing(_ recipe: RunRecipe) -> Preview.Options {
    var options = Preview.Options()
    options.rowZero = .top
    options.appearances = recipe.models.map { model in
      Preview.Appearance(
        title: model.title,
        colour: Colour(
          red: Float(model.colour.red), green: Float(model.colour.green), blue: Float(model.colour.blue)),
        threshold: Float(model.threshold))
    }
    return options
  }

  /// Segments three slices of every tomogram as the run would, and draws them onto one sheet, the most suspicious first. The job's
  /// files are the sheet (PNG) and what was found strange (JSON).
  func preview(_ recipe: RunRecipe, settings: AppSettings, logger: Logger) throws(AisError) -> Job {
    let modelFolder = project.models.store.folder
    let group = try recipe.group(modelFolder: modelFolder)
    let folder = ExportJobs.folder(in: project.project.folder, for: "preview")
    return try project.jobs.start("preview", title: "Look at three slices of \(recipe.tomograms.count) tomograms") {
      job in
      try await onDisk {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = folder + "/group.json"
        try AtomicFile.write(group.json, to: path)
        defer { unlink(path) }
        var request = try recipe.request(
          modelFolder: modelFolder, group: path, memoryBytes: settings.networkBytes, threads: settings.threads)
        request.replacesOutputs = true
        let inputs = recipe.tomograms.map(\.path)
        let preview = try BatchPreview(
          request, inputs: inputs, engine: CPUEngine(threads: settings.threads),
          drawing: Self.drawing(recipe), logger: logger, cancellation: job.cancellation
        ) { job.report(Double($0) / Double(inputs.count)) }
        try AtomicFile.write(preview.sheet(), to: folder + "/preview.png")
        let subjects = preview.subjects.map { subject -> JSONValue in
          let tomogram = recipe.tomograms.first { $0.path == subject.input }
          return .object([
            "path": .string(subject.input), "dataset": .optional(tomogram?.dataset),
            "name": .optional(tomogram?.name), "score": .number(subject.suspicion.score),
            "reasons": .array(subject.suspicion.reasons.map { .string($0) }),
          ])
        }
        let document = JSONValue.object(["schema": .string("ais.preview/1"), "tomograms": .array(subjects)])
        try AtomicFile.write(Array(document.text.utf8), to: folder + "/preview.json")
        let strange = preview.subjects.count { $0.suspicion.score >= 20 }
        return Job.Result(
          message: strange == 0
            ? "None of \(inputs.count) looks suspicious." : "\(strange) of \(inputs.count) look suspicious.",
          files: [folder + "/preview.png", folder + "/preview.json"])
      }
    }
  }
}
