import AisCore
import AisFormats
import AisProject
import AisSegmentation
import AisWorkflows
import Foundation

/// Where the networks of a project's models are now.
struct LiveModels: Sendable {
  let store: ModelStore
  private let trainings: TrainingService

  enum State: Sendable {
    case ready(LiveModel)
    /// There is no network before the training has one.
    case training
    /// The file is gone.
    case missing(String)
  }

  init(_ project: Project, trainings: TrainingService) {
    store = ModelStore(project.folder)
    self.trainings = trainings
  }

  func state(of model: Model) -> State {
    if let training = model.training, let live = trainings.live(training) {
      return .ready(LiveModel(model, path: live.path, content: live.content))
    }
    guard let file = model.file else { return .training }
    let path = store.path(of: file)
    guard FileManager.default.fileExists(atPath: path) else { return .missing(path) }
    return .ready(LiveModel(model, path: path, content: file))
  }

  /// A model that can be computed. Throws `not-found` with the reason.
  func ready(_ id: Int64, in project: Project) throws(AisError) -> LiveModel {
    guard let model = try project.model(id) else { throw AisError(.notFound, "the project has no model \(id)") }
    switch state(of: model) {
    case .ready(let live): return live
    case .training:
      throw AisError(.notFound, "'\(model.title)' has no network yet: its training has not ended its first epoch")
    case .missing(let path):
      throw AisError(
        .notFound, "the network of '\(model.title)' is gone: expected '\(path)'. Put the file back, or add it again")
    }
  }

  /// The active models that have a network, and the rules between them.
  func group(_ project: Project) throws(AisError) -> LiveGroup {
    var models: [LiveModel] = []
    for model in try project.models() where model.isActive {
      if case .ready(let live) = state(of: model) { models.append(live) }
    }
    let word = try project.setting("rules.dimension") ?? ""
    return LiveGroup(
      models, rules: try project.rules(), dimension: word.contains("3") ? .three : .two)
  }
}
