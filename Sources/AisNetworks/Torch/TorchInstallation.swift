import AisCore
import Foundation

/// Where libtorch and our plugin for it lie.
///
/// The plugin lies beside the program; with it lies a note of the libtorch that it was built with. `AIS_LIBTORCH` names another
/// one, of the same version: the folder `torch` of an installed PyTorch.
package struct TorchInstallation: Sendable, Hashable, Codable {
  /// The folder of libtorch's libraries, …/torch/lib.
  package var libraries: String
  /// libAisTorch.so.
  package var plugin: String

  package init(libraries: String, plugin: String) {
    self.libraries = libraries
    self.plugin = plugin
  }

  /// The file beside the plugin that says where libtorch is: {"schema": "ais.torch-plugin/1", "libtorch": …, "version": …}.
  private struct Note: Decodable {
    var libtorch: String
    var version: String
  }

  /// Finds both. Throws `engineUnavailable` with what is missing and what to do.
  package static func find(
    program: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(AisError) -> TorchInstallation {
    let folder = URL(fileURLWithPath: program).deletingLastPathComponent()
    let plugin = environment["AIS_TORCH_PLUGIN"] ?? folder.appendingPathComponent("libAisTorch.so").path
    guard FileManager.default.fileExists(atPath: plugin) else {
      throw AisError(
        .engineUnavailable,
        "libtorch is not set up for this program: '\(plugin)' is not there. 'make deps-torch torch' fetches and builds it."
      )
    }
    var candidates: [String] = []
    if let named = environment["AIS_LIBTORCH"], !named.isEmpty {
      candidates = [named]
    } else {
      candidates.append(folder.appendingPathComponent("torch").path)
      let note = URL(fileURLWithPath: plugin).deletingPathExtension().appendingPathExtension("json")
      if let bytes = try? Data(contentsOf: note), let said = try? JSONDecoder().decode(Note.self, from: bytes) {
        candidates.append(said.libtorch)
      }
    }
    for candidate in candidates {
      let libraries = URL(fileURLWithPath: candidate).appendingPathComponent("lib").path
      if FileManager.default.fileExists(atPath: libraries + "/libtorch_cpu.so") {
        return TorchInstallation(libraries: libraries, plugin: plugin)
      }
    }
    throw AisError(
      .engineUnavailable,
      "libtorch is not where it was: no 'lib/libtorch_cpu.so' in \(candidates.map { "'\($0)'" }.joined(separator: " or ")). "
        + "'make deps-torch torch' sets it up; AIS_LIBTORCH can name the folder 'torch' of an installed PyTorch.")
  }
}
