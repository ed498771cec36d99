import AisCore
import AisNetworks
import AisTraining

/// What a training is asked to be computed on.
package enum TrainingDeviceChoice: Sendable, Hashable {
  /// The first card that can be used, or else the processor.
  case automatic
  /// These, which share every batch.
  case named([TorchDevice])
  /// What was found out before.
  case settled(TrainingDevices)

  /// Looks what there is. Throws `engineUnavailable` when a card that was named cannot be used.
  package func resolved(program: String = ProgramPath.current) throws(AisError) -> TrainingDevices {
    switch self {
    case .settled(let devices): return devices
    case .automatic: return TrainingDevices(choosingFrom: EngineSurvey.cards(program: program))
    case .named(let devices): return try TrainingDevices(devices, program: program)
    }
  }
}

/// What a training is computed on.
package struct TrainingDevices: Sendable, Hashable {
  package static let processor = TrainingDevices(devices: [.processor], reason: nil, multipliesBfloat16: false)

  package let devices: [TorchDevice]
  /// Why these, where nobody named them: completes "on GPU 0, …".
  package let reason: String?
  /// Whether all cards have instructions for bfloat16.
  private let multipliesBfloat16: Bool

  private init(devices: [TorchDevice], reason: String?, multipliesBfloat16: Bool) {
    self.devices = devices
    self.reason = reason
    self.multipliesBfloat16 = multipliesBfloat16
  }

  fileprivate init(_ devices: [TorchDevice], program: String) throws(AisError) {
    let numbers = devices.compactMap { device -> Int? in
      if case .gpu(let number) = device { number } else { nil }
    }
    guard !numbers.isEmpty else {
      self.init(devices: devices, reason: nil, multipliesBfloat16: false)
      return
    }
    let cards = EngineSurvey.cards(program: program, asksLibtorch: true)
    for number in numbers {
      if let problem = cards.problem(of: number) { throw problem }
    }
    self.init(devices: devices, reason: nil, multipliesBfloat16: cards.multiplyBfloat16(numbers))
  }

  init(choosingFrom cards: EngineSurvey.Cards) {
    let usable = cards.findings.first { $0.isUsable }
    if let usable, let number = usable.cardNumber {
      self.init(
        devices: [.gpu(number)], reason: "the first card that can be used: \(usable.title)",
        multipliesBfloat16: cards.multiplyBfloat16([number]))
      return
    }
    let reasons = cards.findings.map { finding in
      finding.cardNumber.map { "GPU \($0) cannot be used: \(finding.details)" } ?? finding.details
    }
    self.init(devices: [.processor], reason: "as \(reasons.joined(separator: "; "))", multipliesBfloat16: false)
  }

  package var usesCards: Bool { devices.contains { $0 != .processor } }

  /// As `--device` takes it.
  package var name: String {
    if devices == [.processor] { return "cpu" }
    let words = devices.map { device -> String in
      if case .gpu(let number) = device { "gpu:\(number)" } else { "torch-cpu" }
    }
    return words.joined(separator: ",")
  }

  /// "GPU 0 and GPU 1".
  package var title: String {
    if devices.count > 1, !usesCards { return "the processor, as \(devices.count) devices" }
    return devices.map(\.description).joined(separator: " and ")
  }

  /// bfloat16 where what computes multiplies it by itself, else float32.
  package var quickestPrecision: TrainingSettings.Precision {
    if usesCards { return multipliesBfloat16 ? .bfloat16 : .float32 }
    return .quickest
  }

  /// Threads that prepare batches: a card takes them as quickly as they come, the processor has to compute, too.
  func dataThreads(of threads: Int) -> Int {
    usesCards ? max(1, min(threads - devices.count, 8 * devices.count)) : max(1, threads / 4)
  }
}
