import AisCore
import AisFormats
import AisSegmentation
import AisWorkflows
import Dispatch
import Synchronization

/// What networks say of the slices that are looked at: computed when it is asked for, one network at a time, given up when nobody
/// waits any more, and kept within bounds.
final class PredictionService: Sendable {
  /// Which result of a model.
  enum Layer: String, Sendable, CaseIterable {
    /// What the model says by itself.
    case raw
    /// What the competition leaves of it.
    case competed
    /// What the rules leave of that.
    case final
  }

  /// A tomogram's file and how it is segmented.
  struct Subject: Sendable, Hashable {
    var file: SliceFile
    var segmented: LiveSegmenter.Subject
  }

  /// A result, or a part of it: 0…255 by rows.
  struct Answer: Sendable {
    var bytes: [UInt8]
    var region: SliceInference.Region
    /// Time that computing took; 0 for what was there already.
    var seconds = 0.0
  }

  private struct RawKey: Hashable, Sendable {
    var version: String
    var subject: Subject
    var slice: Int
    var region: SliceInference.Region?
  }

  private struct Raw: Sendable {
    var values: [Float]
    var region: SliceInference.Region
    var seconds: Double
  }

  private struct CombinedKey: Hashable, Sendable {
    var version: String
    var subject: Subject
    var slice: Int
  }

  private let segmenter: LiveSegmenter
  private let files: OpenTomograms
  private let lane = WorkLane("predictions", width: 1, quality: .utility)
  private let combining = WorkLane("combinations", width: 1, quality: .userInitiated)
  /// Probabilities, for combinations: they must not be rounded before.
  private let probabilities: ByteBoundedCache<RawKey, Raw>
  private let rawBytes: ByteBoundedCache<RawKey, Answer>
  private let combined: ByteBoundedCache<CombinedKey, [[UInt8]]>
  private let rawWork = SharedWork<RawKey, Raw>()
  private let combinedWork = SharedWork<CombinedKey, [[UInt8]]>()
  private let times = Mutex<[String: Double]>([:])
  private let serial = Atomic<Int>(0)
  /// Bytes of slices that a combination may wait with.
  private let combinationLimit: Int

  /// After so long without work, memory that only running networks need is given back.
  private static let patience = Duration.seconds(30)

  init(segmenter: LiveSegmenter, files: OpenTomograms, memoryBytes: Int) {
    self.segmenter = segmenter
    self.files = files
    let share = max(64 << 20, min(512 << 20, memoryBytes / 16))
    probabilities = ByteBoundedCache(limit: share)
    rawBytes = ByteBoundedCache(limit: share / 2)
    combined = ByteBoundedCache(limit: share / 2)
    combinationLimit = share
  }

  /// What a model says of a slice by itself. Throws `cancelled` when the caller's task is.
  func raw(
    _ model: LiveModel, _ slice: Int, region: SliceInference.Region?, of subject: Subject
  ) async throws(AisError) -> Answer {
    try require(slice, region, subject)
    let whole = RawKey(version: model.version, subject: subject, slice: slice)
    if let known = rawBytes[whole] { return known }
    var key = whole
    key.region = region
    let raw = try await probabilities(model, key)
    let answer = Answer(bytes: SegmentationScale.bytes(of: raw.values), region: raw.region, seconds: raw.seconds)
    if raw.region.count == subject.segmented.shape.sliceCount { keep(answer, for: whole) }
    return answer
  }

  private func keep(_ answer: Answer, for key: RawKey) {
    var kept = answer
    kept.seconds = 0
    rawBytes.insert(kept, byteCount: kept.bytes.count, for: key)
  }

  /// What is left of a model's result in a group.
  func combined(
    _ group: LiveGroup, _ model: Int64, _ slice: Int, of subject: Subject
  ) async throws(AisError) -> Answer {
    try require(slice, nil, subject)
    let shape = subject.segmented.shape
    let whole = SliceInference.Region(rows: 0..<shape.y, columns: 0..<shape.x)
    guard let place = group.models.firstIndex(where: { $0.id == model }) else {
      throw AisError(
        .notFound, "the model \(model) is not active, or has no network: it takes no part in competition and rules")
    }
    if !group.combination.competes, group.combination.interactions.isEmpty {
      return try await raw(group.models[place], slice, region: nil, of: subject)
    }
    let key = CombinedKey(version: group.version, subject: subject, slice: slice)
    if let known = combined[key] { return Answer(bytes: known[place], region: whole) }
    let (slices, wanted, seconds) = try await neighbourhood(group, slice, subject)
    let combination = group.combination
    let voxelSize = subject.segmented.voxelSize
    let found = try await combinedWork.value(key) { order in
      let ticket = self.combining.submit {
        order.finish(
          Result { () throws(AisError) -> [[UInt8]] in
            try order.cancellation.check()
            let results = try combination.slice(slices, wanted: wanted, y: shape.y, x: shape.x, voxelSize: voxelSize)
            let bytes = results.map { SegmentationScale.bytes(of: $0) }
            self.combined.insert(bytes, byteCount: bytes.count * shape.sliceCount, for: key)
            return bytes
          })
      }
      return { self.combining.makeUrgent(ticket) }
    }
    return Answer(bytes: found[place], region: whole, seconds: seconds)
  }

