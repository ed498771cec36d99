import AisCore

/// The words for what goes wrong with a batch itself.
extension AisError {
  static func noBatch(at path: String) -> AisError {
    AisError(
      .notFound,
      "'\(path)' holds no batch: expected the folder '\(BatchFolder.name)' in it, which 'ais batch run' makes. Give the output "
        + "folder of a batch, or start one: ais batch run segment -m MODEL -o '\(path)' TOMOGRAM…")
  }

  /// The folder of a batch, or something in it, refused to be read.
  static func unreadable(_ folder: String, _ error: AisError) -> AisError {
    AisError(
      error.code,
      "the batch in '\(folder)' cannot be read: \(error.message) Everybody who works on a batch must read and write its "
        + "folder: run as the user who started it, or ask for  chmod -R g+rwX '\(folder)'")
  }

  /// The journal cannot be written: nobody would know what was done.
  static func unwritable(_ folder: String, _ error: AisError) -> AisError {
    let advice =
      error.code == .diskFull
      ? "What is done is kept; when there is room again, go on with  ais batch run '\(folder)'"
      : "Workers write there what they do. When it can be written again, go on with  ais batch run '\(folder)'"
    return AisError(error.code, "the journal of the batch in '\(folder)' cannot be kept: \(error.message) \(advice)")
  }

  /// A file of the batch is in a form that this version does not know.
  static func unknownForm(_ path: String, _ schema: String?, expected: String, version: String?) -> AisError {
    let writer = version.map { "Ais \($0)" } ?? "another program"
    return AisError(
      .unsupported,
      "'\(path)' was written by \(writer) in the form '\(schema ?? "none")'; Ais \(AisVersion.current) knows '\(expected)'. Go on "
        + "with \(writer), or plan the work anew with another '-o'.")
  }

  /// The tasks were planned by another version of the program, whose outputs may differ.
  static func plannedByOther(_ folder: String, version: String, count: Int) -> AisError {
    AisError(
      .needsDecision,
      "\(count == 1 ? "a task" : "\(count) tasks") of the batch in '\(folder)' \(count == 1 ? "was" : "were") planned by Ais \(version), "
        + "and this is Ais \(AisVersion.current): one batch should not mix results of two versions. Finish it with Ais "
        + "\(version), or plan what is left anew: type the line again with which it was started.")
  }

  /// A task cost too many workers.
  static func workersLost(_ name: String, workers: [String]) -> AisError {
    AisError(
      .workerLost,
      "'\(name)': \(workers.count) workers ended without a word while they worked on it, the last was '\(workers.last ?? "")'. Most "
        + "often the system ended them for taking too much memory. Try it alone with less: ais batch retry, with '--memory' "
        + "below what the machine has.")
  }

  static func noHardLinks(_ folder: String, _ error: AisError) -> AisError {
    AisError(
      .unsupported,
      "the file system of '\(folder)' has no hard links, by which workers agree on who does what: \(error.message) Choose an "
        + "output folder on another file system, or run without a batch, as in  ais segment")
  }
}
