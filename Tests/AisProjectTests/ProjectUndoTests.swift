import AisCore
import AisProject
import Testing

@Suite("Undo and redo")
struct ProjectUndoTests {
  @Test("undo walks back through all edits of a person, and redo forward again")
  func walking() throws {
    let sample = try Sample()
    var states = [try sample.mask()]
    for index in 0..<20 {
      _ = try sample.project.apply(
        [sample.stroke(box(index % 10, index, 5, 7), erases: index % 3 == 2)], by: anna)
      states.append(try sample.mask())
    }
    for state in states.dropLast().reversed() {
      _ = try #require(try sample.project.undo(by: anna))
      #expect(try sample.mask() == state)
    }
    for state in states.dropFirst() {
      _ = try #require(try sample.project.redo(by: anna))
      #expect(try sample.mask() == state)
    }
    #expect(try sample.project.redo(by: anna) == nil)
    #expect(try sample.project.undo(by: bert) == nil)
    #expect(try sample.project.problems() == [])
  }

  @Test("an edit after an undo ends what could be done again")
  func newEdit() throws {
    let sample = try Sample()
    _ = try sample.project.apply([sample.stroke(box(0, 0, 2, 2))], by: anna)
    _ = try sample.project.undo(by: anna)
    _ = try sample.project.apply([sample.stroke(box(5, 5, 2, 2))], by: anna)
    #expect(try sample.project.redo(by: anna) == nil)
    // Another person's edit does not.
    _ = try sample.project.undo(by: anna)
    _ = try sample.project.apply([sample.stroke(box(9, 9, 2, 2))], by: bert)
    _ = try #require(try sample.project.redo(by: anna))
    #expect(try sample.mask().count == 8)
  }

