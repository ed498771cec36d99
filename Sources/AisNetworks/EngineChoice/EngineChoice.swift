import AisCore
import AisFormats

/// What networks are computed on, and why.
package struct EngineChoice: Sendable, Equatable {
  /// What was found out about a device.
  package enum Trial: Sendable, Equatable {
    /// Wall time until the first result, and of a million voxels after it.
    case measured(startSeconds: Double, secondsPerMegavoxel: Double)
    case failed(String)
  }

  package struct Candidate: Sendable, Equatable {
    /// As `--device` names it.
    package var device: String
    package var trial: Trial

    package init(device: String, trial: Trial) {
      self.device = device
      self.trial = trial
    }
  }

  package enum Reason: Sendable, Equatable {
    case onlyOne
    /// The work is done before others would have been tried.
    case shortWork(seconds: Double)
    case quickest
  }

  package var device: String
  package var reason: Reason
  /// Those that were tried, in their order.
  package var candidates: [Candidate]

  package init(device: String, reason: Reason, candidates: [Candidate] = []) {
    self.device = device
    self.reason = reason
    self.candidates = candidates
  }

  /// Of those that answered, the one that is done first with so many megavoxels; without a number the quickest of long work.
  package static func quickest(_ candidates: [Candidate], megavoxels: Double?) -> EngineChoice? {
    var best: (device: String, seconds: Double)?
    for candidate in candidates {
      guard case .measured(let start, let rate) = candidate.trial else { continue }
      let seconds = megavoxels.map { start + rate * $0 } ?? rate
      if seconds < best?.seconds ?? .infinity { best = (candidate.device, seconds) }
    }
    return best.map { EngineChoice(device: $0.device, reason: .quickest, candidates: candidates) }
  }

  /// For people: "gpu:0, the quickest: 0.031 s a megavoxel; cpu 0.874 s".
  package var sentence: String {
    switch reason {
    case .onlyOne: return "\(device): nothing else can be used here"
    case .shortWork(let seconds):
      return "\(device): done in about \(DecimalText.fixed(seconds, 0)) s, before others were tried"
    case .quickest:
      let others = candidates.filter { $0.device != device }.map { "\($0.device) \(Self.text($0.trial))" }
      let own = candidates.first { $0.device == device }.map { Self.text($0.trial) } ?? ""
      return (["\(device), the quickest: \(own) a megavoxel"] + others).joined(separator: "; ")
    }
  }

  private static func text(_ trial: Trial) -> String {
    switch trial {
    case .measured(_, let rate): "\(DecimalText.fixed(rate, 3)) s"
    case .failed(let reason): "cannot: \(reason)"
    }
  }
}
