import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation

/// Begins a training that the page asks for: the model's row is there at once, the boxes are cut when its turn comes.
struct TrainingStart: Sendable {
  let project: OpenProject
  let author: Author
  let roots: FolderRoots
  /// Where a user's own architectures lie.
  let architectureFolder: String?

  /// What was painted stays to be seen through what the network says of it.
  private static let opacity = 0.34

  func start(_ json: JSONValue) async throws -> Training {
    let store = project.project
    var (order, positives): (TrainingOrder, [Feature]) =
      if let path = json["file"]?.string { (try await self.order(file: path, json), []) } else {
        try await self.order(set: Int64(try json.requiredInteger("set")), json)
      }
    try fill(&order, json)
    let known = try await project.session.run { (store) throws(AisError) in try store.models() }
    let from = json["from"]?.integer.map(Int64.init)
    let row = json["model"]?.integer.map(Int64.init)
    for id in [from, row].compactMap(\.self) where !known.contains(where: { $0.id == id }) {
      throw AisError(.notFound, "the project has no model \(id)")
    }
    if let row, project.trainings.all.contains(where: { $0.now.order.model == row && !$0.now.state.isOver }) {
      throw AisError(.inUse, "the model \(row) is being trained already: stop that first, or wait until it has ended")
    }
    if row == nil, Self.title(json) == nil { order.title = Self.versioned(order.title, known.map(\.title)) }
    if let from {
      guard let model = known.first(where: { $0.id == from }), let file = model.file else {
        throw AisError(.notFound, "the model \(from) has no network yet to go on from")
      }
      order.startModel = project.models.store.path(of: file)
      order.architecture = nil
      order.fromTitle = model.title
      if let problem = TrainingPossibility.problem { throw problem }
    } else {
      let (folder, name) = (architectureFolder, json["architecture"]?.string)
      let (boxSize, depth) = (order.boxSize, order.depth)
      order.architecture = try await onDisk {
        try ArchitectureList.check(name, boxSize: boxSize, depth: depth, folder: folder)
      }
    }
    let (made, name) = try await model(row, title: order.title, json, positives, training: order.id)
    (order.model, order.title) = (made, name)
    do throws(AisError) { return try project.trainings.start(order) } catch {
      // The row was only made for it.
      if row == nil { _ = try? store.apply([.deleteModel(made)], by: author, label: "give up \(name)") }
      throw error
    }
  }

  /// Of the boxes of one of the project's sets, with the features that are to be found.
  private func order(set: Int64, _ json: JSONValue) async throws -> (TrainingOrder, [Feature]) {
    let store = project.project
    let boxes = try await onDisk { try ProjectSet(try store.trainingSet(set), in: store) }
    guard boxes.positives > 0 else { throw AisError(.needsDecision, boxes.problems.first ?? "the set is empty") }
    let positives = boxes.features.filter { boxes.set.roles[$0.id] == .positive }
    let title = Self.title(json) ?? positives.map(\.title).joined(separator: ", ")
    let order = TrainingOrder(
      id: Self.newName(), title: title, model: 0, set: boxes.set, positives: boxes.positives,
      negatives: boxes.negatives, digest: boxes.digest, author: author.name)
    return (order, positives)
  }

  /// Of the boxes of a file that somebody brought.
  private func order(file path: String, _ json: JSONValue) async throws -> TrainingOrder {
    let (roots, author) = (roots, author.name)
    return try await onDisk {
      let file = try TrainingSetFile.open(try roots.resolve(path))
      // What it claims is held against what is in it.
      let told = try TrainingSetDescription(file, fileBytes: 0)
      guard told.boxes > told.negativeBoxes else {
        throw AisError(.needsDecision, "'\(path)' has no box with the feature: nothing can be learnt from it")
      }
      let title =
        Self.title(json) ?? (told.features.isEmpty ? OutputName.stem(of: path) : told.features.joined(separator: ", "))
      return TrainingOrder(id: Self.newName(), title: title, file: file, author: author)
    }
  }

  private static func title(_ json: JSONValue) -> String? {
    json["title"]?.string.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A name that no other model has: A, A v2, A v3.
  private static func versioned(_ title: String, _ taken: [String]) -> String {
    let names = [title] + (2...taken.count + 2).map { "\(title) v\($0)" }
    return names.first { !taken.contains($0) } ?? title
  }

  private static func newName() -> String { String(UUID().uuidString.lowercased().prefix(13)) }

  private func fill(_ order: inout TrainingOrder, _ json: JSONValue) throws(AisError) {
    order.epochs = json["epochs"]?.integer ?? order.epochs
    order.batch = json["batch"]?.integer ?? order.batch
    order.copies = json["copies"]?.integer ?? order.copies
    order.validation = json["validation"]?.number ?? order.validation
    order.negativesPerPositive = json["negativesPerPositive"]?.number
    order.learningRate = json["learningRate"]?.number
    order.patience = json["patience"]?.integer
    if let seed = json["seed"]?.integer { order.seed = UInt64(max(0, seed)) }
    for (name, value, range) in [
      ("epochs", order.epochs, 1...100_000), ("batch", order.batch, 1...4096), ("copies", order.copies, 1...10_000),
      ("patience", order.patience ?? 1, 1...100_000),
    ] where !range.contains(value) {
      throw AisError(.usage, "'\(name)' is \(value): expected \(range.lowerBound) to \(range.upperBound)")
    }
    guard (0...0.9).contains(order.validation) else {
      throw AisError(.usage, "'validation' is \(order.validation): expected 0 to 0.9, the share that is held out")
    }
    if let ratio = order.negativesPerPositive, !(0...1000).contains(ratio) {
      throw AisError(
        .usage, "'negativesPerPositive' is \(ratio): expected 0 to 1000 boxes without the feature for each one with it")
    }
    if let rate = order.learningRate, !(rate > 0 && rate <= 1) {
      throw AisError(.usage, "'learningRate' is \(rate): expected a number above 0, at most 1, such as 0.001")
    }
  }

  /// The row that the network comes into, and its title.
  private func model(
    _ row: Int64?, title: String, _ json: JSONValue, _ positives: [Feature], training: String
  ) async throws -> (Int64, String) {
    var fields = ModelFields()
    fields.training = training
    if row == nil {
      fields.title = title
      fields.opacity = Self.opacity
      fields.feature = .some(json["feature"]?.integer.map(Int64.init) ?? positives.first?.id)
      fields.colour = positives.first?.colour
      if let colour = json["colour"], let red = colour["red"]?.number, let green = colour["green"]?.number,
        let blue = colour["blue"]?.number
      {
        fields.colour = .init(red: red, green: green, blue: blue)
      }
    }
    let (author, ready) = (author, fields)
    do throws(AisError) {
      return try await project.session.run { (store) throws(AisError) in
        var id = row ?? 0
        _ = try store.edit("train-model", by: author, label: "train \(title)") { transaction in
          if let row {
            try transaction.perform(.changeModel(row, ready))
          } else {
            id = try transaction.perform(.createModel(ready)) ?? 0
          }
        }
        return (id, try store.model(id)?.title ?? title)
      }
    } catch {
      throw Refusal.ofEdit(error)
    }
  }
}
