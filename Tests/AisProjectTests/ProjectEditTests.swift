import AisCore
import AisProject
import Testing

@Suite("Edits of a project")
struct ProjectEditTests {
  @Test("strokes paint and erase, and the journal says what they did")
  func strokes() throws {
    let sample = try Sample()
    let entry = try sample.project.apply([sample.stroke(box(2, 3, 4, 5))], by: bert, label: "brush")
    #expect(try sample.mask().count == 20)
    #expect(entry.sequence == 2 && entry.kind == "paint" && entry.label == "brush" && entry.author == bert)
    #expect(entry.dataset == sample.dataset && entry.feature == sample.feature && entry.slice == 3)
    #expect(entry.masks.count == 1 && entry.masks[0].rectangle == box(2, 3, 4, 5))
    _ = try sample.project.apply([sample.stroke(box(0, 0, 3, 30), erases: true)], by: anna)
    #expect(try sample.mask().count == 15)
    #expect(try !sample.isPainted(2, 3) && sample.isPainted(3, 3))
    let slices = try sample.project.annotatedSlices(dataset: sample.dataset)
    #expect(slices.map(\.slice) == [3] && slices[0].pixelCount == 15 && slices[0].boxCount == 0)
    let encoded = try sample.project.encodedMask(dataset: sample.dataset, feature: sample.feature, slice: 3)
    #expect(try MaskCodec.decode(encoded.bytes, height: encoded.height, width: encoded.width) == sample.mask())
    #expect(try sample.project.problems() == [])
  }

