import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// Brings tomograms and annotations into a project: versions joined, what it has already passed over.
struct TomogramAddition: Sendable {
  let inputs: ProjectInputs
  let project: Project
  let author: Author

  /// More files than this are not waited for when a project is opened.
  private static let mostAtOnce = 100

  /// Whether there is so much to add that nobody should wait for it. Blocks.
  var isLong: Bool {
    get throws(AisError) { try fresh().count > Self.mostAtOnce }
  }

  /// Adds everything. A file that cannot be read does not keep the others out; throws when nothing could be read. Blocks.
  ///
  /// Many tomograms are added in portions, each a line of the journal: work on the first may begin while the last are looked at.
  /// - Returns: what became of them, as a sentence.
  func run(_ cancellation: Cancellation, report: (Double) -> Void = { _ in }) throws(AisError) -> String {
    var failures: [AisError] = []
    var count = 0
    let fresh = try fresh()
    var done = 0
    for portion in Self.portions(fresh) {
      try cancellation.check()
      var found: [TomogramReference] = []
      // One that cannot be read must not keep the others out.
      for result in TomogramReference.all(portion, in: project.folder) {
        switch result {
        case .success(let reference): found.append(reference)
        case .failure(let error): failures.append(error)
        }
      }
      if !found.isEmpty {
        var adding = ProjectTomograms(project, author: author)
        adding.joinsVersions = true
        count += try adding.add(found).added.count
      }
      done += portion.count
      report(Double(done) / Double(fresh.count))
    }
    for file in inputs.files where file.kind == .annotatedDataset {
      try cancellation.check()
      do throws(AisError) {
        // Opened again, a file must not paint over what was done since.
        guard try !isThere(file.path) else { continue }
        _ = try ProjectImport(project, author: author).annotatedDataset(file.path)
        count += 1
      } catch {
        failures.append(error)
      }
    }
    if count == 0, let first = failures.first { throw first }
    let others = failures.first.map { " \(failures.count) could not be read. The first: \($0)" } ?? ""
    return "\(count) \(count == 1 ? "file" : "files") added.\(others)"
  }

  /// The tomograms that the project does not have yet.
  private func fresh() throws(AisError) -> [String] {
    let known = Set(try project.versions().map { FolderRoots.realPath($0.reference.path) ?? $0.reference.path })
    return inputs.files.filter { $0.kind == .tomogram }.map(\.path).filter {
      !known.contains(FolderRoots.realPath($0) ?? $0)
    }
  }

  /// Portions of files, versions of one tomogram together. A few files are one portion.
  private static func portions(_ paths: [String]) -> [[String]] {
    if paths.count <= mostAtOnce { return paths.isEmpty ? [] : [paths] }
    var order: [String] = []
    var groups: [String: [String]] = [:]
    for path in paths {
      let stem = VersionName(path).stem
      if groups[stem] == nil { order.append(stem) }
      groups[stem, default: []].append(path)
    }
    var portions: [[String]] = []
    for stem in order {
      if let last = portions.last, last.count < mostAtOnce / 4 {
        portions[portions.count - 1] += groups[stem]!
      } else {
        portions.append(groups[stem]!)
      }
    }
    return portions
  }

  private func isThere(_ path: String) throws(AisError) -> Bool {
    let label = "import \((path as NSString).lastPathComponent)"
    return try project.history(limit: 100_000).contains { $0.kind == "import" && $0.label == label && !$0.isUndone }
  }
}
