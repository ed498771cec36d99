import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser

/// `ais info`: what is in a file, and whether it is in order.
package struct InfoCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Show what is in tomograms and other files, and check them over.",
    discussion: """
      With --check, the tomogram is looked over as an experienced user would: header, length, values, byte sign, voxel \
      size, orientation, contrast. Each fault comes with what mends it. Nothing is changed.

        ais info TS_03.mrc
        ais info --check tomograms/
        ais info --check --rotate-x --invert TS_03.rec    (is it in order when read so?)
        ais info --devices                                (what can networks run on here?)
      """)

  @Argument(help: ArgumentHelp("Files, or folders of files.", valueName: "file"))
  package var files: [String] = []

  @Flag(help: "Show what networks can run on here, as 'ais doctor' does; no files.")
  package var devices = false

  @Flag(help: "Check the tomograms over.")
  package var check = false

  @Flag(help: "With --check: look at every slice instead of up to 64.")
  package var thorough = false

  @Flag(help: "Print JSON, schema ais.info/1.")
  package var json = false

  @OptionGroup(title: "How to look at tomograms")
  package var tomogram: TomogramArguments

  package init() {}

  package func validate() throws {
    if devices { return }
    if files.isEmpty { throw ValidationError("name at least one file or folder") }
    if thorough, !check { throw ValidationError("--thorough goes with --check") }
  }

  package func run() throws {
    if devices {
      var doctor = DoctorCommand()
      doctor.json = json
      return try doctor.run()
    }
    var failed = 0
    var reports: [InfoReport.File] = []
    var summary = CheckupSummary()
    let inputs = try expanded()
    for (index, path) in inputs.enumerated() {
      let description = FileDescription(path: path, options: tomogram.options)
      var file = InfoReport.File(description: description)
      if check, case .tomogram = description.content {
        var options = Checkup.Options()
        options.reading = tomogram.options
        options.isThorough = thorough
        let line = ProgressLine(inputs.count > 1 ? "checking \(index + 1) of \(inputs.count)" : "checking")
        file.checkup = try Checkup(options: options).check(path) { line.show($0) }
        line.clear()
        // The header could be read, the voxels not.
        if let fault = file.checkup?[.file].first(where: { $0.verdict == .fault }) {
          failed += 1
          Terminal.standardError.print("ais: \(fault.evidence)")
        }
      }
      if case .unreadable(let error) = description.content {
        failed += 1
        Terminal.standardError.print("ais: \(error)")
      }
      if !json { show(file, of: inputs) }
      if let checkup = file.checkup { summary.add(checkup) }
      reports.append(file)
    }
    if json {
      Terminal.standardOutput.print(text: try InfoReport(files: reports).json())
    } else if let text = summary.text {
      Terminal.standardOutput.print(lines: ["", text])
    } else if inputs.count > 1, !check, reports.contains(where: \.hasWarnings) {
      Terminal.standardOutput.print(
        lines: ["", "The words on the right name doubtful headers; 'ais info --check' says how to mend them."])
    }
    if failed > 0 { throw ExitCode(1) }
  }

  /// Folders become the files in them.
  private func expanded() throws -> [String] {
    var result: [String] = []
    for path in files {
      guard FileDescription.isFolder(path) else {
        result.append(path)
        continue
      }
      let found = try FileDescription.files(inFolder: path)
      if found.isEmpty {
        throw AisError(.notFound, "the folder '\(path)' holds no tomogram or other file that Ais knows")
      }
      result += found
    }
    return result
  }

  private func show(_ file: InfoReport.File, of inputs: [String]) {
    let isOnly = inputs.count == 1
    if isOnly {
      if let lines = file.details() { Terminal.standardOutput.print(lines: lines) }
    } else {
      Terminal.standardOutput.print(file.line(width: InfoReport.nameWidth(inputs)))
    }
    if let checkup = file.checkup {
      Terminal.standardOutput.print(lines: CheckupText(checkup, isBrief: !isOnly).lines)
    }
  }
}
