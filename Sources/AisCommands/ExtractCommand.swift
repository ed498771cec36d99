import AisCore
import AisFormats
import AisWorkflows
import ArgumentParser
import Foundation

/// `ais extract`: training sets from annotations.
package struct ExtractCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "extract",
    abstract: "Make training sets of what was annotated.",
    discussion: """
      Cuts the boxes of annotated features out of their tomograms, with what is painted in them, into one .scnt file for each \
      feature: input of 'ais train', and of the reference program.

        ais extract -f Membrane -o sets annotated/*.scns
        ais extract -f Membrane --negative Background -o sets Cells.ais
        ais extract -f Ribosome -o sets TS_01.mrc --labels TS_01_labels.mrc --label 3 --random 200

      Boxes come from annotated datasets of the reference program (.scns), from projects (NAME.ais), or from a volume of labels \
      with listed or random places. A box without paint shows where nothing is; so do all boxes of a '--negative' feature. \
      Grey values are normalised with their whole tomogram.
      """)

  @Argument(
    help: ArgumentHelp(
      "Annotated datasets (.scns), folders and patterns of them, projects (NAME.ais); with '--labels' tomograms.",
      valueName: "annotation"))
  package var annotations: [String]

  @Option(
    name: [.short, .long], parsing: .singleValue,
    help: ArgumentHelp("What is to be found: the feature's title. May be given several times.", valueName: "title"))
  package var feature: [String]

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "A feature whose boxes show what is not to be found, whatever is painted in them. May be given several times.",
      valueName: "title"))
  package var negative: [String] = []

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder to write to; it is made if it is not there.", valueName: "folder"))
  package var output: String

  @Flag(help: "Write one set with all features.")
  package var merge = false

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Leave out the annotation or tomogram of this name; a pattern, or a .txt list of names. May be given several times.",
      valueName: "name"))
  package var exclude: [String] = []

  @Flag(help: "Write the centres of the boxes as STAR lists, and no sets.")
  package var coordinates = false

  @Option(
    name: [.customShort("t"), .customLong("tomograms")], parsing: .singleValue,
    help: ArgumentHelp(
      "A folder in which tomograms that moved are looked for. May be given several times.", valueName: "folder"))
  package var folders: [String] = []

  @OptionGroup(title: "What boxes are")
  package var boxes: ExtractBoxArguments

  @OptionGroup(title: "Boxes from volumes of labels")
  package var labels: ExtractLabelArguments

  @OptionGroup(title: "How tomograms are read")
  package var reading: TomogramArguments

  @Flag(help: "Make outputs again that are already there, and replace those made otherwise or changed.")
  package var force = false

  @Flag(name: [.long, .customShort("n")], help: "Print what would be done, and do nothing.")
  package var dryRun = false

  @OptionGroup(title: "What to compute on")
  package var machine: MachineArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func validate() throws {
    do { try request(threads: 1).validate() } catch { throw ValidationError(error.message) }
  }

  package func run() throws {
    let logger = verbosity.makeLogger("extract")
    let cancellation = Cancellation()
    let (threads, _) = machine.settled(logger)
    let plan = try ExtractPlan.make(request(threads: threads), cancellation: cancellation)
    defer { plan.close() }
    announce(plan)
    if dryRun { return try BatchEnding.foretell(plan.refusals) }
    // A set without one of its tomograms would be another set: all or nothing.
    if !plan.refusals.isEmpty { return try BatchEnding.foretell(plan.refusals) }
    if coordinates { return report(try ExtractCoordinates.write(plan, logger: logger)) }
    let titles = feature + negative
    let reporter = BatchReporter(
      plan.tasks.map { .init(input: $0.source.label, weight: Double($0.boxCount(titles))) }, noun: "tomogram",
      verbosity: verbosity, isPredicted: false)
    let run = ExtractRun(plan, cancellation: cancellation, logger: logger)
    if plan.wanted.isEmpty { return }
    var made: [ExtractRun.Made] = []
    try BatchEnding.follow(
      cancellation,
      run: { () throws(AisError) in
        let result = try run.run(reporter.report)
        made = result.made
        return result.outcomes
      },
      summarise: { outcomes in
        reporter.summarise(outcomes)
        report(made, of: plan)
      }, abandon: { run.abandon() })
  }

  /// What will be done, before it is.
  private func announce(_ plan: ExtractPlan) {
    let finished = plan.sets.filter(\.isFinished)
    if verbosity.json {
      return BatchEventLine.emit(
        BatchEventLine(event: "plan", inputs: plan.tasks.count, outputsSkipped: finished.count))
    }
    if verbosity.quiet { return }
    let out = Terminal.standardOutput
    for set in finished {
      out.print("\(set.path) is there already, made with the same settings ('--force' makes it again)")
    }
    if !plan.excluded.isEmpty { out.print("\(counted(plan.excluded.count, "annotation")) left out, as asked") }
    if !plan.unused.isEmpty {
      out.print("\(counted(plan.unused.count, "annotation")) without boxes of these features: passed over")
    }
    for set in plan.wanted where dryRun {
      let count = plan.tasks.reduce(0) { $0 + $1.boxCount(set.features + negative) }
      let tomograms = plan.tasks.count { $0.boxCount(set.features + negative) > 0 }
      out.print("\(set.path) would hold \(count) boxes of \(counted(tomograms, "tomogram"))")
    }
  }

  private func report(_ made: [ExtractRun.Made], of plan: ExtractPlan) {
    if verbosity.quiet { return }
    for set in made {
      if verbosity.json {
        BatchEventLine.emit(BatchEventLine(event: "set", written: [set.path], results: .init(set.results)))
        continue
      }
      let results = set.results
      Terminal.standardOutput.print(
        "\(set.path)  \(results.boxes) boxes of \(counted(results.tomograms, "tomogram")), \(results.positives) with "
          + "the feature, \(results.boxes - results.positives) without")
    }
  }

  private func report(_ made: [ExtractCoordinates.Made]) {
    if verbosity.quiet { return }
    for list in made {
      if verbosity.json {
        BatchEventLine.emit(BatchEventLine(event: "list", written: [list.path]))
      } else {
        Terminal.standardOutput.print("\(list.path)  \(list.count) boxes")
      }
    }
  }

  func request(threads: Int) throws(AisError) -> ExtractRequest {
    var request = ExtractRequest(inputs: annotations, outputFolder: output, features: feature, threads: threads)
    request.negatives = negative
    request.boxSize = boxes.box
    request.depth = boxes.depth
    request.pixelSize = boxes.pixelSize
    request.flavours = boxes.flavours
    request.takesVersions = boxes.versions
    request.merges = merge
    request.excluded = exclude
    request.writesCoordinates = coordinates
    request.folders = folders
    request.labels = labels.request
    request.seed = labels.seed
    request.view = reading.options
    request.replaces = force
    return request
  }
}
