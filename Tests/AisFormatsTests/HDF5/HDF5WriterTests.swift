import AisCore
import AisFormats
import Testing

@Suite("Writing HDF5")
struct HDF5WriterTests {
  private func tree() -> HDF5Output {
    var root = HDF5Output()
    root.attributes = [
      .init("model_config", .text(String(repeating: "{\"key\": \"ö\"}", count: 900))),
      .init("backend", .text("tensorflow"), isUTF8: true), .init("empty", .text("")),
    ]
    var weights = HDF5Output()
    weights.attributes = [.init("layer_names", .texts(["a", "conv2d_1"])), .init("none", .texts([]))]
    var layer = HDF5Output()
    layer.add(.init(name: "kernel:0", shape: [2, 1, 3], values: [1, 2, 3, 4, 5, .pi]), at: ["conv2d_1"])
    layer.add(.init(name: "bias:0", shape: [0], values: []), at: ["conv2d_1"])
    weights.groups.append(("conv2d_1", layer))
    root.groups.append(("model_weights", weights))
    return root
  }

  @Test func `our reader finds what was written`() throws {
    let file = try HDF5File(HDF5Writer.bytes(of: tree()), name: "test.h5")
    #expect(try file.strings("model_config", of: file.root)?.first?.utf8.count == 900 * 13)
    #expect(try file.strings("backend", of: file.root) == ["tensorflow"])
    #expect(try file.strings("empty", of: file.root) == [""])
    let weights = try #require(file.root.group("model_weights"))
    #expect(try file.strings("layer_names", of: weights) == ["a", "conv2d_1"])
    #expect(try file.strings("none", of: weights) == [])
    let kernel = try #require(weights.dataset("conv2d_1/conv2d_1/kernel:0"))
    #expect(kernel.shape == [2, 1, 3])
    #expect(try file.floats(kernel) == [1, 2, 3, 4, 5, .pi])
    #expect(try file.floats(#require(weights.dataset("conv2d_1/conv2d_1/bias:0"))) == [])
  }

  @Test(arguments: [0, 1, 8, 9, 256, 257, 2000]) func `groups may have any number of children`(count: Int) throws {
    var root = HDF5Output()
    for index in 0..<count {
      root.datasets.append(.init(name: "layer \(index * 7 % 1999) of \(index)", shape: [1], values: [Float(index)]))
    }
    let file = try HDF5File(HDF5Writer.bytes(of: root), name: "test.h5")
    #expect(file.root.datasets.count == count)
    for index in 0..<count {
      let found = try #require(file.root.datasets["layer \(index * 7 % 1999) of \(index)"])
      #expect(try file.floats(found) == [Float(index)])
    }
  }

  @Test func `the same tree gives the same bytes`() throws {
    #expect(try HDF5Writer.bytes(of: tree()) == HDF5Writer.bytes(of: tree()))
  }

  @Test func `two things of one name are refused`() {
    var root = HDF5Output()
    root.groups = [("a", HDF5Output()), ("a", HDF5Output())]
    let error = #expect(throws: AisError.self) { try HDF5Writer.bytes(of: root) }
    #expect(error?.message.contains("'a'") == true)
  }

  @Test func `a list too long for an attribute is refused`() {
    var root = HDF5Output()
    root.attributes = [.init("layer_names", .texts((0...4000).map { "layer_\($0)" }))]
    let error = #expect(throws: AisError.self) { try HDF5Writer.bytes(of: root) }
    #expect(error?.code == .limitExceeded)
  }
}
