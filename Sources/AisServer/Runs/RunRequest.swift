import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// What a page asks of a run, settled into a recipe: who takes part, what of which tomogram, where to and by whom.
struct RunRequest: Sendable {
  let project: OpenProject
  let roots: FolderRoots
  let author: Author

  /// Throws `usage` and `not-found` for what cannot be run; tomograms that cannot be run now stay in, and the forecast says why.
  func recipe(_ json: JSONValue) async throws -> RunRecipe {
    if let old = json["recipe"] {
      let recipe = try RunRecipe(parsing: Array(old.text.utf8), name: "the recipe")
      return try await again(recipe, output: json["output"]?.string)
    }
    let (models, rules, dimension) = try await models(json)
    let tomograms = try await tomograms(json["tomograms"]?.array ?? [])
    var recipe = RunRecipe(
      title: json["title"]?.string ?? Self.title(models.map(\.title), tomograms.count), by: author.name, models: models,
      rules: rules, dimension: dimension, tomograms: tomograms, output: "")
    recipe.output = try await output(json["output"]?.string)
    recipe.settleNames()
    if let word = json["outputType"]?.string {
      guard SegmentRequest.OutputType(rawValue: word) != nil else {
        let known = SegmentRequest.OutputType.allCases.map(\.rawValue).joined(separator: ", ")
        throw AisError(.usage, "'\(word)' is no form of segmentations: expected one of \(known)")
      }
      recipe.outputType = word
    }
    recipe.replacesOutputs = json["replaces"]?.bool ?? false
    recipe.place = try place(json["place"])
    return recipe
  }

  /// The same once more, in a folder of its own.
  func again(_ old: RunRecipe, output: String? = nil) async throws -> RunRecipe {
    var recipe = old
    recipe.by = author.name
    recipe.time = (Date().timeIntervalSince1970 * 1000).rounded()
    let store = project.models.store
    for model in recipe.models {
      guard !model.file.contains("/"), FileManager.default.fileExists(atPath: store.path(of: model.file)) else {
        throw AisError(
          .notFound,
          "the project does not have the network of '\(model.title)' that the recipe names. Add it, and set the run up with it"
        )
      }
    }
    for tomogram in recipe.tomograms {
      // A recipe may come from elsewhere: it opens nothing that the page may not.
      if FolderRoots.realPath(tomogram.path) != nil { _ = try roots.resolve(tomogram.path) }
    }
    recipe.output = try await self.output(output)
    recipe.replacesOutputs = false
    return recipe
  }

  private static func title(_ models: [String], _ tomograms: Int) -> String {
    let who = models.count == 1 ? models[0] : "\(models.count) models"
    return "Segment: \(who), \(tomograms) \(tomograms == 1 ? "tomogram" : "tomograms")"
  }

