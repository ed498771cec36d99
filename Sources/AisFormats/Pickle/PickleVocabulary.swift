/// The names of Python's world that a kind of file may use. Nothing behind a name is ever run: it only says what the bytes
/// around it mean.
package struct PickleVocabulary: Sendable {
  /// `module name`.
  private let names: Set<String>

  package init(_ names: Set<String>) { self.names = names }

  func contains(_ module: String, _ name: String) -> Bool { names.contains("\(module) \(name)") }

  /// A name as a message shows it: short, and without characters that act on a terminal.
  static func shown(_ name: String) -> String {
    let text = String(
      String.UnicodeScalarView(name.unicodeScalars.prefix(80).map { (32...126).contains($0.value) ? $0 : "?" }))
    return name.unicodeScalars.count > 80 ? text + "…" : text
  }

  /// Modules that the same class was stored under: the program had two other names before.
  private static let programModules = ["Ais.core", "scNodes.core", "Pom.core"]

  /// What the reference program's annotated datasets use, in all its versions, and what plain pickles of NumPy arrays add.
  package static let annotatedDataset: PickleVocabulary = {
    var names: Set<String> = [
      "OpenGL.constant IntConstant", "dill._dill _create_array", "dill._dill _create_filehandle", "io open",
      "_io open", "numpy ndarray", "numpy memmap", "numpy dtype", "numpy recarray", "numpy record", "numpy uint16",
      "mrcfile.mrcfile MrcFile", "mrcfile.mrcinterpreter MrcInterpreter", "_io BytesIO", "_codecs encode",
    ]
    for module in ["numpy", "numpy.core.memmap", "numpy._core.memmap"] { names.insert("\(module) memmap") }
    for module in ["numpy.core.multiarray", "numpy._core.multiarray"] {
      names.formUnion(["\(module) _reconstruct", "\(module) scalar"])
    }
    for module in ["numpy", "numpy.core.records", "numpy._core.records", "numpy.rec"] {
      names.formUnion(["\(module) recarray", "\(module) record"])
    }
    for module in programModules {
      for name in ["SEFrame", "Segmentation", "Transform", "Filter", "Overlay"] {
        names.insert("\(module).se_frame \(name)")
      }
      for name in ["Texture", "VertexArray", "VertexBuffer", "IndexBuffer"] {
        names.insert("\(module).opengl_classes \(name)")
      }
    }
    return PickleVocabulary(names)
  }()
}
