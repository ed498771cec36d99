import AisCore
import AisFormats
import AisProject
import AisSegmentation
import AisWorkflows
import Foundation
import Testing

@Suite("Recipes of runs")
struct RunRecipeTests {
  private func model(_ id: Int64, _ title: String) -> RunRecipe.Model {
    RunRecipe.Model(
      id: id, title: title, file: "\(id).scnm", contentHash: nil, colour: .init(red: 1, green: 0.5, blue: 0),
      threshold: 0.4, emits: id == 1, absorbs: true, augmentations: 4, tiling: "exact",
      processingVoxelSizeAngstrom: id == 1 ? 0 : nil)
  }

  private func recipe() -> RunRecipe {
    var first = RunRecipe.Tomogram(dataset: 1, version: 1, name: "TS_01", path: "/data/a/TS_01.mrc")
    first.slices = .init(first: 3, end: 9)
    first.voxelSizeAngstrom = .init(VoxelSize(z: .angstroms(10), y: .angstroms(10), x: .angstroms(10)))
    return RunRecipe(
      title: "Two models", by: "Anna", models: [model(1, "Membrane"), model(2, "Actin / thin")],
      rules: [
        .init(kind: "avoid", child: 2, parent: 1, radiusNanometer: 12, threshold: 0.6),
        .init(kind: "avoid", child: 2, parent: 9, radiusNanometer: 12, threshold: 0.6),
      ], dimension: 3,
      tomograms: [first, RunRecipe.Tomogram(dataset: 2, version: 4, name: "TS_02", path: "/data/a/TS_02.mrc")],
      output: "/data/seg")
  }

  @Test("come back from their JSON as they were, and other documents are refused")
  func roundTrip() throws {
    let recipe = recipe()
    #expect(try RunRecipe(parsing: recipe.json, name: "run.json") == recipe)
    for text in ["", "[]", "{\"schema\": \"ais.run/2\"}", "{\"schema\": \"ais.run/1\"}"] {
      #expect(throws: AisError.self) { try RunRecipe(parsing: Array(text.utf8), name: "run.json") }
    }
  }

  @Test(
    "make a group in which every model is applied as the project says; rules with models that take no part do nothing")
  func group() throws {
    let group = try recipe().group(modelFolder: "/p.ais/models")
    #expect(group.dimension == .three && group.rules.map(\.parent) == ["Membrane"])
    #expect(group.models.map(\.file) == ["/p.ais/models/1.scnm", "/p.ais/models/2.scnm"])
    #expect(group.models[0].scaling == .native && group.models[1].scaling == .asTrained)
    #expect(group.models.allSatisfy { $0.augmentations == 4 && $0.tiling == .exact })
    #expect(try GroupRecipe(parsing: group.json, name: "group.json") == group)
    var twice = recipe()
    twice.models[1].title = "membrane"
    #expect(throws: AisError.self) { try twice.group(modelFolder: "/m") }
  }

  @Test("are a line that anybody may type, with the names that the outputs get")
  func words() throws {
    var recipe = recipe()
    let words = recipe.words(group: "/r/group.json", limits: "/r/limits.json")
    #expect(
      words.prefix(4) == ["batch", "run", "--workers", "1"]
        && words.suffix(2) == ["/data/a/TS_01.mrc", "/data/a/TS_02.mrc"])
    #expect(
      recipe.outputs(of: recipe.tomograms[0]) == ["/data/seg/TS_01__Membrane.mrc", "/data/seg/TS_01__Actin _ thin.mrc"])
    recipe.tomograms[1].path = "/data/b/TS_01.mrc"
    recipe.settleNames()
    #expect(recipe.outputs(of: recipe.tomograms[1])[0] == "/data/seg/b_TS_01__Membrane.mrc")
    recipe.place.kind = .slurm
    recipe.place.workers = 8
    recipe.place.memoryBytes = 4 << 30
    recipe.place.slurm = .init()
    recipe.place.slurm?.partition = "gpu"
    let submitted = recipe.words(group: "g", limits: "l")
    #expect(submitted.prefix(5) == ["batch", "submit", "--slurm", "--workers", "8"])
    #expect(submitted.contains("gpu") && submitted.contains("4096MiB"))
    #expect(recipe.script(group: "g", limits: "l").contains("ais batch submit --slurm"))
  }

  @Test("keep what is said of single tomograms, and refuse what makes no sense")
  func limits() throws {
    let limits = try recipe().limits()
    #expect(limits["/data/a/TS_01.mrc"]?.z == 3..<9 && limits["/data/a/TS_02.mrc"] == nil)
    #expect(try TomogramLimits(parsing: limits.json, name: "limits.json") == limits)
    for text in [
      "", "{}", "{\"schema\": \"ais.limits/1\", \"tomograms\": [{\"path\": \"/a\", \"slice\": [0, 1]}]}",
      "{\"schema\": \"ais.limits/1\", \"tomograms\": [{\"path\": \"/a\", \"slices\": [4, 4]}]}",
      "{\"schema\": \"ais.limits/1\", \"tomograms\": [{\"path\": \"/a\", \"rows\": [0]}]}",
      "{\"schema\": \"ais.limits/1\", \"tomograms\": [{\"path\": \"/a\", \"voxelSizeAngstromZYX\": [1, 0, 1]}]}",
      "{\"schema\": \"ais.limits/1\", \"tomograms\": [{\"path\": \"/a\"}, {\"path\": \"/a/../a\"}]}",
    ] { #expect(throws: AisError.self) { try TomogramLimits(parsing: Array(text.utf8), name: "limits.json") } }
  }

  @Test("lie in numbered folders of the project, with what a person wants of the run")
  func folders() throws {
    let parent = FileManager.default.temporaryDirectory.appending(path: "ais-runs-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let project = ProjectFolder(parent + "/Test.ais")
    #expect(RunFolder.all(in: project).isEmpty && RunFolder.nextNumber(in: project) == 1)
    let first = try RunFolder.make(recipe(), in: project, modelFolder: "/m")
    let second = try RunFolder.make(recipe(), in: project, modelFolder: "/m")
    #expect(RunFolder.all(in: project).map(\.number) == [2, 1] && (first.number, second.number) == (1, 2))
    #expect(try first.recipe() == (try RunFolder.run(1, in: project).recipe()))
    #expect(throws: AisError.self) { try RunFolder.run(3, in: project) }
    #expect(first.wish == .run && first.ending == nil && !first.isCarriedOut)
    try first.note(.pause)
    first.note(RunFolder.Ending(code: 1, message: "no room"))
    #expect(first.wish == .pause && first.ending?.message == "no room" && second.wish == .run)
    // A folder that was never finished is no run.
    try FileManager.default.createDirectory(atPath: project.path + "/runs/7", withIntermediateDirectories: true)
    #expect(RunFolder.all(in: project).count == 2 && RunFolder.nextNumber(in: project) == 8)
  }
}
