import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// `ais batch run --preview`: a look at every tomogram before the night.
struct BatchPreviewSheet {
  private let command: SegmentCommand
  private let threads: Int
  private let memory: ByteCount
  private let verbosity: VerbosityArguments

  init(
    _ command: any BatchableCommand, threads: Int, memory: ByteCount, verbosity: VerbosityArguments
  ) throws {
    guard let command = command as? SegmentCommand else {
      throw ValidationError("'--preview' shows what networks find in tomograms: it goes with 'segment'")
    }
    self.command = command
    self.threads = threads
    self.memory = memory
    self.verbosity = verbosity
  }

  func make() throws {
    let logger = verbosity.makeLogger("batch preview")
    let inputs = try InputCollection(command.tomograms).paths
    var engine = command.engine
    engine.threads = threads
    let cancellation = Cancellation()
    let signals = StopSignals(cancellation: cancellation) {}
    defer { withExtendedLifetime(signals) {} }
    let line = ProgressLine("three slices of \(counted(inputs.count, "tomogram"))")
    let preview = try BatchPreview(
      command.request(memoryLimit: memory.bytes, threads: threads), inputs: inputs, engine: engine.makeEngine(),
      logger: logger, cancellation: cancellation
    ) { line.show(Double($0) / Double(inputs.count)) }
    line.clear()
    try OutputFolder.prepare(command.output, logger: logger)
    let path = OutputFolder.prefix(command.output) + "preview.png"
    try AtomicFile.write(preview.sheet(), to: path)
    tell(preview, path)
  }

  private func tell(_ preview: BatchPreview, _ path: String) {
    let strange = preview.subjects.filter { $0.suspicion.score >= 20 }
    if verbosity.json {
      for subject in preview.subjects {
        var line = BatchEventLine(event: "preview")
        line.tomogram = subject.input
        line.results = .init(subject.suspicion)
        BatchEventLine.emit(line)
      }
      return
    }
    if verbosity.quiet { return }
    let out = Terminal.standardOutput
    for subject in strange {
      out.print("\(subject.input)")
      for reason in subject.suspicion.reasons { out.print("  \(reason)") }
    }
    out.print("\(strange.count) of \(counted(preview.subjects.count, "tomogram")) look suspicious: \(path)")
  }
}