  /// The slices of all members that a combined slice depends on.
  private func neighbourhood(
    _ group: LiveGroup, _ slice: Int, _ subject: Subject
  ) async throws(AisError) -> (slices: [[[Float]]], wanted: Int, seconds: Double) {
    let shape = subject.segmented.shape
    try group.combination.validate(voxelSize: subject.segmented.voxelSize)
    let reach = group.combination.reach(slices: shape.z, voxelSize: subject.segmented.voxelSize)
    let range = max(0, slice - reach)...min(shape.z - 1, slice + reach)
    let bytes = range.count * group.models.count * shape.sliceCount * MemoryLayout<Float>.size
    guard bytes <= combinationLimit || reach == 0 else {
      throw AisError(
        .limitExceeded,
        "rules in 3 dimensions need \(range.count) slices of \(group.models.count) models at once, \(bytes >> 20) MiB, and "
          + "\(combinationLimit >> 20) MiB are set aside for it: choose smaller radii, or rules slice by slice")
    }
    var seconds = 0.0
    var slices: [[[Float]]] = []
    for model in group.models {
      var ofModel: [[Float]] = []
      for z in range {
        let raw = try await probabilities(
          model, RawKey(version: model.version, subject: subject, slice: z))
        ofModel.append(raw.values)
        seconds += raw.seconds
      }
      slices.append(ofModel)
    }
    return (slices, slice - range.lowerBound, seconds)
  }

  private func probabilities(_ model: LiveModel, _ key: RawKey) async throws(AisError) -> Raw {
    if let known = probabilities[key] { return known }
    return try await rawWork.value(key) { order in
      let ticket = self.lane.submit {
        order.finish(
          Result { () throws(AisError) -> Raw in try self.compute(model, key, order.cancellation) })
      }
      return { self.lane.makeUrgent(ticket) }
    }
  }

  private func compute(_ model: LiveModel, _ key: RawKey, _ cancellation: Cancellation) throws(AisError) -> Raw {
    try cancellation.check()
    // It may have come along with a neighbour meanwhile.
    if let known = probabilities[key] { return known }
    let begin = ContinuousClock.now
    let source = try files.tomogram(key.subject.file)
    let (slices, region) = try files.read(source) { () throws(AisError) in
      try segmenter.run(
        model, key.slice, region: key.region, of: key.subject.segmented, source: source.tomogram,
        cancellation: cancellation)
    }
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    let isWhole = region.count == key.subject.segmented.shape.sliceCount
    for (slice, values) in slices where isWhole || slice == key.slice {
      var place = key
      place.slice = slice
      if isWhole { place.region = nil }
      probabilities.insert(
        Raw(values: values, region: region, seconds: 0), byteCount: values.count * MemoryLayout<Float>.size, for: place)
      if isWhole { keep(Answer(bytes: SegmentationScale.bytes(of: values), region: region), for: place) }
    }
    if isWhole { note(seconds / Double(max(slices.count, 1)), key) }
    restLater()
    guard let values = slices[key.slice] else {
      throw AisError(.malformed, "'\(model.title)' gave no answer for slice \(key.slice)")
    }
    return Raw(values: values, region: region, seconds: seconds)
  }

  private func require(_ slice: Int, _ region: SliceInference.Region?, _ subject: Subject) throws(AisError) {
    let shape = subject.segmented.shape
    guard (0..<shape.z).contains(slice) else {
      throw AisError(.usage, "slice \(slice) is not there: the tomogram has \(shape.z) slices, counted from 0")
    }
    guard let region else { return }
    guard !region.rows.isEmpty, !region.columns.isEmpty, region.rows.lowerBound >= 0, region.columns.lowerBound >= 0,
      region.rows.upperBound <= shape.y, region.columns.upperBound <= shape.x
    else { throw AisError(.usage, "the region lies outside of the slice, which has \(shape.x) × \(shape.y) pixels") }
  }

  // MARK: What it costs

  /// What a slice of a model takes: as forecast, and as it took last.
  func forecast(
    _ model: LiveModel, of subject: Subject
  ) async throws(AisError) -> (forecast: SliceForecast, measuredSeconds: Double?) {
    let segmenter = segmenter
    let result = await onDisk { () -> Result<SliceForecast, AisError> in
      Result { () throws(AisError) -> SliceForecast in try segmenter.forecast(model, subject.segmented) }
    }
    let measured = times.withLock { $0["\(model.version) \(subject.segmented.key)"] }
    return (try result.get(), measured)
  }

  /// The slices whose raw results of all these models are kept.
  func keptSlices(_ models: [LiveModel], of subject: Subject) -> [Int] {
    let versions = Set(models.map(\.version))
    var counts: [Int: Int] = [:]
    for key in rawBytes.keys where key.region == nil && key.subject == subject && versions.contains(key.version) {
      counts[key.slice, default: 0] += 1
    }
    return counts.filter { $0.value == versions.count }.keys.sorted()
  }

  private func note(_ seconds: Double, _ key: RawKey) {
    times.withLock { times in
      if times.count >= 1000 { times.removeAll() }
      times["\(key.version) \(key.subject.segmented.key)"] = seconds
    }
  }

  private func restLater() {
    let now = serial.add(1, ordering: .relaxed).newValue
    Task { [weak self] in
      try? await Task.sleep(for: Self.patience)
      guard let self, self.serial.load(ordering: .relaxed) == now else { return }
      self.lane.submit(.ahead) { self.segmenter.rest() }
    }
  }
}
