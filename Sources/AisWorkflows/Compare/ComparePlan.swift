import AisCore
import AisFormats
import AisNetworks
import AisTraining

/// The trainings of a comparison, each checked before the first begins.
package struct ComparePlan: Sendable {
  /// What is to be found, with the boxes that show it.
  package struct Feature: Sendable {
    package let title: String
    package let sets: [String]
    /// The number that marks it in the volume of labels.
    package let label: Int?
    let pool: TrainingPool

    package var sampleCount: Int { pool.samples.count }
    package var positiveCount: Int { pool.positiveCount }
  }

  /// One architecture on one feature.
  package struct Training: Sendable {
    package let architecture: String
    /// A place among the features.
    package let feature: Int
    package let modelPath: String
    package let parameters: Int
    /// Multiplications of all its steps, of the way forward alone.
    package let work: Double
    package let state: State
    let request: TrainRequest
  }

  package enum State: Sendable {
    case fresh
    /// Stopped before its end, after so many epochs.
    case begun(epochs: Int)
    /// Nothing is left to do but to look at what came out.
    case finished
  }

  package let request: CompareRequest
  package let features: [Feature]
  package let trainings: [Training]
  package let precision: TrainingSettings.Precision
  package let devices: TrainingDevices
  package let warnings: [String]
  package var tablePath: String { OutputFolder.prefix(request.outputFolder) + "comparison.csv" }

  /// Reads the sets and checks that every architecture fits every one of them; nothing is written.
  package static func make(
    _ request: CompareRequest, library: ArchitectureLibrary, cancellation: Cancellation
  ) throws(AisError) -> ComparePlan {
    try request.validate()
    var request = request
    let devices = try request.training.device.resolved()
    request.training.device = .settled(devices)
    let features = try features(of: request, cancellation)
    var names: [String] = []
    for name in request.architectures {
      let known = try library.named(name).name
      if names.contains(known) { throw AisError(.usage, "'\(known)' is named twice") }
      names.append(known)
    }
    if let standard = request.standard,
      let other = features.first(where: { $0.pool.boxSize != standard.boxSize })
    {
      throw AisError(
        .usage,
        "the protocol '\(standard.rawValue)' has boxes of \(standard.boxSize) × \(standard.boxSize) pixels, and those of "
          + "'\(other.sets[0])' have \(other.pool.boxSize): extract a set with '--box \(standard.boxSize)'")
    }
    var trainings: [Training] = []
    var warnings: [String] = []
    for name in names {
      for (index, feature) in features.enumerated() {
        try cancellation.check()
        var training = request.training
        training.sets = feature.sets
        training.architecture = name
        training.title = feature.title
        training.output = OutputFolder.prefix(request.outputFolder) + OutputName.safe(name)
        training.resumes = !request.replacesOutputs
        // What is there is looked at below, by other rules than those of a single training.
        training.replacesOutputs = true
        let plan = try TrainPlan.make(training, pool: feature.pool, cancellation: cancellation)
        for warning in plan.warnings where !warnings.contains(warning) { warnings.append(warning) }
        trainings.append(
          Training(
            architecture: plan.architectureName, feature: index, modelPath: plan.modelPath,
            parameters: plan.graph.parameterCount, work: try work(of: plan),
            state: try request.replacesOutputs ? .fresh : state(of: plan), request: training))
      }
    }
    let plan = ComparePlan(
      request: request, features: features, trainings: trainings,
      precision: request.training.precision ?? devices.quickestPrecision, devices: devices, warnings: warnings)
    try plan.checkOutputs()
    return plan
  }

  /// The training, as it is to be carried out now.
  func trainPlan(_ training: Training, cancellation: Cancellation) throws(AisError) -> TrainPlan {
    try TrainPlan.make(training.request, pool: features[training.feature].pool, cancellation: cancellation)
  }

  private static func work(of plan: TrainPlan) throws(AisError) -> Double {
    let sampler = plan.sampler
    let isSlab = plan.graph.dimensionality == .three
    let input = TensorShape(
      z: isSlab ? sampler.depth : 1, y: sampler.boxSize, x: sampler.boxSize, channels: plan.graph.inputChannels)
    let one = plan.graph.multiplications(shapes: try plan.graph.shapes(for: input))
    return one * Double(sampler.batchSize * sampler.stepsPerEpoch * plan.settings.epochs)
  }

  private static func state(of plan: TrainPlan) throws(AisError) -> State {
    if let checkpoint = plan.checkpoint { return .begun(epochs: checkpoint.history.count) }
    switch ExistingOutput.look(at: [plan.modelPath], record: try plan.record()) {
    case .absent: return .fresh
    case .other(let reason): throw AisError(.needsDecision, reason)
    case .same:
      // A training that was stopped leaves its model, too; without its checkpoint it begins anew.
      let ending = TrainAccount.results(beside: plan.modelPath)?.ending
      return ending == nil || ending == .stopped ? .fresh : .finished
    }
  }

  /// Tables and pictures are made anew each time; those of others, or changed by hand, stay as they are.
  private func checkOutputs() throws(AisError) {
    var inputs = request.sets
    inputs += [request.tomogram, request.labels].compactMap { $0 }
    var claims = OutputClaims(inputs: inputs)
    claims.claim(tablePath, for: request.sets[0])
    for training in trainings {
      claims.claim(training.modelPath, for: "\(training.architecture), \(features[training.feature].title)")
    }
    try claims.check()
    guard !request.replacesOutputs else { return }
    let record = try WorkRecord(schema: CompareRun.schema, settings: request.architectures, inputs: [])
    if case .other(let reason) = ExistingOutput.look(at: [tablePath], record: record),
      !ExistingOutput.isOurs(tablePath, schema: CompareRun.schema)
    {
      throw AisError(.needsDecision, reason)
    }
  }

  /// The sets by what they show, in the order of their first mention.
  private static func features(
    of request: CompareRequest, _ cancellation: Cancellation
  ) throws(AisError) -> [Feature] {
    var titles: [String] = []
    var sets: [String: [String]] = [:]
    for path in request.sets {
      let named = try TrainingSetFile.open(path).metadata.features.joined(separator: "_")
      // Stacks of before 2026 do not say what they show.
      let title = named.isEmpty ? OutputName.stem(of: path) : named
      if sets[title] == nil { titles.append(title) }
      sets[title, default: []].append(path)
    }
    let labels = try labels(of: titles, request)
    var features: [Feature] = []
    for title in titles {
      var training = request.training
      training.sets = sets[title] ?? []
      training.memoryLimit /= titles.count
      let pool = try TrainPlan.pool(training, cancellation: cancellation)
      features.append(Feature(title: title, sets: training.sets, label: labels[title], pool: pool))
    }
    return features
  }

  /// The number of each feature; none where there is no volume of labels.
  private static func labels(of titles: [String], _ request: CompareRequest) throws(AisError) -> [String: Int] {
    guard request.labels != nil else { return [:] }
    let quoted = titles.map { "'\($0)'" }.joined(separator: ", ")
    var labels: [String: Int] = [:]
    for label in request.labelNumbers {
      guard let title = label.feature ?? (titles.count == 1 ? titles[0] : nil), titles.contains(title) else {
        throw AisError(
          .usage,
          "--label \(label.feature.map { "\($0)=" } ?? "")\(label.number): the sets show \(quoted); say which feature the number marks: "
            + "'--label \(titles[0])=\(label.number)'")
      }
      labels[title] = label.number
    }
    if let missing = titles.first(where: { labels[$0] == nil }) {
      throw AisError(
        .usage, "which number marks '\(missing)' in the volume of labels? Say it with '--label \(missing)=NUMBER'")
    }
    return labels
  }
}
