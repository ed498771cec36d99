import AisCore
import AisFormats
import AisProject
import AisTraining
import Foundation

/// Everything that a run of `ais extract` will do, settled before any box is cut.
package struct ExtractPlan: Sendable {
  package let request: ExtractRequest
  package private(set) var tasks: [ExtractTask] = []
  package private(set) var sets: [ExtractSet] = []
  /// Annotations that were left out as asked, and those that have no box of the features.
  package private(set) var excluded: [String] = []
  package private(set) var unused: [String] = []
  /// Open while their annotations are needed.
  private var projects: [Project] = []

  package var refusals: [AisError] { tasks.flatMap(\.refusals) + sets.compactMap(\.refusal) }
  /// Sets that are to be made.
  package var wanted: [ExtractSet] { sets.filter { $0.record != nil } }

  /// Throws what stops the whole run: contradictions, inputs that are not there, features that nothing annotates, names that clash.
  package static func make(_ request: ExtractRequest, cancellation: Cancellation) throws(AisError) -> ExtractPlan {
    try make(request, sources: nil, cancellation: cancellation)
  }

  /// The same of annotations that were looked at already: nothing is opened, and `inputs` only name them.
  package static func make(
    _ request: ExtractRequest, sources: [ExtractSource]?, cancellation: Cancellation
  ) throws(AisError) -> ExtractPlan {
    try request.validate()
    var plan = ExtractPlan(request: request)
    do throws(AisError) {
      if let sources { try plan.settle(sources) } else { try plan.settle(plan.sources(cancellation)) }
    } catch {
      plan.close()
      throw error
    }
    return plan
  }

  private init(request: ExtractRequest) { self.request = request }

  /// Lets go of projects. Nothing may be cut afterwards.
  package func close() { for project in projects { try? project.close() } }

  private mutating func settle(_ sources: [ExtractSource]) throws(AisError) {
    let exclusion = try Exclusion(request.excluded)
    var annotatedTitles: Set<String> = []
    let titles = request.features + request.negatives
    for source in sources {
      annotatedTitles.formUnion(source.annotated.features.map(\.title))
      if exclusion.holds(source) {
        excluded.append(source.label)
      } else if source.features(titles).isEmpty {
        unused.append(source.label)
      } else {
        tasks.append(ExtractTask(source, request))
      }
    }
    let lacking = titles.filter { title in !tasks.contains { !$0.source.features([title]).isEmpty } }
    if !lacking.isEmpty {
      let there = annotatedTitles.sorted().prefix(20).map { "'\($0)'" }.joined(separator: ", ")
      throw AisError(
        .notFound,
        "no box of \(lacking.map { "'\($0)'" }.joined(separator: ", ")) was found. "
          + (there.isEmpty ? "Nothing is annotated" : "There are boxes or masks of \(there)"))
    }
    try claim()
  }

  /// Every annotation that the inputs stand for.
  private mutating func sources(_ cancellation: Cancellation) throws(AisError) -> [ExtractSource] {
    var sources: [ExtractSource] = []
    if let labels = request.labels {
      let tomograms = try InputCollection(request.inputs).paths
      let volumes = try InputCollection(
        labels.volumes, of: .files("volume of labels", endings: InputKind.volumeEndings)
      ).paths
      guard tomograms.count == volumes.count else {
        throw AisError(
          .usage,
          "there are \(tomograms.count) tomograms and \(volumes.count) volumes of labels: give one for each, in the same order"
        )
      }
      if case .lists(let lists) = labels.placement, lists.count > 1, lists.count != tomograms.count {
        throw AisError(
          .usage,
          "there are \(tomograms.count) tomograms and \(lists.count) lists of boxes: give one list for each, or one for all"
        )
      }
      for (index, path) in tomograms.enumerated() {
        try cancellation.check()
        sources.append(
          try .labelled(path, volume: volumes[index], request, labels, index: index, cancellation: cancellation))
      }
      return sources
    }
    for input in request.inputs {
      try cancellation.check()
      if ProjectFolder(input).exists {
        let project = try Project.open(input)
        projects.append(project)
        sources += try ExtractSource.project(
          project, features: request.features + request.negatives, folders: request.folders,
          takesVersions: request.takesVersions)
        continue
      }
      for path in try InputCollection([input], of: .files("annotated dataset", endings: ["scns"])).paths {
        sources.append(try .dataset(path, folders: request.folders))
      }
    }
    return sources
  }

  /// The files that will be written, and what stands in their places.
  private mutating func claim() throws(AisError) {
    let inputs = tasks.flatMap(\.source.files)
    var claims = OutputClaims(inputs: inputs)
    let groups = request.merges ? [request.features] : request.features.map { [$0] }
    for features in groups {
      var set = ExtractSet(features: features, request)
      claims.claim(set.path, for: features.joined(separator: ", "))
      if refusals.isEmpty { try set.settle(tasks, request) }
      sets.append(set)
    }
    try claims.check()
  }
}

