import AisCore
import AisFormats
import AisProject
import Testing

@Suite("Models, rules and training sets of a project")
struct ProjectModelTests {
  private func sample() throws -> (project: Project, first: Int64, second: Int64) {
    let project = try Project()
    var fields = ModelFields(title: "Membrane")
    fields.file = "a.scnm"
    _ = try project.apply([.createModel(fields), .createModel(ModelFields(title: "Ribosome"))], by: anna)
    let models = try project.models()
    return (project, models[0].id, models[1].id)
  }

  @Test("a model that was deleted comes back with its network and its rules")
  func undone() throws {
    let (project, first, second) = try sample()
    var rule = ModelRuleFields()
    (rule.kind, rule.child, rule.parent, rule.radius) = ("avoid", second, first, .nanometers(12))
    _ = try project.apply([.createRule(rule)], by: anna)
    _ = try project.apply([.deleteModel(first)], by: anna)
    #expect(try project.models().map(\.title) == ["Ribosome"])
    #expect(try project.rules().isEmpty)
    _ = try project.undo(by: anna)
    #expect(try project.models().map(\.file) == ["a.scnm", nil])
    #expect(try project.rules().map(\.radius) == [.nanometers(12)])
    #expect(try project.problems() == [])
  }

  @Test("a copy has the network and all settings under a title of its own")
  func duplicated() throws {
    let (project, first, _) = try sample()
    var fields = ModelFields()
    (fields.threshold, fields.augmentations, fields.processingVoxelSize) = (0.7, 4, .some(12))
    _ = try project.apply([.changeModel(first, fields)], by: anna)
    _ = try project.apply([.duplicateModel(first)], by: anna)
    let copy = try #require(try project.models().last)
    #expect(copy.title == "Membrane 2" && copy.file == "a.scnm" && copy.threshold == 0.7)
    #expect(copy.augmentations == 4 && copy.processingVoxelSize == 12)
  }

  @Test("two models are never called alike")
  func titles() throws {
    let (project, first, _) = try sample()
    _ = try project.apply([.createModel(ModelFields(title: "Membrane"))], by: bert)
    #expect(try project.models().map(\.title) == ["Membrane", "Ribosome", "Membrane 2"])
    #expect(throws: AisError.self) {
      try project.apply([.changeModel(first, ModelFields(title: "Ribosome"))], by: anna)
    }
    #expect(try project.models()[0].title == "Membrane")
  }

  @Test("a rule between a model and itself, or with one that is not there, is refused")
  func senselessRules() throws {
    let (project, first, _) = try sample()
    for parent in [first, 99] {
      var rule = ModelRuleFields()
      (rule.kind, rule.child, rule.parent) = ("colocalize", first, parent)
      #expect(throws: AisError.self) { try project.apply([.createRule(rule)], by: anna) }
    }
    #expect(try project.rules().isEmpty && project.problems() == [])
  }

  @Test("settings outside of their range are refused and change nothing")
  func ranges() throws {
    let (project, first, _) = try sample()
    var fields = [ModelFields](repeating: ModelFields(), count: 4)
    fields[0].augmentations = 9
    fields[1].threshold = 1.5
    fields[2].tiling = "sideways"
    fields[3].processingVoxelSize = .some(-1)
    for fields in fields {
      #expect(throws: AisError.self) { try project.apply([.changeModel(first, fields)], by: anna) }
    }
    #expect(try project.model(first)?.augmentations == 1)
  }

  @Test("a training set knows its features' parts, and only features of the project have one")
  func trainingSets() throws {
    let sample = try Sample()
    var fields = TrainingSetFields(title: "Set")
    fields.roles = [1: .positive]
    fields.datasets = .some([1])
    fields.boxSize = 96
    _ = try sample.project.apply([.createTrainingSet(fields)], by: anna)
    let set = try #require(try sample.project.trainingSets().first)
    #expect(set.roles == [1: .positive] && set.datasets == [1] && set.boxSize == 96 && set.depth == 1)
    var other = TrainingSetFields()
    other.datasets = .some(nil)
    other.roles = [:]
    _ = try sample.project.apply([.changeTrainingSet(set.id, other)], by: anna)
    #expect(try sample.project.trainingSet(set.id).datasets == nil)
    var wrong = TrainingSetFields()
    wrong.roles = [77: .negative]
    #expect(throws: AisError.self) { try sample.project.apply([.changeTrainingSet(set.id, wrong)], by: anna) }
    var tiny = TrainingSetFields()
    tiny.boxSize = 0
    #expect(throws: AisError.self) { try sample.project.apply([.changeTrainingSet(set.id, tiny)], by: anna) }
    #expect(try sample.project.problems() == [])
  }
}
