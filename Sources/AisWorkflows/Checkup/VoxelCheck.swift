import AisCore
import AisFormats
import AisImaging

/// Judges the values themselves: numbers that are none, empty slices and borders, statistics, and the sign of bytes.
struct VoxelCheck {
  private(set) var judgements: [Judgement] = []
  private(set) var survey: VoxelSurvey
  /// The part of the volume that holds something.
  private(set) var region: VoxelBox
  private let tomogram: Tomogram

  init(
    tomogram: Tomogram, isThorough: Bool, cancellation: Cancellation?, progress: (Double) -> Void
  ) throws(AisError) {
    self.tomogram = tomogram
    let shape = tomogram.shape
    survey = VoxelSurvey(shape: shape)
    let wanted = isThorough ? shape.z : min(shape.z, Checkup.sampledSlices)
    var slice = [Float](repeating: 0, count: shape.sliceCount)
    for i in 0..<wanted {
      try cancellation?.check()
      let z = wanted == 1 ? shape.z / 2 : i * (shape.z - 1) / (wanted - 1)
      try tomogram.read(z, into: &slice)
      survey.add(slice: slice, z: z)
      progress(Double(i + 1) / Double(wanted))
    }
    region = VoxelBox(z: 0..<0, y: survey.rows, x: survey.columns)
    region.z = try sectionsHoldingSomething(&slice)
    judgeValues()
    judgeBorders()
    judgeStatistics()
    judgeByteSign()
    judgeKind()
  }

  /// Segmentations are empty in most places, and rightly so.
  private var isMask: Bool { survey.commonValue != nil }

  /// Why orientation and contrast would mean nothing, if so.
  var reasonNotToJudgePicture: String? {
    let shape = tomogram.shape
    if survey.minimum == survey.maximum || region.isEmpty { return "All voxels are equal." }
    if shape.z == 1 { return "One slice is no volume." }
    if let common = survey.commonValue, common.share > 0.5 { return "Most voxels are \(common.value): no picture." }
    if judgements.contains(where: { $0.code == "byte-sign-wrong" || $0.code == "bytes-wrapped" }) {
      return "Bytes read with the wrong sign tear the picture; check again with the remedy for the byte sign."
    }
    return nil
  }

  /// Between the last empty sampled slice and the first full one, halves the gap until the border is exact.
  private func sectionsHoldingSomething(_ slice: inout [Float]) throws(AisError) -> Range<Int> {
    let empty = Set(survey.constantSlices)
    guard let first = survey.slices.first(where: { !empty.contains($0) }),
      let last = survey.slices.last(where: { !empty.contains($0) })
    else { return 0..<0 }
    func isEmpty(_ z: Int, _ slice: inout [Float]) throws(AisError) -> Bool {
      try tomogram.read(z, into: &slice)
      let reference = slice.first { $0.isFinite } ?? 0
      return slice.allSatisfy { !$0.isFinite || $0 == reference }
    }
    var (low, high) = (survey.slices.last { $0 < first } ?? -1, first)
    while high - low > 1 {
      let middle = (low + high) / 2
      if try isEmpty(middle, &slice) { low = middle } else { high = middle }
    }
    let start = high
    (low, high) = (last, survey.slices.first { $0 > last } ?? tomogram.shape.z)
    while high - low > 1 {
      let middle = (low + high) / 2
      if try isEmpty(middle, &slice) { high = middle } else { low = middle }
    }
    return start..<low + 1
  }

  private var sampled: String {
    survey.slices.count == tomogram.shape.z
      ? "all \(tomogram.shape.z) slices" : "\(survey.slices.count) of \(tomogram.shape.z) slices"
  }

  /// The mean, without the digits that are rounding against the spread of the values.
  private var meanValue: Double { abs(survey.mean) < 1e-3 * survey.deviation ? 0 : survey.mean }