  private func models(
    _ json: JSONValue
  ) async throws -> (models: [RunRecipe.Model], rules: [RunRecipe.Rule], dimension: Int) {
    let wanted = try json["models"]?.array.map { list in
      try list.map { value throws(AisError) -> Int64 in
        guard let id = value.integer else { throw AisError(.usage, "'models' are numbers of models") }
        return Int64(id)
      }
    }
    let combines = json["combines"]?.bool ?? true
    let augmentations = json["augmentations"]?.integer
    if let augmentations, !(1...8).contains(augmentations) {
      throw AisError(
        .usage, "a slice has 8 orientations: ask for 1 to 8 with test-time augmentation, not \(augmentations)")
    }
    let live = project.models
    return try await project.session.run { (store) throws(AisError) in
      var models: [RunRecipe.Model] = []
      for model in try store.models() where wanted?.contains(model.id) ?? model.isActive {
        if wanted == nil, model.file == nil { continue }
        _ = try live.ready(model.id, in: store)
        let facts = model.network.flatMap { try? JSONValue(parsing: Array($0.utf8), name: "network") }
        models.append(
          RunRecipe.Model(
            id: model.id, title: model.title, file: model.file ?? "", contentHash: facts?["contentHash"]?.string,
            colour: .init(red: model.colour.red, green: model.colour.green, blue: model.colour.blue),
            threshold: model.threshold, emits: combines && model.emits, absorbs: combines && model.absorbs,
            augmentations: augmentations ?? model.augmentations, tiling: model.tiling,
            processingVoxelSizeAngstrom: model.processingVoxelSize))
      }
      if let missing = wanted?.first(where: { id in !models.contains { $0.id == id } }) {
        throw AisError(.notFound, "the project has no model \(missing)")
      }
      guard !models.isEmpty else {
        throw AisError(.usage, "a run needs a model: choose one that has a network, or train one")
      }
      let ids = Set(models.map(\.id))
      let rules = combines ? try store.rules().filter { ids.contains($0.child) && ids.contains($0.parent) } : []
      let word = try store.setting("rules.dimension") ?? ""
      return (
        models,
        rules.map {
          RunRecipe.Rule(
            kind: $0.kind, child: $0.child, parent: $0.parent, radiusNanometer: $0.radius.nanometer,
            threshold: $0.threshold)
        }, word.contains("3") ? 3 : 2
      )
    }
  }

  /// `{"dataset", "version"?, "slices"? {first, last}, "crop"? {y, x, height, width}}`, in voxels of the dataset's frame.
  private func tomograms(_ list: [JSONValue]) async throws -> [RunRecipe.Tomogram] {
    guard !list.isEmpty else { throw AisError(.usage, "a run needs a tomogram: tick one") }
    var tomograms: [RunRecipe.Tomogram] = []
    for asked in list {
      let dataset = try await project.dataset(try asked.requiredInteger("dataset"))
      let versions = try await project.session.run { (store) throws(AisError) in
        try store.versions(of: dataset.id)
      }
      let wanted = asked["version"]?.integer
      guard
        let version = versions.first(where: {
          wanted == nil ? project.versions.state(of: $0)?.kind == .ok : $0.id == Int64(wanted!)
        })
          ?? (wanted == nil ? versions.first : nil)
      else {
        throw AisError(.notFound, "the dataset '\(dataset.name)' has no version \(wanted.map(String.init) ?? "")")
      }
      let path = project.versions.state(of: version)?.path ?? version.reference.path
      if tomograms.contains(where: { $0.path == path }) { continue }
      var tomogram = RunRecipe.Tomogram(dataset: dataset.id, version: version.id, name: dataset.name, path: path)
      try Self.limit(&tomogram, asked, version.scale)
      tomogram.voxelSizeAngstrom = Self.voxelSize(of: version, in: dataset).map { .init($0) }
      tomograms.append(tomogram)
    }
    return tomograms
  }

  /// As networks see it on the page.
  static func voxelSize(of version: DatasetVersion, in dataset: Dataset) -> VoxelSize? {
    guard let frame = dataset.voxelSize else { return nil }
    if version.scale == .same { return frame }
    let factor = Double(version.scale.up) / Double(version.scale.down)
    return VoxelSize(
      z: .angstroms(frame.z.angstrom * factor), y: .angstroms(frame.y.angstrom * factor),
      x: .angstroms(frame.x.angstrom * factor))
  }

