import AisCore
import AisWorkflows
import Foundation

/// What `ais info` prints.
struct InfoReport: Encodable {
  struct File: Encodable {
    var description: FileDescription
    var checkup: CheckupReport?

    private enum Keys: String, CodingKey { case checkup }

    func encode(to encoder: any Encoder) throws {
      try description.encode(to: encoder)
      var container = encoder.container(keyedBy: Keys.self)
      try container.encodeIfPresent(checkup, forKey: .checkup)
    }
  }

  var schema = "ais.info/1"
  var files: [File]

  init(files: [File]) { self.files = files }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// Room for the longest file name in a table.
  static func nameWidth(_ paths: [String]) -> Int {
    min(60, paths.map { ($0 as NSString).lastPathComponent.count }.max() ?? 0)
  }
}

extension InfoReport.File {
  /// A table of everything known; `nil` for what cannot be read, which is named on standard error.
  func details() -> [String]? {
    switch description.content {
    case .unreadable: return nil
    case .other(let kind, let note): return [description.path, Self.row("kind", "\(kind): \(note)")]
    case .network(let network):
      return [description.path] + rows(network).map { Self.row($0.0, $0.1) }
    case .trainingSet(let set):
      return [description.path] + rows(set).map { Self.row($0.0, $0.1) }
    case .tomogram(let tomogram):
      return [description.path] + rows(tomogram).map { Self.row($0.0, $0.1) }
    }
  }

  private func rows(_ t: TomogramDescription) -> [(String, String)] {
    var rows: [(String, String)] = []
    var kind = t.format == "mrc" ? "MRC tomogram" : "TIFF stack"
    if t.container != "plain" { kind += ", compressed with \(t.container)" }
    if let compression = t.compression { kind += ", pages compressed (\(compression))" }
    rows.append(("kind", "\(kind), \(Self.bytes(t.fileBytes))"))
    if t.view != "as it is" { rows.append(("looked at", t.view)) }
    let volumes = t.volumeCount > 1 ? ", \(t.volumeCount) volumes" : ""
    rows.append(("shape", "\(t.shape.x) × \(t.shape.y) × \(t.shape.z) voxels (x × y × z)\(volumes)"))
    let mode = t.mode.map { " (mode \($0))" } ?? ""
    rows.append(("voxels", "\(t.elementType)\(mode), \(Self.words(t.byteOrder)): \(t.byteOrderReason)"))
    if let sign = t.byteSign { rows.append(("byte sign", sign.explanation)) }
    if let voxel = t.voxelSizeAngstrom, let extent = t.extentNanometer {
      let sides = [voxel.x, voxel.y, voxel.z].map(Self.number)
      // Cells are stored rounded: what differs beyond the digits shown is even.
      let isEven = Set(sides).count == 1
      rows.append(("voxel size", isEven ? "\(sides[0]) Å" : "\(sides.joined(separator: " × ")) Å (x × y × z)"))
      rows.append(
        ("extent", "\(Self.number(extent.x)) × \(Self.number(extent.y)) × \(Self.number(extent.z)) nm"))
    } else {
      rows.append(("voxel size", "unknown"))
    }
    if let s = t.headerStatistics {
      rows.append(
        (
          "values",
          "\(Self.number(s.minimum)) to \(Self.number(s.maximum)), mean \(Self.number(s.mean)), "
            + "standard deviation \(Self.number(s.standardDeviation)) (says the header)"
        ))
    }
    if t.originAngstrom.x != 0 || t.originAngstrom.y != 0 || t.originAngstrom.z != 0 {
      let o = t.originAngstrom
      rows.append(("origin", "\(Self.number(o.x)), \(Self.number(o.y)), \(Self.number(o.z)) Å"))
    }
    if t.start.x != 0 || t.start.y != 0 || t.start.z != 0 {
      rows.append(("start", "\(t.start.x), \(t.start.y), \(t.start.z)"))
    }
    if t.axisOrder != "xyz" { rows.append(("axes", "columns, rows, sections run along \(t.axisOrder)")) }
    if let e = t.extendedHeader {
      rows.append(("extended", "\(Self.bytes(e.byteCount))\(e.type.isEmpty ? "" : " of type \(e.type)")"))
    }
    for (i, label) in t.labels.enumerated() { rows.append((i == 0 ? "labels" : "", label)) }
    // The check-up says the same with more evidence.
    if checkup == nil {
      for (i, warning) in t.warnings.enumerated() { rows.append((i == 0 ? "warnings" : "", warning.message)) }
    }
    return rows
  }