  private mutating func judgeValues() {
    let bad = survey.nanCount + survey.infiniteCount
    if bad > 0 {
      judgements.append(
        .fault(
          .values, "not-finite", .warning,
          "\(survey.nanCount) voxels are NaN and \(survey.infiniteCount) infinite, of \(survey.voxelCount) looked at.",
          remedy: Remedy(
            advice: "Such voxels spread through networks and averages; replace them where the tomogram was made, for "
              + "example by the mean \(number(survey.mean)).")))
    }
    if survey.finiteCount > 0, survey.minimum == survey.maximum {
      judgements.append(
        .fault(
          .values, "all-equal", .error, "All voxels looked at (\(sampled)) are \(number(Double(survey.minimum))).",
          remedy: Remedy(advice: "The reconstruction failed or the file was never filled; make it again.")))
      return
    }
    let inside = survey.constantSlices.filter { region.z.contains($0) }
    if !inside.isEmpty, !isMask {
      let list = inside.prefix(5).map(String.init).joined(separator: ", ") + (inside.count > 5 ? ", …" : "")
      judgements.append(
        .fault(
          .values, "constant-slices", .warning,
          "\(inside.count) slices in the middle of the volume hold one value only (slice \(list), counted from 0).",
          remedy: Remedy(advice: "Parts of the volume were not written; make or copy the file again.")))
    }
    if bad == 0, inside.isEmpty || isMask {
      judgements.append(
        .fine(
          .values,
          "Values run from \(number(Double(survey.minimum))) to \(number(Double(survey.maximum))), mean "
            + "\(number(meanValue)), standard deviation \(number(survey.deviation)) (\(sampled)); all are numbers."))
    }
  }

  private mutating func judgeBorders() {
    guard !region.isEmpty, !isMask else { return }
    let shape = tomogram.shape
    func part(_ axis: String, _ range: Range<Int>, _ length: Int) -> String? {
      range.count == length
        ? nil : "\(axis) \(range.lowerBound)–\(range.upperBound - 1) of 0–\(length - 1)"
    }
    let parts = [part("x", region.x, shape.x), part("y", region.y, shape.y), part("z", region.z, shape.z)].compactMap(
      \.self)
    if parts.isEmpty {
      judgements.append(.fine(.borders, "The volume is filled to its borders."))
      return
    }
    let filled = Double(region.x.count * region.y.count * region.z.count) / Double(shape.count)
    let severity: Judgement.Severity = filled < 0.9 ? .warning : .note
    judgements.append(
      .fault(
        .borders, "empty-border", severity,
        "Only \(parts.joined(separator: ", ")) hold something; \(Int(((1 - filled) * 100).rounded())) % of the volume is empty.",
        remedy: Remedy(
          advice: severity == .note
            ? "Harmless; expect false features along the rim."
            : "The empty part shifts statistics that networks normalise by and costs time; cut it off where the tomogram was made."
        )))
  }

  private mutating func judgeStatistics() {
    guard tomogram.options.view.isInverted == false, let header = tomogram.info.statistics, survey.finiteCount > 0
    else { return }
    let spread = max(survey.deviation, 1e-6 * max(abs(Double(survey.minimum)), abs(Double(survey.maximum))))
    guard spread > 0 else { return }
    var words: [String] = []
    // Rounding to the file's type moves extremes by up to one unit.
    let slack = 0.01 * spread + (survey.isWhole ? 1 : 0)
    if Double(survey.minimum) < header.minimum - slack {
      words.append("values go down to \(number(Double(survey.minimum))), the header says \(number(header.minimum))")
    }
    if Double(survey.maximum) > header.maximum + slack {
      words.append("values go up to \(number(Double(survey.maximum))), the header says \(number(header.maximum))")
    }
    let isWhole = survey.slices.count == tomogram.shape.z
    if abs(survey.mean - header.mean) > (isWhole ? 0.05 : 0.5) * spread + slack {
      words.append("the mean is \(number(survey.mean)), the header says \(number(header.mean))")
    }
    if words.isEmpty {
      judgements.append(
        .fine(
          .statistics,
          "The header's statistics agree with the values (\(sampled)): \(number(header.minimum)) to "
            + "\(number(header.maximum)), mean \(number(abs(header.mean) < 1e-3 * spread ? 0 : header.mean))."))
    } else {
      judgements.append(
        .fault(
          .statistics, "statistics-disagree", .note,
          "The header's statistics do not fit the values: " + words.joined(separator: "; ") + ".",
          remedy: Remedy(
            advice: "Programs that take their contrast from the header will show it badly; the values were changed, or "
              + "their sign is read wrongly.")))
    }
  }

