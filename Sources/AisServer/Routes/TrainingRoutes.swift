import AisCore
import AisFormats
import AisProject
import AisWorkflows
import Foundation
import HTTPTypes
import Hummingbird

/// Training sets as they are now, and trainings.
enum TrainingRoutes {
  static let all: [APIRoute] = [
    .get("/api/projects/{project}/training-sets/{set}/counts") { asked in
      let project = try await asked.project()
      let boxes = try await boxes(asked, project)
      project.trainings.note(digest: boxes.digest, of: boxes.set.id)
      let empty = try await onDisk { try boxes.emptyPositives() }
      return .json(counts(boxes, empty: empty))
    },
    .get("/api/projects/{project}/training-sets/{set}/samples") { asked in
      let project = try await asked.project()
      let boxes = try await boxes(asked, project)
      let count = min(max(try asked.queryNumber("count") ?? 12, 1), 100)
      let seed = UInt64(max(0, try asked.queryNumber("seed") ?? 1))
      let (folder, threads) = (project.project.folder.cachePath, asked.app.settings.threads)
      let samples = try await ClientWatch.whilePresent(asked.context.channel) {
        try await stoppable { cancellation in
          try boxes.samples(count, seed: seed, folder: folder, threads: threads, cancellation: cancellation)
        }
      }
      return .json(
        .object([
          "samples": .array(
            samples.map { sample in
              .object([
                "isPositive": .bool(sample.isPositive), "size": .number(sample.size),
                "image": .string(Data(sample.image).base64EncodedString()),
                "label": .string(Data(sample.label).base64EncodedString()),
              ])
            })
        ]))
    },
    .post("/api/projects/{project}/training-sets/{set}/export") { asked in
      let project = try await asked.project()
      let boxes = try await boxes(asked, project)
      let threads = asked.app.settings.threads
      let folder = project.project.folder.path + "/exports"
      let job = try project.jobs.start("training-set", title: "Export \(boxes.set.title)") { job in
        let made = try await onDisk {
          try boxes.extract(into: folder, threads: threads, cancellation: job.cancellation) { job.report($0) }
        }
        return Job.Result(message: "\(made.results.boxes) boxes", files: [made.path])
      }
      return .json(job.json)
    },
    .get("/api/projects/{project}/training-sets/{set}/forecast") { asked in
      let project = try await asked.project()
      let (store, forecast) = (project.project, project.trainings.forecast)
      let id = Int64(try asked.number("set"))
      let (name, dataset) = (asked.query("architecture"), try asked.queryNumber("dataset"))
      let folder = asked.app.settings.architectureFolder
      let times = try await onDisk {
        let set = try store.trainingSet(id)
        let shown = try dataset.flatMap { try store.dataset(Int64($0)) }
        return try forecast.times(name, for: set, slice: sliceSize(shown, set), folder: folder)
      }
      return .json(
        .object(["secondsPerBox": .optional(times?.box), "secondsPerSlice": .optional(times?.slice)]))
    },
    .get("/api/projects/{project}/trainings") { asked in
      .json(.object(["trainings": .array(try await asked.project().trainings.all.map { $0.json(history: false) })]))
    },
    .post("/api/projects/{project}/trainings") { asked in
      let project = try await asked.project()
      let json = try await asked.json()
      return .json(
        try await TrainingStart(
          project: project, author: asked.author, roots: asked.app.roots,
          architectureFolder: asked.app.settings.architectureFolder
        ).start(json).json(history: false))
    },
    .get("/api/projects/{project}/trainings/{training}") { asked in
      .json(try await asked.project().trainings.training(try asked.text("training")).json(history: true))
    },
    .post("/api/projects/{project}/trainings/{training}/stop") { asked in
      let trainings = try await asked.project().trainings
      let training = try trainings.training(try asked.text("training"))
      try trainings.stop(training, keeps: try await asked.json()["keep"]?.bool ?? true)
      return .json(training.json(history: false))
    },
    .post("/api/projects/{project}/trainings/{training}/resume") { asked in
      let trainings = try await asked.project().trainings
      let training = try trainings.training(try asked.text("training"))
      try trainings.resume(training, epochs: try await asked.json()["epochs"]?.integer)
      return .json(training.json(history: false))
    },
    .delete("/api/projects/{project}/trainings/{training}") { asked in
      let trainings = try await asked.project().trainings
      try trainings.remove(try trainings.training(try asked.text("training")))
      return .json(.object([:]))
    },
  ]

  /// Rows and columns of a dataset's slices at the pixel size of a set; of common ones without a dataset.
  private static func sliceSize(_ dataset: Dataset?, _ set: TrainingSet) -> (y: Int, x: Int) {
    guard let dataset else { return (1024, 1024) }
    let scale = dataset.voxelSize.map { $0.x.angstrom / set.pixelSize.angstrom } ?? 1
    func side(_ pixels: Int) -> Int { min(16384, max(1, Int((Double(pixels) * scale).rounded()))) }
    return (side(dataset.shape.y), side(dataset.shape.x))
  }

  /// The boxes that the set of the address stands for now.
  private static func boxes(_ asked: AppRequest, _ project: OpenProject) async throws -> ProjectSet {
    let id = Int64(try asked.number("set"))
    let store = project.project
    return try await onDisk { try ProjectSet(try store.trainingSet(id), in: store) }
  }

  private static func counts(_ boxes: ProjectSet, empty: Int) -> JSONValue {
    .object([
      "positives": .number(boxes.positives), "emptyPositives": .number(empty), "negatives": .number(boxes.negatives),
      "digest": .string(boxes.digest),
      "features": .array(
        boxes.features.map { feature in
          .object([
            "feature": .number(feature.id), "role": .string(boxes.set.roles[feature.id]?.rawValue ?? "unused"),
            "boxes": .number(boxes.boxCount(feature)),
          ])
        }),
      "datasets": .array(
        boxes.sources.map { source in
          .object([
            "dataset": .number(source.dataset.id), "positives": .number(source.positives),
            "negatives": .number(source.negatives), "reason": .optional(source.reason),
          ])
        }), "boxSize": .number(boxes.set.boxSize), "depth": .number(boxes.set.depth),
      "problems": .array(boxes.problems.map { .string($0) }),
    ])
  }

  /// Runs what blocks until it ends or the task is cancelled.
  private static func stoppable<Value: Sendable>(
    _ body: @escaping @Sendable (Cancellation) throws -> Value
  ) async throws -> Value {
    let cancellation = Cancellation()
    return try await withTaskCancellationHandler {
      try await onDisk { try body(cancellation) }
    } onCancel: {
      cancellation.cancel()
    }
  }
}