/// One annotated tomogram of a plan.
package struct ExtractTask: Sendable {
  package let source: ExtractSource
  package private(set) var refusals: [AisError] = []
  /// The tomogram's pixels as boxes are measured in; `nil` when boxes are not resampled whatever they are.
  package private(set) var pixelSize: Length?
  /// Files of other versions of the tomogram, by flavour.
  package private(set) var versions: [(name: String, path: String)] = []
  package private(set) var warnings: [String] = []

  init(_ source: ExtractSource, _ request: ExtractRequest) {
    self.source = source
    warnings = source.warnings
    if request.writesCoordinates { return }
    do throws(AisError) { try settle(request) } catch { refusals.append(error) }
  }

  /// Every file whose content decides what is extracted.
  var files: [String] { source.files + versions.map(\.path).filter { !source.files.contains($0) } }

  /// Boxes of these features.
  package func boxCount(_ titles: [String]) -> Int { source.features(titles).reduce(0) { $0 + $1.boxes.count } }

  private mutating func settle(_ request: ExtractRequest) throws(AisError) {
    guard source.hasTomogram else { throw source.absence }
    let path = source.annotated.path
    let tomogram = try Tomogram.open(path, options: request.view)
    try requireBoxes(in: tomogram.shape, request)
    pixelSize = try pixelSize(tomogram, request)
    versions = source.versions
    for flavour in request.flavours {
      versions.append((flavour.name, try Self.version(of: path, in: flavour.folder)))
    }
    for version in versions {
      let shape = try Tomogram.open(version.path, options: request.view).shape
      guard shape == tomogram.shape else {
        throw AisError(
          .shapeMismatch,
          "'\(version.path)' has \(shape) voxels and '\(path)' \(tomogram.shape): a version of a tomogram has the same voxels"
        )
      }
    }
  }

  /// Boxes of a feature that all lie outside were placed in another volume: of another binning, or with other axes.
  private func requireBoxes(in shape: Shape, _ request: ExtractRequest) throws(AisError) {
    let volume = VoxelBox(shape)
    for feature in source.features(request.features + request.negatives) {
      guard !feature.boxes.contains(where: volume.contains), let first = feature.boxes.first else { continue }
      throw AisError(
        .shapeMismatch,
        "no box of '\(feature.title)' has its centre in '\(source.annotated.path)', which has \(shape) voxels; the first of "
          + "\(feature.boxes.count) lies at x \(first.x), y \(first.y), z \(first.z), counted from 0. Were they placed in a tomogram "
          + "of another binning, or with other axes? Name that one, or leave this one out with "
          + "'--exclude \(OutputName.stem(of: source.label))'")
    }
  }

  /// What the user says, then the annotation, then the header.
  private mutating func pixelSize(_ tomogram: Tomogram, _ request: ExtractRequest) throws(AisError) -> Length? {
    if let given = request.view.voxelSize { return given.x }
    let header = tomogram.voxelSize?.x
    guard let stated = source.pixelSize else {
      try VoxelSizeCheck.require(
        tomogram, path: source.annotated.path, need: "Boxes are brought to a common pixel size.")
      return header
    }
    if let header, abs(stated / header - 1) > 1e-3 {
      warnings.append(
        "the annotation says \(angstromText(stated.angstrom)) Å a pixel, the tomogram's header \(angstromText(header.angstrom)) Å; "
          + "the annotation's is used")
    }
    return stated
  }

  /// The tomogram of the same name in another folder; what names add behind (`_denoised`) does not matter.
  private static func version(of path: String, in folder: String) throws(AisError) -> String {
    let stem = OutputName.stem(of: path)
    let names = try FolderListing.names(in: folder).filter { InputKind.tomograms.fits($0) }
    let exact = names.filter { OutputName.stem(of: $0) == stem }
    let similar = exact.isEmpty ? names.filter { OutputName.stem(of: $0).hasPrefix(stem) } : exact
    guard let found = similar.first else {
      throw AisError(
        .notFound, "the folder '\(folder)' holds no version of '\(path)': expected a file named \(stem).mrc")
    }
    guard similar.count == 1 else {
      throw AisError(
        .needsDecision,
        "the folder '\(folder)' holds several versions of '\(path)': \(similar.prefix(5).map { "'\($0)'" }.joined(separator: ", "))"
      )
    }
    return OutputFolder.prefix(folder) + found
  }
}
