import AisCore
import AisFormats
import AisProject
import Foundation

/// What a project knows of one run: the recipe, what a person wants of it, and how its process ended. How far the work is says the
/// batch in the output folder alone.
package struct RunFolder: Sendable, Hashable {
  /// Counted from 1 in each project.
  package let number: Int
  package let path: String

  /// What a person wants to become of the run.
  package enum Wish: String, Codable, Sendable { case run, pause, cancel }

  /// What the process of a run is at.
  package enum Phase: String, Codable, Sendable {
    /// Other runs on this machine come first.
    case waiting
    /// Looking at models and tomograms.
    case planning
    case working
  }

  /// How the process of a run ended by itself; one that was killed leaves nothing.
  package struct Ending: Codable, Sendable, Hashable {
    /// As the command line's exit code.
    package var code: Int32
    package var message: String
    /// Milliseconds since 1970.
    package var time: Double

    package init(code: Int32, message: String) {
      self.code = code
      self.message = message
      time = (Date().timeIntervalSince1970 * 1000).rounded()
    }
  }

  package var recipePath: String { path + "/run.json" }
  package var groupPath: String { path + "/group.json" }
  package var limitsPath: String { path + "/limits.json" }
  package var logPath: String { path + "/run.log" }
  /// Held by the process that carries the run out.
  package var lockPath: String { path + "/lock" }
  private var wishPath: String { path + "/wish" }
  private var endingPath: String { path + "/ending.json" }
  private var phasePath: String { path + "/phase" }

  /// - Parameter path: of the folder itself.
  package init(path: String) {
    self.path = path
    number = Int((path as NSString).lastPathComponent) ?? 0
  }

  private static func folder(of project: ProjectFolder) -> String { project.path + "/runs" }

  /// All runs of a project, the latest first. A folder without a recipe was never finished and does not count.
  package static func all(in project: ProjectFolder) -> [RunFolder] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder(of: project))) ?? []
    return names.compactMap { Int($0) }.sorted(by: >).map { RunFolder(path: "\(folder(of: project))/\($0)") }
      .filter { FileManager.default.fileExists(atPath: $0.recipePath) }
  }

  /// The run of a number. Throws `not-found`.
  package static func run(_ number: Int, in project: ProjectFolder) throws(AisError) -> RunFolder {
    let run = RunFolder(path: "\(folder(of: project))/\(number)")
    guard FileManager.default.fileExists(atPath: run.recipePath) else {
      throw AisError(.notFound, "the project has no run \(number)")
    }
    return run
  }

  /// The number of the next run; it is taken only when the run is made.
  package static func nextNumber(in project: ProjectFolder) -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder(of: project))) ?? []
    return (names.compactMap { Int($0) }.max() ?? 0) + 1
  }

  /// Makes a run that nobody carries out yet.
  ///
  /// - Parameter modelFolder: where the project keeps its networks.
  package static func make(
    _ recipe: RunRecipe, in project: ProjectFolder, modelFolder: String
  ) throws(AisError) -> RunFolder {
    let group = try recipe.group(modelFolder: modelFolder)
    let limits = try recipe.limits()
    let parent = folder(of: project)
    do { try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true) } catch {
      throw AisError(.fileSystem, "the folder '\(parent)' cannot be made: \(error.localizedDescription)")
    }
    var run = RunFolder(path: "\(parent)/\(nextNumber(in: project))")
    // The maker of the folder has the number.
    while mkdir(run.path, 0o777) != 0 {
      let number = errno
      guard number == EEXIST else { throw .fileSystem("make the folder", run.path, number) }
      run = RunFolder(path: "\(parent)/\(run.number + 1)")
    }
    try AtomicFile.write(group.json, to: run.groupPath)
    try run.write(limits)
    try AtomicFile.write(recipe.json, to: run.recipePath)
    return run
  }

  /// Replaces what is said of single tomograms.
  package func write(_ limits: TomogramLimits) throws(AisError) { try AtomicFile.write(limits.json, to: limitsPath) }

  /// Replaces the recipe, where a tomogram's voxel size became known.
  package func write(_ recipe: RunRecipe) throws(AisError) { try AtomicFile.write(recipe.json, to: recipePath) }

  package func recipe() throws(AisError) -> RunRecipe {
    try RunRecipe(parsing: try RandomAccessFile(recipePath).contents(limit: 256 << 20), name: recipePath)
  }

  // MARK: What a person wants

  package var wish: Wish {
    let text = (try? String(contentsOfFile: wishPath, encoding: .utf8)) ?? ""
    return Wish(rawValue: text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .run
  }

  package func note(_ wish: Wish) throws(AisError) {
    try AtomicFile.write(Array((wish.rawValue + "\n").utf8), to: wishPath)
  }

  private var asidePath: String { path + "/aside" }

  /// Whether somebody took the run out of the list; everything of it is there still.
  package var isAside: Bool { FileManager.default.fileExists(atPath: asidePath) }

  package func note(isAside: Bool) throws(AisError) {
    if isAside { try AtomicFile.write([], to: asidePath) } else { unlink(asidePath) }
  }

  // MARK: The process

  package func note(_ phase: Phase) { try? AtomicFile.write(Array((phase.rawValue + "\n").utf8), to: phasePath) }

  package var phase: Phase {
    let text = (try? String(contentsOfFile: phasePath, encoding: .utf8)) ?? ""
    return Phase(rawValue: text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .planning
  }

  package func note(_ ending: Ending?) {
    guard let ending, let data = try? JSONEncoder().encode(ending) else {
      unlink(endingPath)
      return
    }
    try? AtomicFile.write(Array(data), to: endingPath)
  }

  package var ending: Ending? {
    FileManager.default.contents(atPath: endingPath).flatMap { try? JSONDecoder().decode(Ending.self, from: $0) }
  }

  /// Whether a process carries the run out, here or on another machine.
  package var isCarriedOut: Bool { FileLock.isHeld(lockPath) }
}