  private func rows(_ n: NetworkDescription) -> [(String, String)] {
    var rows: [(String, String)] = []
    rows.append(("kind", "network, \(n.container)"))
    rows.append(("title", n.title))
    let architecture = n.architecture ?? "architecture not named"
    rows.append(("network", "\(architecture), \(n.dimensions)D, \(n.parameterCount) parameters"))
    rows.append(("input", n.inputSlices == 1 ? "one slice" : "\(n.inputSlices) slices"))
    rows.append(("pixel size", n.pixelSizeAngstrom.map { "\(Self.number($0)) Å" } ?? "unknown"))
    if let box = n.boxSize { rows.append(("boxes", "\(box) pixels")) }
    rows.append(("normalised", n.normalization == "global_mad" ? "by the whole tomogram" : "slice by slice"))
    rows.append(("threshold", "\(n.threshold)"))
    if let preview = n.preview {
      rows.append(
        ("preview", "\(preview.width) × \(preview.height) pixels" + (preview.hasSlice ? ", with its slice" : "")))
    }
    rows.append(("hash", n.contentHash))
    for (i, warning) in n.warnings.enumerated() { rows.append((i == 0 ? "warnings" : "", warning)) }
    return rows
  }

  private func rows(_ s: TrainingSetDescription) -> [(String, String)] {
    let depth = s.depth == 1 ? "" : " × \(s.depth) slices"
    let negatives = s.negativeBoxes > 0 ? ", \(s.negativeBoxes) of them without the feature on purpose" : ""
    var rows = [
      ("kind", "training set, \(Self.bytes(s.fileBytes))"), ("boxes", "\(s.boxes)\(negatives)"),
      (
        "box size", "\(s.boxSize) × \(s.boxSize)\(depth)" + (s.jitter > 0 ? ", \(s.jitter) slices more to move in" : "")
      ),
      ("pixel size", s.pixelSizeAngstrom.map { "\(Self.number($0)) Å" } ?? "unknown"),
      ("features", s.features.isEmpty ? "not named" : s.features.joined(separator: ", ")),
      ("normalised", s.normalization == "global_mad" ? "by the whole tomogram" : "box by box, when trained on"),
    ]
    if s.flavours.count > 1 { rows.append(("flavours", s.flavours.joined(separator: ", "))) }
    if !s.tomograms.isEmpty {
      let names = s.tomograms.prefix(4).joined(separator: ", ") + (s.tomograms.count > 4 ? ", …" : "")
      rows.append(("tomograms", "\(s.tomograms.count): \(names)"))
    }
    return rows
  }

  /// Whether the reader found something to say about a tomogram's header.
  var hasWarnings: Bool {
    if case .tomogram(let tomogram) = description.content { !tomogram.warnings.isEmpty } else { false }
  }

  /// One line of a table of several files.
  func line(width: Int) -> String {
    let name = Self.padded((description.path as NSString).lastPathComponent, width)
    switch description.content {
    case .unreadable: return "\(name)  cannot be read"
    case .other(let kind, _): return "\(name)  \(kind)"
    case .network(let n):
      let size = n.pixelSizeAngstrom.map { ", \(Self.number($0)) Å" } ?? ""
      return "\(name)  network '\(n.title)', \(n.dimensions)D\(size)"
    case .trainingSet(let s): return "\(name)  training set, \(s.boxes) boxes of \(s.boxSize) pixels"
    case .tomogram(let t):
      let shape = Self.padded("\(t.shape.x) × \(t.shape.y) × \(t.shape.z)", 20)
      let size = t.voxelSizeAngstrom.map { "\(Self.number($0.x)) Å" } ?? "unknown"
      let warnings = t.warnings.isEmpty || checkup != nil ? "" : "  \(t.warnings.map(\.code).joined(separator: ", "))"
      return "\(name)  \(shape)  \(Self.padded(t.elementType, 8))  \(Self.padded(size, 10))\(warnings)"
    }
  }

  static func row(_ name: String, _ text: String) -> String { "  \(padded(name, 11)) \(text)" }

  static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private static func words(_ byteOrder: String) -> String {
    byteOrder.lowercased().contains("big") ? "big-endian" : "little-endian"
  }

