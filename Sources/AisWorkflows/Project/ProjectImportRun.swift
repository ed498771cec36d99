import AisCore
import AisProject

/// Brings many files into a project, each by what it is.
package final class ProjectImportRun {
  private let inputs: ProjectInputs
  private let job: ProjectImport
  private let tomograms: ProjectTomograms
  private var areTomogramsDone = false
  /// Sentences on files that look like versions of each other.
  package private(set) var hints: [String] = []

  package init(_ inputs: ProjectInputs, _ job: ProjectImport, joinsVersions: Bool) {
    self.inputs = inputs
    self.job = job
    var tomograms = ProjectTomograms(job.project, author: job.author)
    tomograms.joinsVersions = joinsVersions
    self.tomograms = tomograms
  }

  /// Does every file, whatever becomes of the others.
  package func run(
    cancellation: Cancellation, watch: @escaping (BatchEvent) -> Void
  ) throws(AisError) -> [BatchOutcome] {
    try Batch.run(
      inputs.files.map { BatchOutcome(input: $0.path) }, cancellation: cancellation, watch: watch
    ) { index, outcome, _ throws(AisError) in
      try self.perform(self.inputs.files[index], &outcome)
    }
  }

  private func perform(_ file: ProjectInputs.File, _ outcome: inout BatchOutcome) throws(AisError) {
    switch file.kind {
    case .tomogram: try addTomograms(file, &outcome)
    case .annotatedDataset: note(try job.annotatedDataset(file.path), &outcome)
    case .volume: note(try job.volume(file.path), &outcome)
    case .coordinates: note(try job.boxes(file.path), &outcome)
    case .library: note(try job.library(file.path), &outcome)
    }
  }

  /// Versions of one tomogram must be seen together, so that the first file stands for all of them.
  private func addTomograms(_ file: ProjectInputs.File, _ outcome: inout BatchOutcome) throws(AisError) {
    var paths = [file.path]
    if tomograms.joinsVersions {
      paths = areTomogramsDone ? [] : inputs.files.filter { $0.kind == .tomogram }.map(\.path)
      areTomogramsDone = true
    }
    let (added, found) = try tomograms.add(paths)
    hints += found
    outcome.lines = added.map { tomogram in
      guard let kind = tomogram.version else { return "'\(tomogram.path)' is in the project already" }
      return "'\(tomogram.dataset)': \(kind.rawValue)"
    }
    if paths.isEmpty { outcome.lines = ["with the others"] }
  }

  private func note(_ result: ProjectImport.Result, _ outcome: inout BatchOutcome) {
    outcome.lines = [result.sentence]
    outcome.warnings = result.warnings
    outcome.results = result
  }
}

extension ProjectImport.Result {
  /// For people.
  var sentence: String {
    func counted(_ number: Int, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }
    let names = features.joined(separator: ", ")
    if cards > 0 { return "\(counted(cards, "feature", "features")) in the libraries \(names)" }
    return "'\(dataset)': \(names): \(counted(slices, "slice", "slices")), \(counted(boxes, "box", "boxes"))"
  }
}
