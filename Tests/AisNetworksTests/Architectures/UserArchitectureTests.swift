import AisCore
import AisFormats
import AisNetworks
import AisTestSupport
import Foundation
import Testing

@Suite("Architectures that users bring along")
struct UserArchitectureTests {
  let folder = try! TemporaryFolder()

  private func layer(_ kind: String, _ name: String, _ settings: String, from: [String]) -> String {
    let nodes = from.map { "[\"\($0)\", 0, 0, {}]" }.joined(separator: ", ")
    return """
      {"class_name": "\(kind)", "name": "\(name)", "config": {"name": "\(name)"\(settings.isEmpty ? "" : ", ")\(settings)},
       "inbound_nodes": \(from.isEmpty ? "[]" : "[[\(nodes)]]")}
      """
  }

  /// A small U-shaped network as Keras 2 describes it.
  private func model(padding: String = "same", last: String = "sigmoid", filters: Int = 1, extra: String = "") -> String
  {
    let same = #""kernel_size": [3, 3], "strides": [1, 1], "padding": "\#(padding)", "activation": "relu""#
    let layers = [
      layer("InputLayer", "input_1", #""batch_input_shape": [null, 64, 64, 1]"#, from: []),
      layer("Conv2D", "a", "\"filters\": 4, " + same, from: ["input_1"]),
      layer("MaxPooling2D", "p", #""pool_size": [2, 2], "strides": [2, 2], "padding": "valid""#, from: ["a"]),
      layer("Conv2D", "b", "\"filters\": 8, " + same, from: ["p"]),
      layer("BatchNormalization", "n", #""axis": [3], "epsilon": 0.001"#, from: ["b"]),
      layer("UpSampling2D", "u", #""size": [2, 2], "interpolation": "nearest""#, from: ["n"]),
      layer("Concatenate", "c", #""axis": -1"#, from: ["a", "u"]),
      layer(
        "Conv2D", "o", #""filters": \#(filters), "kernel_size": [1, 1], "padding": "same", "activation": "\#(last)""#,
        from: ["c"]),
    ]
    return """
      {"class_name": "Functional", "config": {"name": "mine", "layers": [\(layers.joined(separator: ", "))\(extra)],
       "input_layers": [["input_1", 0, 0]], "output_layers": [["o", 0, 0]]}}
      """
  }

  private func write(_ text: String, _ name: String = "My Net.json") throws -> String {
    let path = folder.path(name)
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  @Test("a Keras description becomes an architecture with fresh weights", arguments: [1, 5])
  func description(depth: Int) throws {
    let user = try UserArchitecture(path: write(model()))
    let architecture = try user.architecture()
    #expect(architecture.name == "My Net" && architecture.isUsers && architecture.sideMultiple == 2)
    let graph = architecture.graph(depth: depth)
    let expected = 9 * depth * 4 + 4 + 9 * 4 * 8 + 8 + 4 * 8 + 12 + 1
    #expect(graph.parameterCount == expected)
    try graph.validate()
    let input = TensorShape(z: 1, y: 32, x: 48, channels: depth)
    #expect(try graph.shapes(for: input)[graph.output.index] == TensorShape(z: 1, y: 32, x: 48, channels: 1))
    #expect(architecture.graph(seed: 1).weights == architecture.graph(seed: 1).weights)
  }

  @Test("what is kept is read again as the same")
  func kept() throws {
    var user = try UserArchitecture(path: write(model()))
    user.title = "Another"
    user.learningRate = 5e-4
    user.objective = .dice
    let again = try UserArchitecture(path: write(user.json.text, "x.json"))
    #expect(again.title == "Another" && again.learningRate == 5e-4 && again.objective == .dice)
    #expect(try again.architecture().parameterCount() == user.architecture().parameterCount())
  }

  @Test("the library has those of its folder behind its own, and says which it cannot use")
  func library() throws {
    _ = try write(model())
    _ = try write("{}", "broken.json")
    var clash = try UserArchitecture(path: folder.path("My Net.json"))
    clash.title = "unet-s"
    _ = try write(clash.json.text, "clash.json")
    let library = ArchitectureLibrary(folder: folder.root)
    #expect(library.architectures.count == Architecture.all.count + 1)
    #expect(library.warnings.count == 2)
    #expect(library.warnings.contains { $0.contains("'UNet S'") })
    #expect(try library.named("my net").name == "My Net")
    #expect(try library.named(folder.path("My Net.json")).name == "My Net")
    #expect(throws: AisError.self) { try library.named("program.py") }
    #expect(ArchitectureLibrary(folder: folder.path("nowhere")).architectures.count == Architecture.all.count)
  }

  @Test("networks that do not answer every pixel with a probability are refused")
  func refusals() throws {
    let lambda = ", " + layer("Lambda", "l", #""function": ["4wEAAAA="]"#, from: ["o"])
    for text in [
      model(padding: "valid"), model(last: "linear"), model(filters: 2), model(extra: lambda), "{}", "[1, 2]",
      "nonsense",
      #"{"schema": "ais.architecture/1", "title": "X"}"#, #"{"schema": "ais.architecture/1", "loss": "hinge"}"#,
    ] {
      #expect(throws: AisError.self, "\(text.prefix(60))") {
        try UserArchitecture(path: write(text)).architecture()
      }
    }
  }
}