  private static func limit(
    _ tomogram: inout RunRecipe.Tomogram, _ asked: JSONValue, _ scale: VersionScale
  ) throws(AisError) {
    func part(_ first: Int, _ end: Int, _ name: String) throws(AisError) -> RunRecipe.Part {
      guard (0..<1 << 30).contains(first), first < end, end <= 1 << 30 else {
        throw AisError(.usage, "'\(name)' of '\(tomogram.name)' is empty or lies before the first voxel")
      }
      return .init(
        first: first * scale.down / scale.up, end: (end * scale.down + scale.up - 1) / scale.up)
    }
    if let slices = asked["slices"], !slices.isNull {
      let (first, last) = (try slices.requiredInteger("first"), try slices.requiredInteger("last"))
      tomogram.slices = try part(first, min(last, 1 << 29) + 1, "slices")
    }
    if let crop = asked["crop"], !crop.isNull {
      let (y, x) = (try crop.requiredInteger("y"), try crop.requiredInteger("x"))
      let (height, width) = (try crop.requiredInteger("height"), try crop.requiredInteger("width"))
      guard (1...1 << 29).contains(height), (1...1 << 29).contains(width), abs(y) < 1 << 29, abs(x) < 1 << 29 else {
        throw AisError(.usage, "the crop of '\(tomogram.name)' holds no voxel")
      }
      tomogram.rows = try part(max(0, y), max(0, y + height), "crop")
      tomogram.columns = try part(max(0, x), max(0, x + width), "crop")
    }
  }

  /// A folder that the page may write to; without one, a fresh one beside the project.
  private func output(_ asked: String?) async throws -> String {
    let folder = project.project.folder
    let roots = roots
    return try await onDisk { () throws -> String in
      let beside = (folder.path as NSString).deletingLastPathComponent
      guard let asked, !asked.trimmingCharacters(in: .whitespaces).isEmpty else {
        let base = (access(beside, W_OK) == 0 ? beside : folder.path) + "/segmentations/run-"
        var number = RunFolder.nextNumber(in: folder)
        while FileManager.default.fileExists(atPath: base + "\(number)") { number += 1 }
        return base + "\(number)"
      }
      let path = URL(filePath: asked.hasPrefix("/") ? asked : beside + "/" + asked).standardizedFileURL.path
      // What is there of the way decides.
      var there = path
      while FolderRoots.realPath(there) == nil, there != "/" { there = (there as NSString).deletingLastPathComponent }
      if there != beside, FolderRoots.realPath(beside) != FolderRoots.realPath(there) { _ = try roots.resolve(there) }
      return path
    }
  }

  private func place(_ json: JSONValue?) throws(AisError) -> RunRecipe.Place {
    var place = RunRecipe.Place()
    guard let json else { return place }
    if let word = json["kind"]?.string {
      guard let kind = RunRecipe.Place.Kind(rawValue: word) else {
        throw AisError(.usage, "'\(word)' is no place: expected here or slurm")
      }
      place.kind = kind
    }
    if let device = json["device"]?.string {
      guard ["cpu", "gpu"].contains(device) else {
        throw AisError(.usage, "'\(device)' is no device: expected cpu or gpu, and the numbers of cards in 'cards'")
      }
      place.device = device
    }
    place.cards = (json["cards"]?.array ?? []).compactMap(\.integer).filter { (0..<64).contains($0) }
    let workers = json["workers"]?.integer ?? max(1, place.cards.count)
    guard (1...256).contains(workers) else { throw AisError(.usage, "\(workers) workers: expected 1 to 256") }
    place.workers = workers
    if let threads = json["threads"]?.integer {
      guard (1...1024).contains(threads) else { throw AisError(.usage, "\(threads) threads: expected 1 to 1024") }
      place.threads = threads
    }
    if let bytes = json["memoryBytes"]?.number {
      guard bytes >= 67_108_864, bytes < 1e15 else { throw AisError(.usage, "memory for a run is 64 MiB or more") }
      place.memoryBytes = Int(bytes)
    }
    if place.kind == .slurm { place.slurm = slurm(json["slurm"]) }
    return place
  }

  private func slurm(_ json: JSONValue?) -> RunRecipe.Slurm {
    var slurm = RunRecipe.Slurm()
    slurm.partition = json?["partition"]?.string
    slurm.account = json?["account"]?.string
    slurm.qos = json?["qos"]?.string
    slurm.time = json?["time"]?.string
    slurm.gpus = json?["gpus"]?.string
    slurm.directives = json?["directives"]?.array?.compactMap(\.string)
    slurm.modules = json?["modules"]?.array?.compactMap(\.string)
    return slurm
  }
}
