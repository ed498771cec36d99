import AisCore
import AisSegmentation
import AisWorkflows
import Foundation
import Testing

@Suite("Recipes of groups")
struct GroupRecipeTests {
  private static let recipe: GroupRecipe = {
    var models = [
      GroupRecipe.Model(
        title: "Membrane \"C\"", file: "a/Membrane C.scnm", contentHash: String(repeating: "0a", count: 32)),
      GroupRecipe.Model(title: "Ribosome", file: "../Ribosome.scnm", contentHash: nil),
    ]
    models[0].emits = true
    models[1].absorbs = true
    models[1].threshold = 0.35
    var recipe = GroupRecipe(
      title: "cell",
      models: models,
      rules: [
        .init(kind: .colocalize, child: "Ribosome", parent: "Membrane \"C\"", radiusNanometer: 12.5, threshold: 0.25),
        .init(kind: .avoid, child: "Membrane \"C\"", parent: "Ribosome", radiusNanometer: 0.1 + 0.2),
      ])
    recipe.dimension = .three
    return recipe
  }()

  @Test("what is written is read again")
  func roundTrip() throws {
    let bytes = Self.recipe.json
    #expect(try GroupRecipe(parsing: bytes, name: "cell.json") == Self.recipe)
    #expect(try GroupRecipe(parsing: bytes, name: "cell.json").json == bytes)
  }

  @Test("a recipe cut short anywhere is refused")
  func prefixes() {
    let bytes = Self.recipe.json
    for end in 0..<bytes.count - 2 {
      #expect(throws: AisError.self) { try GroupRecipe(parsing: bytes[..<end].map(\.self), name: "cell.json") }
    }
  }

  @Test(
    "what it cannot mean is refused",
    arguments: [
      ("\"schema\": \"ais.group/1\"", "\"schema\": \"ais.group/9\"", "ais.group/9"),
      ("\"dimension\": 3", "\"dimension\": 4", "expected 2"),
      ("\"dimension\": 3", "\"dimensions\": 3", "'dimensions'"),
      ("\"compatibility\": \"standard\"", "\"compatibility\": \"old\"", "'old'"),
      ("\"emit\": true", "\"emit\": 1", "neither true nor false"),
      ("\"radiusNanometer\": 12.5", "\"radiusNanometer\": \"12.5\"", "no number"),
      ("\"radiusNanometer\": 12.5, ", "", "no 'radiusNanometer'"),
      ("\"type\": \"avoid\"", "\"type\": \"flee\"", "'flee'"),
      ("0a0a0a", "0a0a", "SHA-256"),
      ("\"title\": \"Ribosome\", ", "", "no 'title'"),
    ])
  func refusals(find: String, replace: String, word: String) throws {
    let text = String(decoding: Self.recipe.json, as: UTF8.self)
    let range = try #require(text.firstRange(of: find))
    let changed = text.replacingCharacters(in: range, with: replace)
    let error = #expect(throws: AisError.self) { try GroupRecipe(parsing: Array(changed.utf8), name: "cell.json") }
    #expect(error?.message.contains(word) == true && error?.message.contains("cell.json") == true)
  }

  @Test("a recipe says which models play which part")
  func combination() {
    let combination = Self.recipe.combination
    #expect(combination.members == [.init(emits: true), .init(absorbs: true, threshold: 0.35)])
    #expect(combination.interactions.map(\.child) == [1, 0])
    #expect(combination.interactions[0].radius == .nanometers(12.5))
    #expect(combination.dimension == .three && combination.rounding == .standard)
    #expect(Self.recipe.stepLines.count == 3)
    #expect(Self.recipe.stepLines[1] == "2. Ribosome stays only within 12.5 nm of Membrane \"C\" (above 0.25)")
    #expect(Self.recipe.findings.map(\.code) == [.cycle])
  }

  @Test("circles are found, each once, and chains are not")
  func circles() {
    func rule(_ child: String, _ parent: String) -> GroupRecipe.Rule {
      .init(kind: .avoid, child: child, parent: parent, radiusNanometer: 1)
    }
    let models = "ABCD".map { GroupRecipe.Model(title: String($0), file: "\($0).scnm", contentHash: nil) }
    func cycles(_ rules: [GroupRecipe.Rule]) -> Int {
      GroupRecipe(title: "g", models: models, rules: rules).findings.count { $0.code == .cycle }
    }
    #expect(cycles([rule("A", "B"), rule("B", "C"), rule("A", "C"), rule("C", "D")]) == 0)
    #expect(cycles([rule("A", "B"), rule("B", "A"), rule("A", "B")]) == 1)
    #expect(cycles([rule("D", "A"), rule("A", "B"), rule("B", "C"), rule("C", "A")]) == 1)
    #expect(cycles([rule("A", "B"), rule("B", "A"), rule("C", "D"), rule("D", "C")]) == 2)
  }
}
