import AisCore
import AisNetworks
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais models info`: what is in model files.
package struct ModelsInfoCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show what is in models (.scnm and Keras .h5 files).",
    discussion: """
        ais models info Membrane.scnm
        ais models info --layers Membrane.scnm
        ais models info --json *.scnm
      """)

  @Argument(help: ArgumentHelp("Models: .scnm, or Keras .h5 files.", valueName: "file"))
  package var files: [String]

  @Flag(help: "List the layers.")
  package var layers = false

  @Flag(help: "Print JSON, schema ais.models/1.")
  package var json = false

  package init() {}

  package func run() throws {
    var report = ModelsReport()
    for path in files {
      do {
        report.models.append(ModelDescription(try ModelFile.read(path), includingLayers: layers))
      } catch {
        // The others are still shown; the exit code tells.
        report.failures.append(ModelsReport.Failure(path: path, code: error.code.rawValue, message: error.description))
        Terminal.standardError.print("ais: \(error)")
      }
    }
    if json {
      Terminal.standardOutput.print(text: try report.json())
    } else if !report.models.isEmpty {
      Terminal.standardOutput.print(lines: Array(report.models.map { ModelsReport.table($0) }.joined(separator: [""])))
    }
    if !report.failures.isEmpty { throw ExitCode(1) }
  }
}

/// What `ais models info` prints.
struct ModelsReport: Encodable {
  struct Failure: Encodable {
    var path: String
    var code: String
    var message: String
  }

  var schema = "ais.models/1"
  var models: [ModelDescription] = []
  var failures: [Failure] = []

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  static func table(_ model: ModelDescription) -> [String] {
    var lines = [model.path]
    for (name, text) in rows(model) {
      lines.append("  " + name + String(repeating: " ", count: 16 - name.count) + text)
    }
    lines += model.warnings.map { "  warning: \($0)" }
    if let layers = model.layers { lines += [""] + layerTable(layers) }
    return lines
  }

  private static func rows(_ model: ModelDescription) -> [(String, String)] {
    let slices = model.kind == "3D" ? "a slab" : model.depth == 1 ? "1 slice" : "\(model.depth) slices"
    var rows = [
      ("title", model.title),
      ("colour", model.colour.hex),
      ("architecture", model.architecture ?? "not named"),
      ("network", "\(model.kind), \(model.layerCount) layers, \(grouped(model.parameters)) parameters"),
      ("input", "\(slices); \(multipleText(model))"),
      (
        "reach",
        "\(max(model.reach.x, model.reach.y)) pixels around every pixel"
          + (model.kind == "3D" ? ", \(model.reach.z) along z" : "")
      ),
      ("pixel size", model.pixelSizeAngstrom.map { "\(decimal($0)) Å" } ?? "unknown: never rescaled"),
      ("training boxes", model.boxSize.map { "\($0) × \($0) × \(model.depth) voxels" } ?? "unknown"),
      ("normalisation", model.normalization == "global_mad" ? "whole tomogram (global_mad)" : "slice by slice"),
      ("z-jitter", "\(model.zJitter)"),
      (
        "augmentation",
        model.testTimeAugmentation == 1
          ? "none when segmenting" : "\(model.testTimeAugmentation) turns and mirrors when segmenting"
      ),
      ("threshold", decimal(model.threshold)),
      ("loss", model.loss.map { "\(decimal($0)) after \(model.epochs) epochs" } ?? "not a number"),
      ("container", model.container + (model.previewBytes == nil ? "" : ", with a preview")),
      ("network hash", model.contentHash),
    ]
    // A bare Keras file says nothing about its training.
    if model.container == ModelFile.Container.keras.rawValue {
      let unknown: Set = [
        "colour", "architecture", "training boxes", "normalisation", "z-jitter", "augmentation", "threshold", "loss",
      ]
      rows.removeAll { unknown.contains($0.0) }
    }
    return rows
  }

  private static func multipleText(_ model: ModelDescription) -> String {
    let multiple = model.inputMultiple
    if max(multiple.x, multiple.y, multiple.z) == 1 { return "any size" }
    return "x and y must divide by \(max(multiple.x, multiple.y))" + (model.kind == "3D" ? ", z by \(multiple.z)" : "")
  }

  private static func layerTable(_ layers: [ModelDescription.Layer]) -> [String] {
    let header = ["layer", "operation", "channels", "parameters", "inputs"]
    let cells = layers.map { layer in
      [
        layer.name, layer.operation, "\(layer.channels)", grouped(layer.parameters),
        layer.inputs.joined(separator: ", "),
      ]
    }
    let widths = header.indices.map { column in ([header] + cells).map { $0[column].count }.max() ?? 0 }
    return ([header] + cells).map { row in
      let text = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        // Numbers stand to the right.
        return column == 2 || column == 3 ? space + row[column] : row[column] + space
      }.joined(separator: "  ")
      return "  " + text.trimmingCharacters(in: .whitespaces)
    }
  }

  private static func grouped(_ number: Int) -> String {
    var digits = String(number)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
  }

  private static func decimal(_ value: Double) -> String {
    var text = String(format: "%.4f", value)
    while text.hasSuffix("0") { text.removeLast() }
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }
}
