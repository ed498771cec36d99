import AisCore
import AisFormats
import AisSegmentation
import Foundation

extension RunRecipe {
  /// The models and their rules as a group that `ais segment` runs. Models are written as paths from the root.
  ///
  /// - Parameter modelFolder: where the project keeps its networks.
  package func group(modelFolder: String) throws(AisError) -> GroupRecipe {
    guard !models.isEmpty else { throw AisError(.usage, "a run needs a model: choose one that has a network") }
    var titles: Set<String> = []
    for model in models {
      // Outputs are named by titles, as far as file names may hold them.
      guard titles.insert(OutputName.safe(model.title).lowercased()).inserted else {
        throw AisError(
          .needsDecision,
          "two models are called '\(model.title)', and both would write the same files: give one of them another name, or leave it out"
        )
      }
    }
    var group = GroupRecipe(title: title, models: [])
    group.dimension = dimension == 3 ? .three : .two
    for model in models {
      var member = GroupRecipe.Model(
        title: model.title, file: modelFolder + "/" + model.file, contentHash: model.contentHash)
      member.threshold = model.threshold
      member.emits = model.emits
      member.absorbs = model.absorbs
      member.augmentations = model.augmentations
      member.tiling = InferenceSettings.Tiling(rawValue: model.tiling)
      switch model.processingVoxelSizeAngstrom {
      case nil: member.scaling = .asTrained
      case 0?: member.scaling = .native
      case let size?: member.scaling = .pixelSize(.angstroms(size))
      }
      group.models.append(member)
    }
    for rule in rules {
      // A rule with a model that does not take part does nothing, as on the page.
      guard let child = models.first(where: { $0.id == rule.child }),
        let parent = models.first(where: { $0.id == rule.parent }), let kind = Interaction.Kind(rawValue: rule.kind)
      else { continue }
      group.rules.append(
        .init(
          kind: kind, child: child.title, parent: parent.title, radiusNanometer: rule.radiusNanometer,
          threshold: rule.threshold))
    }
    return group
  }

  /// What the run says of single tomograms.
  package func limits() throws(AisError) -> TomogramLimits {
    var limits = TomogramLimits()
    for tomogram in tomograms {
      let limit = TomogramLimits.Limit(
        z: try tomogram.slices?.range("slices"), y: try tomogram.rows?.range("rows"),
        x: try tomogram.columns?.range("columns"), voxelSize: tomogram.voxelSizeAngstrom?.size)
      if limit != .init() { limits.set(limit, for: tomogram.path) }
    }
    return limits
  }

  /// The paths that a tomogram's segmentations get, one for each model.
  package func outputs(of tomogram: Tomogram) -> [String] {
    models.map { model in
      OutputFolder.prefix(output)
        + OutputName.name(pattern: name, tomogram: tomogram.path, model: model.file, title: model.title)
    }
  }

  /// Names outputs so that tomograms of one name in different folders do not share them.
  package mutating func settleNames() {
    let stems = tomograms.map { OutputName.stem(of: $0.path) }
    name = Set(stems).count == stems.count ? OutputName.standardPattern : "{parent}_{stem}"
  }

  /// The request that planning in this process begins with.
  package func request(
    modelFolder: String, group: String, memoryBytes: Int, threads: Int
  ) throws(AisError) -> SegmentRequest {
    var request = SegmentRequest(
      models: [], inputs: tomograms.map(\.path), outputFolder: output, memoryLimit: memoryBytes, threads: threads)
    request.group = group
    request.namePattern = name
    guard let type = SegmentRequest.OutputType(rawValue: outputType) else {
      throw AisError(
        .usage, "'\(outputType)' is no form of segmentations: expected uint16, int8, float16 or float32")
    }
    request.outputType = type
    request.replacesOutputs = replacesOutputs
    request.limits = try limits()
    return request
  }

  /// The line that carries the run out, behind `ais`: what anybody may type in its place.
  package func words(group: String, limits: String) -> [String] {
    var words = ["batch"]
    switch place.kind {
    case .here: words += ["run", "--workers", "\(max(1, place.workers))"]
    case .slurm:
      words += ["submit", "--slurm", "--workers", "\(max(1, place.workers))"]
      if let threads = place.threads { words += ["--cpus", "\(threads)"] }
      if let bytes = place.memoryBytes { words += ["--memory", "\(bytes >> 20)MiB"] }
      let asked = place.slurm
      for (option, value) in [
        ("--partition", asked?.partition), ("--account", asked?.account), ("--qos", asked?.qos),
        ("--time", asked?.time),
        ("--gpus", asked?.gpus),
      ] { if let value, !value.isEmpty { words += [option, value] } }
      for directive in asked?.directives ?? [] { words.append("--directive=\(directive)") }
      for module in asked?.modules ?? [] { words += ["--module", module] }
    }
    words += ["segment", "--group", group]
    if !limits.isEmpty { words += ["--limits", limits] }
    words += ["--output", output, "--output-type", outputType]
    if name != OutputName.standardPattern { words += ["--name", name] }
    if place.device == "gpu" { words += ["--device", "gpu"] }
    if replacesOutputs { words.append("--force") }
    if place.kind == .here {
      if let threads = place.threads { words += ["--threads", "\(threads)"] }
      if let bytes = place.memoryBytes { words += ["--memory", "\(bytes >> 20)MiB"] }
    }
    return words + tomograms.map(\.path)
  }

  /// The same as a script for people.
  package func script(group: String, limits: String) -> String {
    let words = words(group: group, limits: limits)
    let firstPath = words.count - tomograms.count
    let cards =
      place.device == "gpu" && !place.cards.isEmpty
      ? "CUDA_VISIBLE_DEVICES=\(place.cards.map(String.init).joined(separator: ",")) " : ""
    let head = cards + "ais " + words[..<firstPath].map(Self.optionOrWord).joined(separator: " ")
    let paths = words[firstPath...].map { " \\\n  " + shellWord($0) }.joined()
    return """
      #!/bin/sh
      # \(title.replacing("\n", with: " ")), made with Ais \(AisVersion.current). Started again, it goes on where it stopped.
      \(head)\(paths)

      """
  }

  /// A word in front of the paths: options begin with a dash and mean to.
  private static func optionOrWord(_ word: String) -> String {
    guard word.hasPrefix("-") else { return shellWord(word) }
    let rest = shellWord("x" + word)
    return rest.hasPrefix("'") ? "'" + rest.dropFirst(2) : String(rest.dropFirst())
  }
}
