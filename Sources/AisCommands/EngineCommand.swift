import AisNetworks
import ArgumentParser

/// `ais engine`: what the program starts to run libtorch in a process of its own. Nothing for people.
package struct EngineCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "engine", abstract: "Serve networks to the program that started this process.", shouldDisplay: false)

  package init() {}

  package func run() throws {
    guard EngineService.canServe else {
      throw ValidationError("'ais engine' is started by the program itself: there is nobody to serve here")
    }
    EngineService.run()
  }
}
