import AisCore
import AisFormats
import AisNetworks
import AisTraining
import Logging
import Synchronization

/// The half-trained network of a running training, as a model file that is replaced whole: a reader of any process finds the one or
/// the next. What goes wrong is said once and keeps no training from going on.
final class LiveFile: Sendable {
  private let plan: TrainPlan
  private let path: String
  private let logger: Logger
  private let state = Mutex<(history: [EpochRecord], hasWarned: Bool)>(([], false))

  init(_ plan: TrainPlan, path: String, logger: Logger) {
    self.plan = plan
    self.path = path
    self.logger = logger
    let history = plan.checkpoint?.history ?? []
    state.withLock { $0.history = history }
  }

  /// From now on the file tells of these epochs.
  func finished(_ history: [EpochRecord]) { state.withLock { $0.history = history } }

  func write(_ graph: NetworkGraph) {
    // A user's own program has saved nothing before its first epoch ended.
    if let model = graph.customModel, model.saved.isEmpty { return }
    let history = state.withLock(\.history)
    var metadata = plan.metadata(of: graph, history)
    metadata.epochs = history.count
    metadata.loss = history.last?.judgedLoss ?? 0
    do throws(AisError) {
      let bytes = try ModelFile.bytes(
        of: graph, metadata, stem: OutputName.stem(of: path), batchMomentum: Float(plan.settings.batchMomentum),
        extras: .init(history: history.csv()))
      try AtomicFile.write(bytes, to: path)
    } catch {
      let isFirst = state.withLock { state in
        defer { state.hasWarned = true }
        return !state.hasWarned
      }
      if isFirst { logger.warning("the half-trained network cannot be written: \(error.message)") }
    }
  }
}
