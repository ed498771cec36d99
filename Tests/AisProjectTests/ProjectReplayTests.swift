import AisCore
import AisFormats
import AisProject
import Testing

@Suite("The journal and the tables")
struct ProjectReplayTests {
  private let people = [anna, bert, Author("Clara")]

  /// Some edit; it may concern things that are not there.
  private func edit(using generator: inout SeededGenerator) -> Edit {
    func id() -> Int64 { Int64.random(in: 1...4, using: &generator) }
    func slice() -> Int { Int.random(in: 0..<4, using: &generator) }
    func place(_ end: Int) -> Double { Double(Int.random(in: 0..<end, using: &generator)) }
    var feature = FeatureFields(title: ["Membrane", "Actin", "ER"].randomElement(using: &generator))
    feature.opacity = Double.random(in: 0...1, using: &generator)
    var view = DatasetViewFields()
    view.centre = VoxelPoint(z: place(4), y: place(10), x: place(12))
    var card = LibraryFeatureFields(title: "Card \(id())")
    card.level = place(255)
    var model = ModelFields(title: "Model \(id())")
    model.feature = .some(Bool.random(using: &generator) ? 1 : nil)
    var rule = ModelRuleFields()
    (rule.kind, rule.child, rule.parent) = ("avoid", id(), id())
    switch Int.random(in: 0..<20, using: &generator) {
    case 0: return .addDataset(name: "TS_0\(id())", shape: Shape(z: 4, y: 10, x: 12))
    case 1:
      return .changeDataset(id(), DatasetFields(name: "Name \(id())", voxelSize: VoxelSize(.angstroms(place(9) + 1))))
    case 2: return .removeDataset(id())
    case 3, 4: return .createFeature(feature)
    case 5: return .changeFeature(id(), feature)
    case 6: return .deleteFeature(id())
    case 7: return .setBoxSize(dataset: id(), feature: id(), Bool.random(using: &generator) ? 32 : nil)
    case 8, 9:
      return .placeBox(dataset: id(), feature: id(), slice: slice(), y: place(10), x: place(12))
    case 10: return .moveBox(id(), slice: slice(), y: place(10), x: place(12))
    case 11: return .removeBox(id())
    case 12: return .setView(dataset: id(), view)
    case 13: return .setSetting("s\(id())", json: "\(id())", isPersonal: Bool.random(using: &generator))
    case 14:
      return Bool.random(using: &generator)
        ? .addLibrary("L\(id())", isActive: false) : .addLibraryFeature(library: id(), card)
    case 15: return .createModel(model)
    case 16: return Bool.random(using: &generator) ? .changeModel(id(), model) : .deleteModel(id())
    case 17: return Bool.random(using: &generator) ? .duplicateModel(id()) : .createRule(rule)
    case 18:
      var set = TrainingSetFields(title: "Set \(id())")
      set.roles = [id(): .positive]
      return Bool.random(using: &generator) ? .createTrainingSet(set) : .changeTrainingSet(id(), set)
    default:
      let mask = SliceMask(height: 3, width: 4).inverted
      let corner = box(Int(place(7)), Int(place(8)), 3, 4)
      return .paint(
        .stroke(
          dataset: id(), feature: id(), slice: slice(), rectangle: corner, mask, erases: Bool.random(using: &generator))
      )
    }
  }

  @Test("agree after random edits of all kinds, undone and done again by anybody", arguments: 1...4)
  func agree(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let project = try Project()
    for _ in 0..<250 {
      let author = people.randomElement(using: &generator)!
      // What cannot be done is refused, and leaves nothing behind.
      do throws(AisError) {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: _ = try project.undo(by: author)
        case 1: _ = try project.redo(by: author)
        case 2:
          let last = max(1, try project.lastSequence())
          let line = Int64.random(in: 1...last, using: &generator)
          if try project.entry(line)?.isUndone == true {
            _ = try project.redo(line, by: author)
          } else {
            _ = try project.undo(line, by: author)
          }
        default:
          var edits = [edit(using: &generator)]
          if Bool.random(using: &generator) { edits.append(edit(using: &generator)) }
          _ = try project.apply(edits, by: author)
        }
      } catch {
        #expect([.usage, .notFound].contains(error.code), "\(error)")
      }
    }
    #expect(try project.problems() == [])
    try followsFromEntries(project)
  }

  /// Whoever only listens to the journal knows the state: which rows are there, and what their cells hold.
  private func followsFromEntries(_ project: Project) throws {
    var cells: [RecordKey: [String: ProjectValue]] = [:]
    for entry in try project.entries(after: 0, limit: 10_000) {
      for change in entry.values { cells[change.record, default: [:]][change.field] = change.value }
    }
    func heard(_ kind: RecordKind, _ field: String) -> [Int64: ProjectValue] {
      var values: [Int64: ProjectValue] = [:]
      for (record, fields) in cells where record.kind == kind && fields["live"] == .integer(1) {
        values[record.id] = fields[field]
      }
      return values
    }
    let features = try project.features()
    #expect(heard(.feature, "title") == Dictionary(uniqueKeysWithValues: features.map { ($0.id, .text($0.title)) }))
    #expect(heard(.feature, "opacity") == Dictionary(uniqueKeysWithValues: features.map { ($0.id, .real($0.opacity)) }))
    let datasets = try project.datasets()
    #expect(heard(.dataset, "name") == Dictionary(uniqueKeysWithValues: datasets.map { ($0.id, .text($0.name)) }))
    var boxes: [Int64: ProjectValue] = [:]
    for dataset in datasets { for box in try project.boxes(dataset: dataset.id) { boxes[box.id] = .real(box.y) } }
    // Boxes of deleted features and datasets are there, and out of sight.
    let seen = heard(.box, "y").filter { id, _ in
      let fields = cells[RecordKey(.box, id)]!
      return features.contains { $0.id == fields["feature"]?.integer }
        && datasets.contains { $0.id == fields["dataset"]?.integer }
    }
    #expect(seen == boxes)
  }
}