  @Test("undo leaves what somebody else painted since, even over the same pixels")
  func laterStrokes() throws {
    let sample = try Sample()
    _ = try sample.project.apply([sample.stroke(box(0, 0, 4, 10))], by: anna)
    // Half of it is painted already, so that nothing changes there; it is Bert's all the same.
    _ = try sample.project.apply([sample.stroke(box(0, 5, 4, 10))], by: bert)
    _ = try sample.project.apply([sample.stroke(box(0, 0, 1, 1), erases: true)], by: bert)
    let undo = try #require(try sample.project.undo(by: anna))
    #expect(
      try sample.mask()
        == { () -> SliceMask in
          var mask = SliceMask(height: 20, width: 30)
          mask.set(SliceMask(height: 4, width: 10).inverted, at: box(0, 5, 4, 10))
          return mask
        }())
    #expect(undo.action == .undo && undo.target == 2 && undo.masks.count == 1)
    // Four rows of five pixels, but for the one that Bert erased.
    let changed = try undo.masks[0].decoded()
    #expect(changed.erased.count == 19 && changed.painted.isEmpty)
    // Redone, the stroke goes below what Bert erased.
    _ = try sample.project.redo(by: anna)
    #expect(try !sample.isPainted(0, 0) && sample.isPainted(0, 1))
    #expect(try sample.project.problems() == [])
  }

  @Test("undoing the making of a feature leaves it when somebody else uses it")
  func sharedFeature() throws {
    let sample = try Sample()
    _ = try sample.project.apply([.createFeature(FeatureFields(title: "Actin"))], by: anna)
    _ = try sample.project.apply([sample.stroke(box(0, 0, 2, 2), feature: 2)], by: bert)
    _ = try sample.project.undo(by: anna)
    #expect(try sample.project.features().map(\.title) == ["Membrane", "Actin"])
    // When Bert's stroke goes too, nobody wants it any more.
    _ = try sample.project.undo(by: bert)
    #expect(try sample.project.features().map(\.title) == ["Membrane"])
    #expect(try sample.project.problems() == [])
  }

  @Test("undoing a change leaves a later change of the same field, and takes back the others")
  func fields() throws {
    let sample = try Sample()
    var both = FeatureFields(title: "Vesicle")
    both.opacity = 0.5
    _ = try sample.project.apply([.changeFeature(sample.feature, both)], by: anna)
    _ = try sample.project.apply([.changeFeature(sample.feature, FeatureFields(title: "ER"))], by: bert)
    _ = try sample.project.undo(by: anna)
    let feature = try sample.project.features()[0]
    #expect(feature.title == "ER" && feature.opacity == 1)
  }

  @Test("a moved box stays where its last mover put it")
  func boxes() throws {
    let sample = try Sample()
    let id = try sample.project.apply(
      [.placeBox(dataset: sample.dataset, feature: sample.feature, slice: 0, y: 1, x: 1)], by: anna
    ).created(.box)[0]
    _ = try sample.project.apply([.moveBox(id, slice: 0, y: 5, x: 5)], by: bert)
    _ = try sample.project.undo(by: anna)
    #expect(try sample.project.boxes(dataset: sample.dataset).map(\.y) == [5])
    _ = try sample.project.undo(by: bert)
    #expect(try sample.project.boxes(dataset: sample.dataset).isEmpty)
    _ = try sample.project.redo(by: anna)
    #expect(try sample.project.boxes(dataset: sample.dataset).map(\.y) == [1])
  }

  @Test("any line of the history can be undone and done again, by anybody")
  func anyLine() throws {
    let sample = try Sample()
    let first = try sample.project.apply([sample.stroke(box(0, 0, 2, 2))], by: anna)
    _ = try sample.project.apply([sample.stroke(box(10, 10, 2, 2))], by: anna)
    let undo = try sample.project.undo(first.sequence, by: bert)
    #expect(undo.author == bert && undo.target == first.sequence)
    #expect(try sample.mask().count == 4 && !sample.isPainted(0, 0))
    #expect(
      message { _ = try sample.project.undo(first.sequence, by: anna) } == "line 2 of the history is nothing to undo")
    #expect(message { _ = try sample.project.undo(undo.sequence, by: anna) } != nil)
    let history = try sample.project.history()
    #expect(history.map(\.sequence) == [4, 3, 2, 1])
    #expect(history.map(\.isUndone) == [false, false, true, false])
    _ = try sample.project.redo(first.sequence, by: anna)
    #expect(try sample.mask().count == 8)
    #expect(try sample.project.problems() == [])
  }

  @Test("after random edits, undos and redos of three people the picture is what a plain replay says", arguments: 1...6)
  func property(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let sample = try Sample()
    let people = [anna, bert, Author("Clara")]
    var model = UndoModel()
    for _ in 0..<120 {
      let author = people.randomElement(using: &generator)!
      switch Int.random(in: 0..<10, using: &generator) {
      case 0..<6:
        let height = Int.random(in: 1...8, using: &generator)
        let width = Int.random(in: 1...12, using: &generator)
        let place = box(
          Int.random(in: 0...20 - height, using: &generator), Int.random(in: 0...30 - width, using: &generator), height,
          width)
        var painted = SliceMask(height: height, width: width)
        for index in 0..<painted.pixelCount where Bool.random(using: &generator) { painted[index] = true }
        let replaces = Int.random(in: 0..<4, using: &generator) == 0
        let patch =
          replaces
          ? MaskPatch.replacement(
            dataset: sample.dataset, feature: sample.feature, slice: 3, rectangle: place, painted)
          : MaskPatch.stroke(
            dataset: sample.dataset, feature: sample.feature, slice: 3, rectangle: place, painted,
            erases: Bool.random(using: &generator))
        let entry = try sample.project.apply([.paint(patch)], by: author)
        if !patch.isEmpty { model.edits[entry.sequence] = patch }
      case 6..<8:
        if let entry = try sample.project.undo(by: author) { model.undone.insert(entry.target!) }
      case 8:
        if let entry = try sample.project.redo(by: author) { model.undone.remove(entry.target!) }
      default:
        guard let line = model.edits.keys.sorted().randomElement(using: &generator) else { continue }
        if model.undone.contains(line) {
          _ = try sample.project.redo(line, by: author)
          model.undone.remove(line)
        } else {
          _ = try sample.project.undo(line, by: author)
          model.undone.insert(line)
        }
      }
      // The first line makes dataset and feature; undone, they are out of sight and the paint below is as before.
      let mask = try sample.mask()
      #expect((0..<mask.pixelCount).map { mask[$0] } == model.picture())
      if try sample.project.features().isEmpty || sample.project.datasets().isEmpty {
        _ = try sample.project.redo(1, by: anna)
        model.undone.remove(1)
      }
    }
    #expect(try sample.project.problems() == [])
    // What the journal told on the way gives the same picture: a page that only listens sees it.
    var heard = SliceMask(height: 20, width: 30)
    for entry in try sample.project.entries(after: 0) {
      for patch in entry.masks { try patch.decoded().apply(to: &heard) }
    }
    #expect(heard == (try sample.mask()))
  }
}

/// The rule of undo as a plain list: edits in order, those undone left out.
private struct UndoModel {
  var edits: [Int64: MaskPatch] = [:]
  var undone: Set<Int64> = []

  func picture() -> [Bool] {
    var picture = [Bool](repeating: false, count: 20 * 30)
    for line in edits.keys.sorted() where !undone.contains(line) {
      let patch = edits[line]!
      for y in 0..<patch.rectangle.height {
        for x in 0..<patch.rectangle.width {
          let index = (patch.rectangle.y + y) * 30 + patch.rectangle.x + x
          if patch.painted[y: y, x: x] { picture[index] = true }
          if patch.erased[y: y, x: x] { picture[index] = false }
        }
      }
    }
    return picture
  }
}
