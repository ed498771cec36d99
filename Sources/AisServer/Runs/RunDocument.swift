import AisCore
import AisFormats
import AisJobs
import AisWorkflows
import Foundation

/// Runs as the JSON that pages read.
enum RunDocument {
  /// Everything but the single tomograms; those that are being worked on are named.
  static func summary(_ view: RunView) -> [String: JSONValue] {
    let recipe = view.recipe
    let running = view.rows.filter { $0.state == .running }
    return [
      "id": .number(view.number), "title": .string(recipe.title), "state": .string(view.state.rawValue),
      "reason": .string(view.reason), "by": .string(recipe.by), "started": .number(recipe.time),
      "ended": .optional(view.ended), "output": .string(recipe.output), "place": place(recipe.place),
      "slurm": .optional(view.slurm), "fraction": .number((view.fraction * 1000).rounded() / 1000),
      "secondsLeft": .optional(view.secondsLeft.map { $0.rounded() }),
      "seconds": .number(view.state.isLive ? view.secondsOfWork.rounded() : view.secondsOfWork),
      "forecastSeconds": .number(view.rows.reduce(0) { $0 + ($1.forecastSeconds ?? 0) }),
      "counts": .object([
        "all": .number(view.rows.count), "done": .number(view.count(.done)), "failed": .number(view.count(.failed)),
        "running": .number(running.count), "waiting": .number(view.count(.waiting)),
      ]),
      "rules": .number(recipe.rules.count),
      "competes": .bool(recipe.models.contains(where: \.emits) && recipe.models.contains(where: \.absorbs)),
      "models": .array(
        recipe.models.map { model in
          .object([
            "id": .number(model.id), "title": .string(model.title), "threshold": .number(model.threshold),
            "augmentations": .number(model.augmentations),
            "colour": .object([
              "red": .number(model.colour.red), "green": .number(model.colour.green),
              "blue": .number(model.colour.blue),
            ]),
          ])
        }),
      "running": .array(
        running.map { row in
          .object([
            "dataset": .number(row.tomogram.dataset), "name": .string(row.tomogram.name),
            "fraction": .optional(row.fraction.map { ($0 * 1000).rounded() / 1000 }),
            "host": .optional(row.host),
          ])
        }),
    ]
  }

  /// The same with every tomogram.
  static func whole(_ view: RunView) -> JSONValue {
    var members = summary(view)
    members["tomograms"] = .array(view.rows.map { row(of: $0, view.recipe) })
    return .object(members)
  }

  private static func row(of row: RunView.Row, _ recipe: RunRecipe) -> JSONValue {
    let tomogram = row.tomogram
    let wanted = recipe.outputs(of: tomogram)
    let outputs = zip(recipe.models, wanted).compactMap { model, path -> JSONValue? in
      guard let output = row.outputs.first(where: { $0.path == path }) else { return nil }
      return .object([
        "model": .number(model.id), "title": .string(model.title), "path": .string(path),
        "bytes": .number(output.bytes), "sha256": .string(output.sha256),
      ])
    }
    return .object([
      "dataset": .number(tomogram.dataset), "version": .number(tomogram.version), "name": .string(tomogram.name),
      "path": .string(tomogram.path), "slices": part(tomogram.slices), "rows": part(tomogram.rows),
      "columns": part(tomogram.columns), "task": .optional(row.task), "state": .string(row.state.rawValue),
      "fraction": .optional(row.fraction), "seconds": .optional(row.seconds),
      "forecastSeconds": .optional(row.forecastSeconds), "host": .optional(row.host), "code": .optional(row.code),
      "reason": .optional(row.reason), "wasThere": .bool(row.wasThere), "attempts": .number(row.attempts),
      "warnings": .array(row.warnings.map { .string($0) }), "outputs": .array(outputs),
    ])
  }

  private static func part(_ part: RunRecipe.Part?) -> JSONValue {
    part.map { .object(["first": .number($0.first), "end": .number($0.end)]) } ?? .null
  }

  private static func place(_ place: RunRecipe.Place) -> JSONValue {
    .object([
      "kind": .string(place.kind.rawValue), "device": .string(place.device),
      "cards": .array(place.cards.map { .number($0) }), "workers": .number(place.workers),
      "threads": .optional(place.threads), "memoryBytes": .optional(place.memoryBytes),
      "partition": .optional(place.slurm?.partition),
    ])
  }

  static func forecast(_ forecast: RunForecast, _ recipe: RunRecipe) -> JSONValue {
    .object([
      "output": .string(recipe.output), "tasks": .number(forecast.rows.count { $0.problem == nil }),
      "finished": .number(forecast.rows.count(where: \.isFinished)), "seconds": .optional(forecast.seconds),
      "memoryBytes": .number(forecast.memoryBytes), "diskBytes": .number(forecast.diskBytes),
      "freeBytes": .optional(forecast.freeBytes),
      "problem": forecast.problem.map { error in
        .object(["code": .string(error.code.rawValue), "message": .string(error.description)])
      } ?? .null,
      "tomograms": .array(
        zip(forecast.rows, recipe.tomograms).map { row, tomogram in
          .object([
            "dataset": .number(row.dataset), "path": .string(row.path), "seconds": .optional(row.seconds),
            "isFinished": .bool(row.isFinished), "problem": problem(row, tomogram),
          ])
        }),
    ])
  }

  /// What stands against a tomogram, with what the page can do about it.
  private static func problem(_ row: RunForecast.Row, _ tomogram: RunRecipe.Tomogram) -> JSONValue {
    guard let error = row.problem else { return .null }
    var remedy: JSONValue = .null
    switch error.code {
    case .needsDecision where tomogram.voxelSizeAngstrom == nil:
      remedy = .object(["kind": .string("voxel-size"), "dataset": .number(row.dataset)])
    case .needsDecision: remedy = .object(["kind": .string("replace")])
    case .notFound: remedy = .object(["kind": .string("find"), "dataset": .number(row.dataset)])
    default: break
    }
    return .object([
      "code": .string(error.code.rawValue), "message": .string(error.description), "remedy": remedy,
    ])
  }
}