  @Test("boxes are placed, moved and removed")
  func boxes() throws {
    let sample = try Sample()
    let chosen: Int64 = 1 << 45
    let first = try sample.project.apply(
      [.placeBox(dataset: sample.dataset, feature: sample.feature, slice: 2, y: 4, x: 5)], by: anna
    ).created(.box)
    _ = try sample.project.apply(
      [
        .placeBox(dataset: sample.dataset, feature: sample.feature, slice: 2, y: 7, x: 8.5, id: chosen),
        .moveBox(chosen, slice: 6, y: 1, x: 1),
      ], by: anna)
    #expect(try sample.project.boxes(dataset: sample.dataset).map(\.id) == [first[0], chosen])
    #expect(try sample.project.boxes(dataset: sample.dataset, slice: 6).map(\.point) == [VoxelPoint(z: 6, y: 1, x: 1)])
    _ = try sample.project.apply([.removeBox(first[0])], by: anna)
    #expect(try sample.project.boxes(dataset: sample.dataset).map(\.id) == [chosen])
    #expect(try sample.project.annotatedSlices().map(\.boxCount) == [1])
    #expect(
      message { _ = try sample.project.apply([.removeBox(first[0])], by: anna) }
        == "the box 1 is not in the project, or was deleted")
    #expect(try sample.project.problems() == [])
  }

  @Test("features keep what they were given, and other fields keep their defaults")
  func features() throws {
    let sample = try Sample()
    var fields = FeatureFields(title: "Ribosome", colour: .init(red: 0.1, green: 0.2, blue: 1), boxSize: 96)
    fields.brushRadius = 4.5
    let id = try sample.project.apply([.createFeature(fields)], by: anna).created(.feature)[0]
    var change = FeatureFields()
    change.isVisible = false
    change.position = -1
    _ = try sample.project.apply([.changeFeature(id, change)], by: bert)
    let features = try sample.project.features()
    #expect(features.map(\.title) == ["Ribosome", "Membrane"])
    #expect(features[0].colour == .init(red: 0.1, green: 0.2, blue: 1) && features[0].boxSize == 96)
    #expect(!features[0].isVisible && features[0].brushRadius == 4.5 && features[0].opacity == 1)
    #expect(features[1].colour == Feature.Colour.palette[0])
    _ = try sample.project.apply([.setBoxSize(dataset: sample.dataset, feature: id, 32)], by: anna)
    #expect(try sample.project.boxSize(of: id, in: sample.dataset) == 32)
    #expect(try sample.project.boxSize(of: sample.feature, in: sample.dataset) == 64)
    _ = try sample.project.apply([.setBoxSize(dataset: sample.dataset, feature: id, nil)], by: anna)
    #expect(try sample.project.boxSize(of: id, in: sample.dataset) == 96)
    #expect(try sample.project.problems() == [])
  }

  @Test("a deleted feature takes its annotations out of sight, and its undoing brings them back")
  func deletedFeature() throws {
    let sample = try Sample()
    _ = try sample.project.apply(
      [
        sample.stroke(box(0, 0, 2, 2)),
        .placeBox(dataset: sample.dataset, feature: sample.feature, slice: 1, y: 1, x: 1),
      ], by: anna)
    _ = try sample.project.apply([.deleteFeature(sample.feature)], by: anna)
    #expect(try sample.project.annotatedSlices().isEmpty && sample.project.features().isEmpty)
    #expect(try sample.project.boxes(dataset: sample.dataset).isEmpty)
    #expect(
      message { _ = try sample.project.apply([sample.stroke(box(0, 0, 1, 1))], by: bert) }
        == "the feature 1 is not in the project, or was deleted")
    _ = try sample.project.undo(by: anna)
    #expect(try sample.project.annotatedSlices().map(\.slice) == [1, 3])
  }

  @Test("views, settings and libraries are kept")
  func otherRecords() throws {
    let sample = try Sample()
    var view = DatasetViewFields()
    view.centre = VoxelPoint(z: 4, y: 10, x: 12.5)
    view.contrast = .init(black: -3, white: 9)
    view.filters = #"[{"name": "gaussian"}]"#
    _ = try sample.project.apply([.setView(dataset: sample.dataset, view)], by: anna)
    var second = DatasetViewFields()
    second.isInverted = true
    _ = try sample.project.apply([.setView(dataset: sample.dataset, second)], by: anna)
    let found = try #require(try sample.project.view(of: sample.dataset, by: "Anna"))
    #expect(found.fields.centre == view.centre && found.fields.contrast == view.contrast)
    #expect(found.fields.filters == view.filters && found.fields.isInverted == true)
    #expect(try sample.project.view(of: sample.dataset, by: "Bert") == nil)

    _ = try sample.project.apply([.setSetting("theme", json: "\"dark\"", isPersonal: true)], by: anna)
    _ = try sample.project.apply([.setSetting("theme", json: "\"light\"", isPersonal: true)], by: anna)
    #expect(try sample.project.setting("theme", author: "Anna") == "\"light\"")
    #expect(try sample.project.setting("theme") == nil)
    #expect(
      message { _ = try sample.project.apply([.setSetting("x", json: "{", isPersonal: false)], by: anna) }
        == "the value of 'x' is not JSON")

    let library = try sample.project.apply([.addLibrary("Cilia", isActive: true)], by: anna).created(.library)[0]
    var card = LibraryFeatureFields(title: "Axoneme")
    card.brush = .nanometers(12)
    _ = try sample.project.apply([.addLibraryFeature(library: library, card)], by: anna)
    let libraries = try sample.project.libraries()
    #expect(libraries.map(\.name) == ["Cilia"] && libraries[0].isActive)
    #expect(libraries[0].features.map(\.fields.title) == ["Axoneme"])
    #expect(libraries[0].features[0].fields.brush == .nanometers(12))
    // Neither views nor settings are steps of undo.
    _ = try sample.project.undo(by: anna)
    #expect(try sample.project.libraries()[0].features.isEmpty)
    #expect(try sample.project.problems() == [])
  }

  @Test("a list of edits is applied whole or not at all")
  func atomicity() throws {
    let sample = try Sample()
    #expect(throws: AisError.self) {
      try sample.project.apply(
        [sample.stroke(box(0, 0, 2, 2)), .placeBox(dataset: sample.dataset, feature: 99, slice: 0, y: 0, x: 0)],
        by: anna)
    }
    #expect(try sample.mask().isEmpty)
    #expect(try sample.project.lastSequence() == 1)
  }

  @Test("an edit that is sent again with its token is applied once")
  func tokens() throws {
    let sample = try Sample()
    let place = Edit.placeBox(dataset: sample.dataset, feature: sample.feature, slice: 0, y: 0, x: 0)
    let first = try sample.project.apply([place], by: anna, token: "a-1")
    let again = try sample.project.apply([place], by: anna, token: "a-1")
    #expect(first == again)
    #expect(try sample.project.boxes(dataset: sample.dataset).count == 1)
  }

  @Test("strokes and boxes that do not lie in the dataset are refused with a sentence")
  func outside() throws {
    let sample = try Sample()
    #expect(
      message { _ = try sample.project.apply([sample.stroke(box(18, 0, 3, 3))], by: anna) }
        == "a stroke covers rows 18 to 20 and columns 0 to 2; the slice has 30 × 20 pixels")
    #expect(
      message { _ = try sample.project.apply([sample.stroke(box(0, 0, 1, 1), slice: 8)], by: anna) }
        == "slice 8 is not there: the dataset has slices 0 to 7")
    #expect(
      message {
        _ = try sample.project.apply(
          [.placeBox(dataset: sample.dataset, feature: sample.feature, slice: 0, y: .nan, x: 0)], by: anna)
      }?.contains("cannot be placed") == true)
    #expect(
      message {
        _ = try sample.project.apply(
          [.placeBox(dataset: sample.dataset, feature: sample.feature, slice: 0, y: 0, x: 0, id: 5)], by: anna)
      }?.contains("between 2^40 and 2^53") == true)
  }

  @Test("clearing a slice removes paint and boxes, and is one step of undo")
  func clearing() throws {
    let sample = try Sample()
    _ = try sample.project.apply([sample.stroke(box(0, 0, 5, 5))], by: anna)
    _ = try sample.project.apply(
      [.placeBox(dataset: sample.dataset, feature: sample.feature, slice: 3, y: 1, x: 1)], by: anna)
    _ = try sample.project.apply(
      [.clearSlice(dataset: sample.dataset, feature: sample.feature, slice: 3)], by: anna)
    #expect(try sample.project.annotatedSlices().isEmpty)
    _ = try sample.project.undo(by: anna)
    let slices = try sample.project.annotatedSlices()
    #expect(slices.map(\.pixelCount) == [25] && slices.map(\.boxCount) == [1])
  }

  @Test("versions must fit the frame of their dataset")
  func versions() throws {
    let sample = try Sample()
    func reference(_ shape: Shape) -> TomogramReference {
      TomogramReference(
        path: "/data/TS_01.mrc", relativePath: "../TS_01.mrc", byteCount: 10, modified: 1.5, sampleHash: "ab",
        shape: shape, voxelSize: VoxelSize(.angstroms(10)))
    }
    func add(_ shape: Shape, _ scale: VersionScale) throws -> JournalEntry {
      try sample.project.apply(
        [
          .addVersion(
            dataset: sample.dataset, kind: .denoised, title: "denoised", reference: reference(shape), scale: scale)
        ], by: anna)
    }
    let half = VersionScale(up: 2, down: 1)
    let id = try add(Shape(z: 4, y: 10, x: 15), half).created(.version)[0]
    let version = try #require(try sample.project.versions(of: sample.dataset).first)
    #expect(version.kind == .denoised && version.scale == half)
    #expect(version.reference == reference(Shape(z: 4, y: 10, x: 15)))
    #expect(throws: AisError.self) { try add(Shape(z: 5, y: 9, x: 15), half) }
    #expect(throws: AisError.self) {
      try sample.project.apply([.relinkVersion(id, reference(Sample.shape))], by: anna)
    }
  }
}
