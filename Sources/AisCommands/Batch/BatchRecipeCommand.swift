import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais batch recipe`: what the app starts to carry out a run that was set up on the page. It goes on when page and server are gone.
package struct BatchRecipeCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "recipe", abstract: "Carry out a run that was set up in the app.", shouldDisplay: false)

  @Argument(help: ArgumentHelp("The run's folder in the project.", valueName: "folder"))
  package var folder: String

  @Option(help: ArgumentHelp("A file that only one run of this machine may have at a time.", valueName: "file"))
  package var turn: String?

  package init() {}

  package func run() throws {
    let run = RunFolder(path: folder)
    // Kept until the process ends, however it does.
    guard let lock = try Self.lock(run.lockPath) else {
      Terminal.standardError.print("ais: another process carries out the run in '\(folder)' already")
      return
    }
    defer { withExtendedLifetime(lock) {} }
    run.note(nil as RunFolder.Ending?)
    var ending = RunFolder.Ending(code: 0, message: "")
    defer { run.note(ending) }
    do {
      try carryOut(run)
    } catch {
      ending = RunFolder.Ending(code: Self.code(of: error), message: Self.words(for: error))
      throw error
    }
  }

  private func carryOut(_ run: RunFolder) throws {
    let recipe = try run.recipe()
    // Tasks are told apart by it, too: it must not depend on where the server was started.
    guard FileManager.default.changeCurrentDirectoryPath(folder) else {
      throw AisError(.notFound, "the folder '\(folder)' of the run cannot be entered")
    }
    var turn: FileLock?
    if recipe.place.kind == .here, let path = self.turn {
      run.note(.waiting)
      turn = try Self.takeTurn(path, run)
    }
    defer { withExtendedLifetime(turn) {} }
    guard run.wish == .run else { throw ExitCode(StopSignals.exitCode) }
    run.note(.planning)
    if recipe.place.kind == .here, recipe.place.device == "gpu", !recipe.place.cards.isEmpty {
      // Workers are given one of these each.
      setenv("CUDA_VISIBLE_DEVICES", recipe.place.cards.map(String.init).joined(separator: ","), 1)
    }
    if recipe.place.kind == .here { Thread { Self.stopWhenAsked(run) }.start() }
    var command = try AisCommand.parseAsRoot(recipe.words(group: run.groupPath, limits: run.limitsPath))
    run.note(.working)
    try command.run()
  }

  /// Who looks whether the lock is held has it for a moment.
  private static func lock(_ path: String) throws(AisError) -> FileLock? {
    for _ in 0..<20 {
      if let lock = try FileLock.take(path) { return lock }
      Thread.sleep(forTimeInterval: 0.05)
    }
    return nil
  }

  /// Waits until the runs before this one have ended, or until nobody wants it any more.
  private static func takeTurn(_ path: String, _ run: RunFolder) throws -> FileLock? {
    if let lock = try FileLock.take(path) { return lock }
    Terminal.standardOutput.print("waiting for other runs on this machine")
    let hasCome = Cancellation()
    Thread {
      while run.wish == .run {
        if hasCome.isCancelled { return }
        Thread.sleep(forTimeInterval: 0.3)
      }
      if hasCome.isCancelled { return }
      // Nothing has begun that would have to be given back; who waits for a lock can only be ended.
      run.note(RunFolder.Ending(code: StopSignals.exitCode, message: "stopped before it began"))
      _exit(StopSignals.exitCode)
    }.start()
    defer { hasCome.cancel() }
    return try FileLock.take(path, waits: true)
  }

  /// Passes on what a person wants, as Ctrl-C would.
  private static func stopWhenAsked(_ run: RunFolder) {
    while run.wish == .run { Thread.sleep(forTimeInterval: 0.3) }
    kill(getpid(), SIGTERM)
  }

  private static func code(of error: any Error) -> Int32 { (error as? ExitCode)?.rawValue ?? 1 }

  private static func words(for error: any Error) -> String {
    error is ExitCode ? "" : AisCommand.message(for: error)
  }
}
