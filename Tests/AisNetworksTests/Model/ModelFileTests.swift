import AisCore
import AisFormats
import AisNetworks
import AisTestSupport
import Foundation
import Testing

@Suite("ModelFile")
struct ModelFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The two members of a small model.
  private func parts() throws -> (weights: [UInt8], metadata: [UInt8]) {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: NetworkFixture.path("resnet_like_add.scnm"))))
    let members = try TarArchive(bytes, name: "x").members
    return (
      try #require(members.first { $0.name.hasSuffix("_weights.h5") }).bytes,
      try #require(members.first { $0.name.hasSuffix("_metadata.json") }).bytes
    )
  }

  private func write(_ bytes: [UInt8], _ name: String) throws -> String {
    try Data(bytes).write(to: URL(filePath: folder.path(name)))
    return folder.path(name)
  }

  private func archive(_ members: [(String, [UInt8])]) -> [UInt8] {
    var builder = TarBuilder()
    for (name, bytes) in members { builder.add(name, bytes) }
    return builder.finished()
  }

  /// What the error says when a model is read.
  private func message(_ path: String) -> String? {
    do throws(AisError) {
      _ = try ModelFile.read(path)
      return nil
    } catch { return error.description }
  }

  @Test("all four containers and a bare Keras file hold the same network")
  func containers() throws {
    let (weights, metadata) = try parts()
    let members = [("old_weights.h5", weights), ("old_metadata.json", metadata), ("old_preview.png", [1, 2])]
    let tar = try ModelFile.read(try write(archive(members), "new.scnm"))
    #expect(tar.container == .tar && tar.preview == [1, 2])
    #expect(tar.metadata.title == "resnet_like_add")
    let gzip = try ModelFile.read(try write(GzipBuilder.compress(archive(members)), "gzip.scnm"))
    #expect(gzip.container == .gzipTar)
    _ = try write(weights, "beside_weights.h5")
    let beside = try ModelFile.read(try write(metadata, "beside.scnm"))
    #expect(beside.container == .metadataWithWeights && beside.metadata == tar.metadata)
    _ = try write(weights, "older.scnm_weights.h5")
    #expect(try ModelFile.read(try write(metadata, "older.scnm")).container == .metadataWithWeights)
    _ = try write(weights, "copy of odd, second.h5")
    #expect(try ModelFile.read(try write(metadata, "odd.scnm")).container == .metadataWithWeights)
    let keras = try ModelFile.read(try write(weights, "Bare network.h5"))
    #expect(keras.container == .keras && keras.metadata.title == "Bare network" && keras.metadata.apix == nil)
    #expect(Set([tar, gzip, beside, keras].map(\.contentHash)).count == 1)
    #expect(tar.contentHash.count == 64)
  }

  @Test("a bare network of slabs takes as many slices as its file states, else as few as it can take")
  func bareSlabs() throws {
    let open = try ModelFile.read(NetworkFixture.path("every_slab_layer.h5"))
    let stride = open.graph.totalStride.z
    #expect(stride > 1 && open.metadata.modelDepth == stride)

    let stated = try write(try KerasModel.bytes(of: open.graph, slabDepth: 8 * stride), "stated.h5")
    let model = try ModelFile.read(stated)
    #expect(model.metadata.modelDepth == 8 * stride)
    #expect(model.contentHash == open.contentHash)
    // Packed as a model, the file inside still states it.
    let packed = try ModelFile.bytes(of: model.graph, model.metadata, stem: "packed")
    let weights = try #require(try TarArchive(packed, name: "x").members.first { $0.name.hasSuffix("_weights.h5") })
    #expect(try KerasModel.readWithSlabDepth(weights.bytes, name: "x").slabDepth == 8 * stride)
  }

  @Test("the hash tells networks apart and does not look at names")
  func contentHash() throws {
    var graph = try ModelFile.read(NetworkFixture.path("vgg_like.scnm")).graph
    let hash = graph.contentHash
    graph.name = "another"
    #expect(graph.contentHash == hash)
    let key = try #require(graph.weights.keys.first { $0.role == .bias })
    graph.weights[key]?.values[0] += 1
    #expect(graph.contentHash != hash)
    #expect(try ModelFile.read(NetworkFixture.path("vgg_like_25d.scnm")).contentHash != hash)
  }

  @Test("weights that are missing or could be several are an error with the names")
  func missingWeights() throws {
    let (weights, metadata) = try parts()
    let path = try write(metadata, "lonely.scnm")
    #expect(
      message(path)
        == "'lonely.scnm' has its weights in a file of its own, and 'lonely_weights.h5' is not beside it. Copy it there."
    )
    _ = try write(weights, "lonely_1.h5")
    _ = try write(weights, "lonely_2.h5")
    #expect(
      message(path)
        == "the weights of 'lonely.scnm' could be 'lonely_1.h5' or 'lonely_2.h5': "
        + "rename the right one to 'lonely_weights.h5'")
  }

  @Test("an archive without its parts, or with too many, is an error with the names")
  func wrongMembers() throws {
    let (weights, metadata) = try parts()
    #expect(
      message(try write(archive([("a_metadata.json", metadata)]), "x.scnm"))
        == "'x.scnm' is not a model: it holds no '…_weights.h5'")
    #expect(
      message(try write(archive([("a_weights.h5", weights)]), "x.scnm"))
        == "'x.scnm' is not a model: it holds no '…_metadata.json'")
    #expect(
      message(try write(archive([("a_weights.h5", weights), ("b_weights.h5", weights)]), "x.scnm"))
        == "'x.scnm' holds 2 members '…_weights.h5' ('a_weights.h5', 'b_weights.h5'), expected one")
    // The shadows that a Mac adds are not taken for parts.
    let shadowed = archive([("._a_weights.h5", [0]), ("a_weights.h5", weights), ("a_metadata.json", metadata)])
    #expect(message(try write(shadowed, "x.scnm")) == nil)
  }

  @Test("what is not a model is refused with what was expected")
  func foreignFiles() throws {
    #expect(message(folder.path("nowhere.scnm"))?.contains("is not there") == true)
    #expect(message(folder.root)?.contains("is a folder, not a file") == true)
    let expected = "is not a model: expected a .scnm file (tar, or JSON with weights beside it) or a Keras .h5 file"
    #expect(message(try write([], "x.scnm")) == "'x.scnm' \(expected)")
    #expect(message(try write(Array("MAP ".utf8), "x.mrc")) == "'x.mrc' \(expected)")
    #expect(message(try write(Array("PK\u{3}\u{4}".utf8), "x.keras"))?.contains("'.keras' file of Keras 3") == true)
    #expect(message(try write([0x1F, 0x8B, 8, 0], "x.scnm"))?.contains("is damaged") == true)
  }

  @Test("errors inside an archive name the archive and the member")
  func damagedMember() throws {
    let (weights, metadata) = try parts()
    let cut = archive([("a_weights.h5", Array(weights.dropLast(100))), ("a_metadata.json", metadata)])
    #expect(
      message(try write(cut, "x.scnm"))
        == "'x.scnm: a_weights.h5' is truncated: it states a size of \(weights.count) bytes, \(weights.count - 100) are "
        + "there. Copy the file again.")
    let list = archive([("a_weights.h5", weights), ("a_metadata.json", Array("[1]".utf8))])
    #expect(message(try write(list, "x.scnm")) == "'x.scnm' is not a model: its metadata are not a JSON object")
    let empty = archive([("a_weights.h5", weights), ("a_metadata.json", [])])
    #expect(message(try write(empty, "x.scnm"))?.hasPrefix("'x.scnm: metadata' is not JSON: ") == true)
  }

  @Test("oddities are warnings: a depth that disagrees, weights that are not numbers")
  func warnings() throws {
    let (weights, _) = try parts()
    let deep = archive([("a_weights.h5", weights), ("a_metadata.json", Array(#"{"model_depth": 5}"#.utf8))])
    #expect(
      try ModelFile.read(try write(deep, "x.scnm")).warnings
        == ["'model_depth' is 5, the network takes 1 slices: the network counts"])
  }

  @Test("every prefix of an archive is refused")
  func prefixes() throws {
    let (weights, metadata) = try parts()
    let bytes = archive([("a_metadata.json", metadata), ("a_weights.h5", weights)])
    for count in stride(from: 0, to: bytes.count - 2048, by: 997) {
      #expect(message(try write(Array(bytes[..<count]), "x.scnm")) != nil)
    }
  }
}
