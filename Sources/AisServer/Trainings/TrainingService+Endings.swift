import AisCore
import AisFormats
import AisNetworks
import AisProject
import AisWorkflows
import Foundation

/// How trainings end, and what they leave.
extension TrainingService {
  /// Puts the network that was learnt into the project.
  func bringHome(_ training: Training) throws(AisError) {
    let order = training.now.order
    let file = try ModelFile.read(training.folder.modelPath)
    var fields = ModelFields()
    fields.file = try ModelStore(project.folder).keep(
      try RandomAccessFile(training.folder.modelPath).contents(limit: 4 << 30))
    fields.network = ModelStore.facts(file).text
    fields.training = order.id
    fields.source =
      JSONValue.object([
        "kind": .string("training"), "training": .string(order.id), "name": .string(order.title), "path": .null,
        "time": .number((Date().timeIntervalSince1970 * 1000).rounded()), "by": .string(order.author),
      ]).text
    let known = try project.model(order.model)
    // The same end may be brought home twice, when a server died in between.
    if known?.file == fields.file { return }
    // A model that was deleted meanwhile stays so; the network is in the training's folder.
    guard known != nil else { return }
    _ = try project.apply(
      [.changeModel(order.model, fields)], by: Author(order.author, client: "training"), label: "train \(order.title)")
  }

  /// A stop before anything was learnt.
  func endBeforeWork(_ training: Training) {
    if !training.now.keeps, (try? giveUp(training)) != nil { return }
    let isNew = training.now.log.history.isEmpty
    finish(
      training, .stopped,
      isNew ? "it was stopped before it began to learn" : "it was stopped; it can go on from its last epoch")
  }

  /// What was learnt is not wanted: the model's row goes, if it has no network from before.
  func giveUp(_ training: Training) throws(AisError) {
    let order = training.now.order
    if let model = try project.model(order.model), model.file == nil {
      _ = try project.apply(
        [.deleteModel(order.model)], by: Author(order.author, client: "training"), label: "give up \(order.title)")
    }
    let isKept = (try? project.model(order.model))?.file != nil
    finish(
      training, .stopped,
      isKept ? "given up; the network of before is kept" : "given up; it had no network yet, so its row is gone")
  }

  func finish(_ training: Training, _ state: TrainingEnd.State, _ reason: String) {
    let end = TrainingEnd(state, reason)
    try? training.folder.write(end)
    let hadNetwork = training.change { status in
      status.state = Training.State(rawValue: state.rawValue) ?? .failed
      status.reason = reason
      status.ended = end.ended
      defer { status.live = nil }
      return status.live != nil
    }
    post(training)
    if hadNetwork { postModel(training) }
  }
}
