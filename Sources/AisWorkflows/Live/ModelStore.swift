import AisCore
import AisFormats
import AisNetworks
import AisProject
import Foundation

/// The files of a project's networks: in its folder `models`, named by their content and never changed, so that undoing brings
/// every one of them back.
package struct ModelStore: Sendable {
  package let folder: String

  package init(_ project: ProjectFolder) { folder = project.path + "/models" }

  package func path(of file: String) -> String { folder + "/" + file }

  /// Keeps a model file and returns its name. The same content is kept once.
  package func keep(_ bytes: [UInt8]) throws(AisError) -> String {
    let name = SHA256.hex(of: bytes).prefix(32) + ".scnm"
    if !FileManager.default.fileExists(atPath: folder) {
      do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
        throw AisError(.fileSystem, "the folder '\(folder)' cannot be made: \(error.localizedDescription)")
      }
    }
    let path = path(of: String(name))
    if !FileManager.default.fileExists(atPath: path) { try AtomicFile.write(bytes, to: path) }
    return String(name)
  }

  /// What a project notes about a network, as JSON.
  package static func facts(_ file: ModelFile) -> JSONValue {
    let about = ModelDescription(file, includingLayers: false)
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    return .object([
      "architecture": about.architecture.map { .string($0) } ?? .null, "kind": .string(about.kind),
      "parameters": .number(Double(about.parameters)), "depth": .number(Double(about.depth)),
      "boxSize": number(about.boxSize.map(Double.init)), "voxelSizeAngstrom": number(about.pixelSizeAngstrom),
      "normalization": .string(about.normalization), "contentHash": .string(about.contentHash),
      "epochs": .number(Double(about.epochs)), "loss": number(about.loss),
      "inputMultiple": .number(Double(about.inputMultiple.x)),
    ])
  }
}
