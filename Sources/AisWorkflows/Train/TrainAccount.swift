import AisCore
import AisFormats
import AisTraining
import Foundation

/// What the account beside a trained model says of its training.
package enum TrainAccount {
  package static let schema = "ais.model/1"

  /// What the account holds of the settings.
  struct Settings: Encodable, Sendable {
    let title: String
    let architecture: String
    let training: TrainingSettings
    let batch, copies, depth: Int
    let validation: Double
    let negatives: Double?
    let augmentation: String
    let filamentDiameter: Double?
    let engine: String

    init(_ plan: TrainPlan) {
      engine =
        if case .program(let python) = plan.engine { "the program's own, run with \(python)" } else { "libtorch" }
      title = plan.title
      architecture = plan.architectureName
      training = plan.settings
      batch = plan.sampler.batchSize
      copies = plan.request.sampler.copies
      depth = plan.sampler.depth
      validation = plan.request.sampler.validationFraction
      negatives = plan.request.sampler.negativesPerPositive
      augmentation = "\(plan.request.sampler.augmentation)"
      filamentDiameter = plan.request.filamentDiameter
    }
  }

  /// What a training came to.
  package struct Results: Codable, Sendable {
    package let ending: TrainingOutcome.Ending
    package let parameters: Int
    package let epochs: [EpochRecord]
    /// What computed at last, as `--device` names it.
    package let device: String?
  }

  /// What the account beside a model says; `nil` when there is none, or not of this kind.
  package static func results(beside model: String) -> Results? {
    struct Account: Decodable {
      let schema: String
      let results: Results
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let bytes = try? RandomAccessFile(WorkRecord.path(of: model)).contents(limit: 16 << 20),
      let account = try? decoder.decode(Account.self, from: Data(bytes)), account.schema == schema
    else { return nil }
    return account.results
  }
}
