import AisCore
import AisFormats
import Foundation
import Logging

/// The folder that a run writes to.
package enum OutputFolder {
  /// Makes the folder if it is not there, and removes what runs of this machine that were killed left in it.
  package static func prepare(_ folder: String, logger: Logger) throws(AisError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw AisError(.fileSystem, "the output folder '\(folder)' cannot be made: \(error.localizedDescription)")
    }
    for path in AtomicFile.removeLeftovers(in: folder) {
      logger.debug("removed '\(path)', left by a run that was killed")
    }
  }

  /// `folder` with a slash at its end, to put a name behind.
  package static func prefix(_ folder: String) -> String { folder.hasSuffix("/") ? folder : folder + "/" }
}
