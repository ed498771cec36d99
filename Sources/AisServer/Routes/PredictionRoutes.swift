import AisCore
import AisFormats
import AisProject
import AisSegmentation
import AisWorkflows
import Foundation
import HTTPTypes
import Hummingbird

/// What networks say of the slices that are looked at.
enum PredictionRoutes {
  private static let versionPath = "/api/projects/{project}/datasets/{dataset}/versions/{version}/predictions"

  static let all: [APIRoute] = [
    .get(versionPath) { asked in
      let (project, subject, _) = try await place(asked)
      let models = project.models
      let group = try await project.session.run { (store) throws(AisError) in try models.group(store) }
      var forecasts: [JSONValue] = []
      for model in group.models { forecasts.append(await forecast(model, of: subject, project)) }
      return .json(
        .object([
          "models": .array(forecasts),
          "cached": .array(project.predictions.keptSlices(group.models, of: subject).map { .number($0) }),
        ]))
    },
    .get(versionPath + "/{layer}/{model}/{slice}") { asked in
      let word = try asked.text("layer")
      guard let layer = PredictionService.Layer(rawValue: word) else {
        throw AisError(.usage, "'\(word)' is no layer of predictions: expected raw, competed or final")
      }
      let (project, subject, dataset) = try await place(asked)
      let (id, slice) = (Int64(try asked.number("model")), try asked.number("slice"))
      let region = try region(asked)
      do {
        return try await answer(layer, id, slice, region, of: subject, project, asked)
      } catch let error as AisError where error.code == .needsDecision {
        throw Refusal(
          error, remedy: .object(["kind": .string("voxel-size"), "dataset": .number(dataset)]))
      }
    },
  ]

  private static func answer(
    _ layer: PredictionService.Layer, _ id: Int64, _ slice: Int, _ region: SliceInference.Region?,
    of subject: PredictionService.Subject, _ project: OpenProject, _ asked: AppRequest
  ) async throws -> Response {
    let models = project.models
    let (model, group) = try await project.session.run { (store) throws(AisError) -> (LiveModel, LiveGroup?) in
      let model = try models.ready(id, in: store)
      switch layer {
      case .raw: return (model, nil)
      case .competed: return (model, try models.group(store).competing)
      case .final: return (model, try models.group(store))
      }
    }
    let version = group?.version ?? model.version
    let part = region.map { "\($0.rows.lowerBound),\($0.columns.lowerBound),\($0.rows.count),\($0.columns.count)" }
    let tag =
      "\"\(subject.segmented.key).\(version).\(layer.rawValue).\(id).\(slice).\(part ?? "whole").\(subject.voxelText)\""
    var headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache", .aisVersion: version]
    if asked.request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
    let answer = try await ClientWatch.whilePresent(asked.context.channel) {
      if let group { return try await project.predictions.combined(group, id, slice, of: subject) }
      return try await project.predictions.raw(model, slice, region: region, of: subject)
    }
    headers[.aisHeight] = String(answer.region.rows.count)
    headers[.aisWidth] = String(answer.region.columns.count)
    headers[.aisY] = String(answer.region.rows.lowerBound)
    headers[.aisX] = String(answer.region.columns.lowerBound)
    headers[.aisSeconds] = String((answer.seconds * 1000).rounded() / 1000)
    return .octets(answer.bytes, headers)
  }

  private static func forecast(
    _ model: LiveModel, of subject: PredictionService.Subject, _ project: OpenProject
  ) async -> JSONValue {
    do throws(AisError) {
      let found = try await project.predictions.forecast(model, of: subject)
      return .object([
        "model": .number(model.id), "seconds": .number(found.forecast.seconds),
        "measuredSeconds": .optional(found.measuredSeconds), "memoryBytes": .number(found.forecast.memoryBytes),
        "workingSize": .object(["y": .number(found.forecast.workingY), "x": .number(found.forecast.workingX)]),
        "rescales": .bool(found.forecast.rescales), "isSplit": .bool(found.forecast.isSplit), "error": .null,
      ])
    } catch {
      return .object([
        "model": .number(model.id), "seconds": .null, "measuredSeconds": .null, "memoryBytes": .null,
        "workingSize": .null, "rescales": .bool(false), "isSplit": .bool(false),
        "error": .object(["code": .string(error.code.rawValue), "message": .string(error.description)]),
      ])
    }
  }

  /// `region=y,x,height,width`.
  private static func region(_ asked: AppRequest) throws(AisError) -> SliceInference.Region? {
    guard let text = asked.query("region")?.removingPercentEncoding else { return nil }
    let numbers = text.split(separator: ",").compactMap { Int($0) }
    guard numbers.count == 4, numbers.allSatisfy({ (0...1 << 20).contains($0) }), numbers[2] > 0, numbers[3] > 0 else {
      throw AisError(.usage, "'region=\(text)': expected y,x,height,width in pixels of the slice")
    }
    return .init(rows: numbers[0]..<numbers[0] + numbers[2], columns: numbers[1]..<numbers[1] + numbers[3])
  }

  /// The project and the tomogram of the address.
  private static func place(
    _ asked: AppRequest
  ) async throws -> (project: OpenProject, subject: PredictionService.Subject, dataset: Int64) {
    let project = try await asked.project()
    let dataset = try await project.dataset(try asked.number("dataset"))
    let version = try await project.version(try asked.number("version"), of: Int(dataset.id))
    guard let state = project.versions.state(of: version) else {
      throw AisError(.notFound, "the version \(version.id) has no file yet; try again")
    }
    guard state.kind == .ok, let path = state.path else { throw AisError(.notFound, state.reason) }
    if let key = asked.query("key"), key != state.key {
      throw AisError(
        .notFound, "'\(path)' is another file than this address was made for. Ask for the project's state again")
    }
    let factor = Double(version.scale.up) / Double(version.scale.down)
    let size = dataset.voxelSize.map { frame in
      version.scale == .same
        ? frame
        : VoxelSize(
          z: .angstroms(frame.z.angstrom * factor), y: .angstroms(frame.y.angstrom * factor),
          x: .angstroms(frame.x.angstrom * factor))
    }
    let subject = PredictionService.Subject(
      file: SliceFile(path: path, key: String(state.key.prefix { $0 != "." })),
      segmented: .init(key: state.key, shape: version.reference.shape, voxelSize: size))
    return (project, subject, dataset.id)
  }
}

extension PredictionService.Subject {
  /// For addresses and marks of answers.
  var voxelText: String { segmented.voxelSize.map { "\($0.z.angstrom)-\($0.y.angstrom)-\($0.x.angstrom)" } ?? "none" }
}