  private mutating func judgeByteSign() {
    let type = tomogram.info.elementType
    let isByte = type == .int8 || type == .uint8
    let fitsByte =
      survey.isWhole && survey.minimum >= -128 && survey.maximum <= 255
      && !(survey.minimum < 0 && survey.maximum > 127)
    let decision = tomogram.info.byteSign.map { " Bytes are \($0.explanation)." } ?? ""
    guard fitsByte, survey.finiteCount > 0, tomogram.options.view.isInverted == false else {
      if isByte {
        judgements.append(
          .unseen(.byteSign, "byte-sign-unseen", "The sign of the bytes cannot be judged in this view."))
      }
      return
    }
    let steps = survey.byteSteps
    let other = steps.isSigned || survey.minimum < 0 ? "unsigned" : "signed"
    let ratio = number(steps.otherwise / max(steps.asRead, 1))
    switch steps.verdict {
    case .wrong where isByte && tomogram.info.format == .mrc && tomogram.info.mode == 0:
      judgements.append(
        .fault(
          .byteSign, "byte-sign-wrong", .warning,
          "The picture is torn: \(steps.jumps) neighbouring voxels differ by more than 128, and read as \(other) bytes it "
            + "would be smoother (steps × \(ratio)).\(decision)",
          remedy: Remedy(option: "--byte-sign \(other)")))
    case .wrong:
      judgements.append(
        .fault(
          .byteSign, "bytes-wrapped", .warning,
          "The values look like bytes that were once read with the wrong sign: \(steps.jumps) neighbouring voxels differ "
            + "by more than 128, and as \(other) bytes the picture would be smoother (steps × \(ratio)).",
          remedy: Remedy(advice: "Convert it again from the original bytes, read as \(other).")))
    case .right where isByte:
      judgements.append(.fine(.byteSign, "The picture is smooth as it is read.\(decision)"))
    case .alike where isByte:
      judgements.append(
        .fine(
          .byteSign, "No voxel lies where the sign would matter but for a constant.\(decision)", confidence: .likely))
    case .unclear where isByte:
      judgements.append(
        .unsure(
          .byteSign, "byte-sign-unclear",
          "Signed and unsigned bytes are about equally smooth (steps × \(ratio)).\(decision)",
          remedy: Remedy(option: "--byte-sign \(other)", advice: "Use it if slices look torn.")))
    default: break
    }
  }

  private mutating func judgeKind() {
    if let common = survey.commonValue, survey.minimum < survey.maximum {
      judgements.append(
        .fault(
          .kind, "not-a-tomogram", .note,
          "More than half of the voxels are exactly \(number(Double(common.value))): a segmentation or mask, or a tomogram with a "
            + "background of one value.",
          confidence: .likely, remedy: Remedy(advice: "Orientation and contrast are not judged.")))
    }
    let name = tomogram.info.path.lowercased()
    let isTiltSeries = name.hasSuffix(".st") || name.hasSuffix(".ali") || name.hasSuffix("_st.mrc")
    if isTiltSeries, tomogram.shape.z < tomogram.shape.y / 2 {
      judgements.append(
        .fault(
          .kind, "tilt-series", .note,
          "By its name this is a tilt series (\(tomogram.shape.z) images), not a tomogram.",
          confidence: .likely, remedy: Remedy(advice: "Reconstruct it first; networks want slices of a tomogram.")))
    }
  }
}

/// A number with four significant digits.
func number(_ value: Double) -> String {
  guard value.isFinite else { return "\(value)" }
  if value == 0 { return "0" }
  var unit = 1.0
  let size = abs(value)
  while unit * 10 <= size { unit *= 10 }
  while unit > size { unit /= 10 }
  if unit >= 1000, size < 1e15 { return "\(Int(value.rounded()))" }
  let rounded = (value / unit * 1000).rounded() / 1000 * unit
  if rounded == rounded.rounded(), size < 1e15 { return "\(Int(rounded))" }
  let decimals = unit >= 1 ? 1000 / unit : 0
  let text = decimals > 0 ? "\((value * decimals).rounded() / decimals)" : "\(Float(rounded))"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
