import AisCore
import AisFormats
import AisProject
import HTTPTypes
import Hummingbird

/// Pictures of tomograms. Their addresses carry the key of the file, so that browsers may keep them for ever.
enum SliceRoutes {
  static let all: [APIRoute] = [
    .get(
      "/api/projects/{project}/datasets/{dataset}/versions/{version}/slices/{plane}/{index}/{level}/{row}/{column}",
      tile),
    .get("/api/projects/{project}/datasets/{dataset}/versions/{version}/statistics") { asked in
      let slice = try asked.queryNumber("slice")
      return try await reading(asked) { slices, file in
        let found = try await slices.statistics(of: file, slice: slice)
        return .json(
          .object([
            "minimum": .number(Double(found.minimum)), "maximum": .number(Double(found.maximum)),
            "mean": .number(found.mean), "standardDeviation": .number(found.standardDeviation),
            "low": .number(Double(found.low)), "high": .number(Double(found.high)),
            "histogram": .object([
              "from": .number(Double(found.histogram.from)), "to": .number(Double(found.histogram.to)),
              "counts": .array(found.histogram.counts.map { .number($0) }),
            ]),
          ]))
      }
    },
    .get("/api/projects/{project}/datasets/{dataset}/thumbnail") { asked in
      let size = try asked.queryNumber("size") ?? 72
      return try await reading(asked) { slices, file in
        .octets(try await slices.thumbnail(of: file, size: size), type: "image/png")
      }
    },
    .get("/api/projects/{project}/datasets/{dataset}/checkup") { asked in
      try await reading(asked) { slices, file in
        .json(.object(["findings": .array(try await slices.checkup(of: file).map(json))]))
      }
    },
  ]

  private static func tile(_ asked: AppRequest) async throws -> Response {
    guard let plane = SlicePlane(rawValue: try asked.text("plane")) else {
      throw AisError(.usage, "'\(try asked.text("plane"))' is no plane: expected xy, xz or yz")
    }
    let format = asked.query("format") ?? "f16"
    guard format == "u8" || format == "f16" else {
      throw AisError(.usage, "'format=\(format)': expected u8 or f16")
    }
    let (index, level) = (try asked.number("index"), try asked.number("level"))
    let (row, column) = (try asked.number("row"), try asked.number("column"))
    let slab = try asked.queryNumber("slab") ?? 1
    let encoding: TileEncoding = format == "u8" ? .bytes : .halves
    let mayBeSketch = asked.query("sketch") == "1" && plane == .yz && slab == 1
    return try await reading(asked) { slices, file in
      let tile =
        mayBeSketch
        ? try await slices.sketch(
          of: file, index: index, level: level, row: row, column: column, encoding: encoding)
        : try await slices.tile(
          of: file, plane: plane, index: index, level: level, row: row, column: column, slab: slab, encoding: encoding)
      var headers: HTTPFields = [.aisHeight: String(tile.height), .aisWidth: String(tile.width)]
      if format == "u8" || tile.offset != 0 || tile.step != 1 {
        headers[.aisOffset] = String(tile.offset)
        headers[.aisStep] = String(tile.step)
      }
      if tile.isSketch { headers[.aisSketch] = "1" }
      return .octets(tile.bytes, headers)
    }
  }

  /// Reads from the file of the version in the address, or of the dataset's first that can be read. A browser that gives up
  /// stops the reading; an address with the key of another file is refused, and its picture asked for anew by the page.
  private static func reading(
    _ asked: AppRequest, _ body: @escaping @Sendable (SliceService, SliceFile) async throws -> Response
  ) async throws -> Response {
    let project = try await asked.project()
    let dataset = try asked.number("dataset")
    let version: DatasetVersion
    if asked.context.parameters.get("version") != nil {
      version = try await project.version(try asked.number("version"), of: dataset)
    } else {
      version = try await firstReadable(project, dataset)
    }
    guard let state = project.versions.state(of: version) else {
      throw AisError(.notFound, "the version \(version.id) has no file yet; try again")
    }
    guard state.kind == .ok, let path = state.path else { throw AisError(.notFound, state.reason) }
    let key = asked.query("key")
    guard key == nil || key == state.key else {
      throw Refusal(
        AisError(
          .notFound, "'\(path)' is another file than this address was made for. Ask for the project's state again"))
    }
    if let key, asked.request.headers[.ifNoneMatch] == "\"\(key)\"" {
      return kept(Response(status: .notModified), key)
    }
    let file = SliceFile(path: path, key: String(state.key.prefix { $0 != "." }))
    do {
      let response = try await ClientWatch.whilePresent(asked.context.channel) {
        try await body(project.slices, file)
      }
      // A sketch is in place of the tile that the same address means.
      guard let key, response.headers[.aisSketch] == nil else { return response }
      return kept(response, key)
    } catch let error as AisError where error.code != .cancelled && error.code != .usage {
      await project.lookAgain(at: version)
      throw error
    }
  }

  private static func firstReadable(_ project: OpenProject, _ dataset: Int) async throws(AisError) -> DatasetVersion {
    let versions = try await project.session.run { (store) throws(AisError) in try store.versions(of: Int64(dataset)) }
    guard let first = versions.first(where: { project.versions.state(of: $0)?.kind == .ok }) ?? versions.first else {
      throw AisError(.notFound, "the project has no dataset \(dataset), or it has no file")
    }
    return first
  }

  /// With the key in its address, an answer never changes.
  private static func kept(_ response: Response, _ key: String) -> Response {
    var response = response
    response.headers[.cacheControl] = "private, max-age=31536000, immutable"
    response.headers[.eTag] = "\"\(key)\""
    return response
  }

  private static func json(_ finding: SliceFinding) -> JSONValue {
    var members: [String: JSONValue] = [
      "code": .string(finding.code), "severity": .string(finding.severity), "message": .string(finding.message),
      "remedy": .null,
    ]
    if let remedy = finding.remedy {
      members["remedy"] = .object([
        "kind": .string(remedy.kind.rawValue), "title": .string(remedy.title),
        "voxelSizeAngstrom": .optional(remedy.voxelSizeAngstrom), "command": .optional(remedy.command),
        "advice": .optional(remedy.advice),
      ])
    }
    return .object(members)
  }
}