  private static func bytes(_ count: Int) -> String {
    if count < 1024 { return "\(count) bytes" }
    var value = Double(count)
    for unit in ["KiB", "MiB", "GiB", "TiB"] {
      value /= 1024
      if value < 1024 || unit == "TiB" {
        return String(format: value < 10 ? "%.1f %@" : "%.0f %@", value, unit as NSString)
      }
    }
    return "\(count) bytes"
  }

  private static func number(_ value: Double) -> String { angstromText(value) }
}

/// The last line below a table of check-ups: how many files are in order, and where to read more.
struct CheckupSummary {
  private var checked = 0
  private var faulty = 0

  mutating func add(_ report: CheckupReport) {
    checked += 1
    if report.faults.contains(where: { $0.severity > .note }) { faulty += 1 }
  }

  /// Nothing, when fewer than two tomograms were checked.
  var text: String? {
    guard checked > 1 else { return nil }
    if faulty == 0 { return "\(checked) tomograms, none with a fault." }
    return "\(checked) tomograms, \(faulty) with faults. "
      + "'ais info --check FILE' shows all that was looked at in one of them."
  }
}

/// The check-up of one file as lines of text.
struct CheckupText {
  var lines: [String]

  /// - Parameter isBrief: only what is wrong, and doubts that something can be done about, for a table of several files.
  init(_ report: CheckupReport, isBrief: Bool) {
    lines = []
    if !isBrief {
      lines.append("")
      lines.append("check-up (values of \(report.slicesSampled) of \(report.slices) slices)")
    }
    let shown = isBrief ? report.judgements.filter(Self.asksForAction) : report.judgements
    for judgement in shown {
      let indent = isBrief ? "    " : "  "
      lines += Self.wrapped(
        "\(indent)\(Self.mark(judgement)) \(InfoReport.File.padded(judgement.subject.rawValue, 11)) ",
        judgement.evidence)
      guard let remedy = judgement.remedy else { continue }
      let margin = indent + String(repeating: " ", count: 14)
      if let option = remedy.option { lines.append("\(margin)→ read it with  \(option)") }
      if let command = remedy.command { lines.append("\(margin)→ mend it with  \(command)") }
      // In a table, what is merely worth knowing gets no more than its sentence.
      if isBrief, judgement.verdict == .fault, judgement.severity == .note { continue }
      if let advice = remedy.advice { lines += Self.wrapped("\(margin)→ ", advice) }
    }
    if !isBrief {
      lines.append("")
      lines.append(Self.summary(report))
    } else if shown.isEmpty {
      lines.append("    ✓ nothing wrong was found")
    }
  }

  private static func asksForAction(_ judgement: Judgement) -> Bool {
    judgement.verdict == .fault || judgement.verdict == .unsure && judgement.remedy != nil
  }

  private static func summary(_ report: CheckupReport) -> String {
    let faults = report.faults.filter { $0.severity > .note }
    let doubts = report.judgements.contains { $0.verdict == .unsure && $0.remedy != nil }
    if faults.isEmpty {
      return doubts
        ? "No fault is certain, but look at what is marked ?."
        : "Nothing was found that would spoil a segmentation."
    }
    let count = faults.count == 1 ? "One fault" : "\(faults.count) faults"
    let options = report.options
    if options.isEmpty { return "\(count): see the arrows (→) above." }
    let words = options.joined(separator: " ")
    return "\(count). To read the file as it should be, put behind any command:  \(words)"
  }

  /// ✓ in order, ! note or likely trouble, ✗ cannot be used, ? too little evidence, · cannot be seen.
  private static func mark(_ judgement: Judgement) -> String {
    switch judgement.verdict {
    case .fine: "✓"
    case .unsure: "?"
    case .unseen: "·"
    case .fault: judgement.severity == .error ? "✗" : judgement.severity == .warning ? "!" : "–"
    }
  }

  /// Lines of at most 100 characters, those after the first indented as far as the start.
  private static func wrapped(_ start: String, _ text: String) -> [String] {
    var lines: [String] = []
    var line = start
    let indent = String(repeating: " ", count: start.count)
    var isEmpty = true
    for word in text.split(separator: " ") {
      if !isEmpty, line.count + 1 + word.count > 100 {
        lines.append(line)
        line = indent
        isEmpty = true
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return lines + [line]
  }
}
