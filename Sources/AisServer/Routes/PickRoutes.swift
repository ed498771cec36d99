import AisCore
import AisFormats
import AisImaging
import AisPicking
import AisProject
import AisWorkflows
import Foundation
import HTTPTypes
import Hummingbird

/// From segmentations to coordinates: what there is, what would be picked, and picking.
enum PickRoutes {
  static let all: [APIRoute] = [
    .get("/api/projects/{project}/segmentations") { asked in
      let project = try await asked.project()
      let listing = try await listing(project)
      var folders = try await usualFolders(project, asked)
      if let folder = asked.query("folder")?.removingPercentEncoding {
        folders = [try await allowed(folder, project, asked)]
      }
      let wanted = folders
      let items = await onDisk { listing.items(in: wanted) }
      return .json(
        .object([
          "segmentations": .array(items.map(\.json)), "folders": .array(wanted.map { .string($0) }),
        ]))
    },
    .post("/api/projects/{project}/picks/preview") { asked in
      let (project, path, request, _) = try await subject(asked)
      let answer = try await ClientWatch.whilePresent(asked.context.channel) {
        try await project.picks.finding(path, request)
      }
      return .json(answer.json)
    },
    .post("/api/projects/{project}/picks/analysis") { asked in
      let (project, path, request, _) = try await subject(asked)
      let analysis = try await ClientWatch.whilePresent(asked.context.channel) {
        try await project.picks.analysis(path, request)
      }
      return .json(analysis.json)
    },
    .post("/api/projects/{project}/picks/planes") { asked in
      let (project, path, request, json) = try await subject(asked)
      let word = try json.required("plane")
      guard let plane = ComponentRuns.Plane(rawValue: word) else {
        throw AisError(.usage, "'\(word)' is no plane: expected xy, xz or yz")
      }
      let index = json["index"]?.integer
      let analysis = try await ClientWatch.whilePresent(asked.context.channel) {
        try await project.picks.analysis(path, request)
      }
      let picture = try await onDisk { try analysis.picture(plane, at: index) }
      return .octets(picture.bytes, [.aisHeight: String(picture.height), .aisWidth: String(picture.width)])
    },
    .post("/api/projects/{project}/picks/crops") { asked in
      let (project, path, request, json) = try await subject(asked)
      let points = try points(json)
      let side = json["side"]?.integer ?? 48
      guard PickCrops.sides.contains(side) else {
        throw AisError(.usage, "'side' is \(side): expected 8 to 256 voxels")
      }
      let reading = try await project.picks.analysis(path, request).reading
      let known = try await tomograms(project)
      let bytes = try await onDisk { () throws -> [UInt8] in
        let tomogram = try TomogramSearch.tomogram(of: reading, folder: nil, known: known)
        let crops = PickCrops(
          ground: tomogram ?? reading.values, segmentation: reading.values, certainty: reading.certainty)
        return try crops.bytes(around: points, side: side, cancellation: Cancellation())
      }
      return .octets(bytes, [.aisHeight: String(side), .aisWidth: String(side)])
    },
    .post("/api/projects/{project}/picks") { asked in
      let project = try await asked.project()
      let json = try await asked.json()
      var paths: [String] = []
      for path in try json.requiredTexts("paths") { paths.append(try await allowed(path, project, asked)) }
      var table: String?
      if let path = json["tomogramsStar"]?.string, !path.isEmpty { table = try await allowed(path, project, asked) }
      var folder: String?
      if let path = json["folder"]?.string, !path.isEmpty {
        let parent = try await allowed((path as NSString).deletingLastPathComponent, project, asked)
        folder = parent + "/" + (path as NSString).lastPathComponent
      }
      let jobs = PickJobs(
        project: project, logger: asked.app.logger, threads: asked.app.settings.threads,
        memoryBytes: asked.app.settings.memoryBytes)
      return .json(
        try await jobs.start(
          json, paths: paths, table: table, folder: folder, tomograms: try await tomograms(project)
        ).json)
    },
  ]

  /// What is asked of which segmentation.
  private static func subject(
    _ asked: AppRequest
  ) async throws -> (project: OpenProject, path: String, request: PickRequest, json: JSONValue) {
    let project = try await asked.project()
    let json = try await asked.json()
    let path = try await allowed(try json.required("path"), project, asked)
    return (project, path, try project.picks.request(path, json), json)
  }

  /// A path without links that may be read: in the given folders, or in the project's own.
  private static func allowed(_ path: String, _ project: OpenProject, _ asked: AppRequest) async throws -> String {
    let roots = asked.app.roots
    let own = project.project.folder.path + "/"
    return try await onDisk { () throws -> String in
      if let real = FolderRoots.realPath(path), real.hasPrefix(own) { return real }
      return try roots.resolve(path)
    }
  }

  /// `points`: a list of z, y, x in voxels of the segmentation's file.
  private static func points(_ json: JSONValue) throws(AisError) -> [VoxelPoint] {
    let rows = json["points"]?.array ?? []
    guard !rows.isEmpty, rows.count <= PickCrops.most else {
      throw AisError(.usage, "'points' has \(rows.count) points: expected 1 to \(PickCrops.most)")
    }
    return try rows.map { row throws(AisError) -> VoxelPoint in
      let numbers = row.array?.compactMap(\.number) ?? []
      guard numbers.count == 3, numbers.allSatisfy({ abs($0) < 1e6 }) else {
        throw AisError(.usage, "'points' holds '\(row.text)': expected z, y and x")
      }
      return VoxelPoint(z: numbers[0], y: numbers[1], x: numbers[2])
    }
  }

  private static func listing(_ project: OpenProject) async throws -> SegmentationListing {
    let datasets = try await project.session.run { (store) throws(AisError) in try store.datasets() }
    return SegmentationListing(datasets: datasets.map { ($0.id, $0.name) })
  }

  /// Files of tomograms that are there, by name: the first version of each dataset.
  private static func tomograms(_ project: OpenProject) async throws -> [String: String] {
    let (datasets, versions) = try await project.session.run { (store) throws(AisError) in
      (try store.datasets(), try store.versions())
    }
    var paths: [String: String] = [:]
    for dataset in datasets {
      let path = versions.lazy.filter { $0.dataset == dataset.id }
        .compactMap { project.versions.state(of: $0) }.first { $0.kind == .ok }?.path
      if let path { paths[dataset.name] = paths[dataset.name] ?? path }
    }
    return paths
  }

  /// Where segmentations lie that nobody points at: beside the tomograms and beside the project, and in folders 'segmentations' there,
  /// which runs write to.
  private static func usualFolders(_ project: OpenProject, _ asked: AppRequest) async throws -> [String] {
    let roots = asked.app.roots
    let own = project.project.folder.path
    let paths = try await tomograms(project).values
    var bases = Set(paths.map { ($0 as NSString).deletingLastPathComponent })
    bases.insert((own as NSString).deletingLastPathComponent)
    let wanted = bases.sorted()
    return await onDisk {
      wanted.flatMap { base -> [String] in
        let runs = base + "/segmentations"
        let each = ((try? FolderListing.names(in: runs)) ?? []).sorted {
          $0.compare($1, options: .numeric) == .orderedDescending
        }
        return [base, runs] + each.filter { !$0.hasPrefix(".") }.map { runs + "/" + $0 }
      }
      .compactMap { FolderRoots.realPath($0) }.filter { roots.contains($0) }
    }
  }
}

extension PickService.Answer {
  /// Points in voxels of the file, the heaviest first.
  fileprivate var json: JSONValue {
    let (tally, reading) = (finding.tally, finding.reading)
    return .object([
      "count": .number(finding.list.particles.count), "noun": .string(finding.noun), "dust": .optional(dust),
      "points": .array(
        finding.list.particles.map { .array([.number($0.point.z), .number($0.point.y), .number($0.point.x)]) }),
      "sizes": .array(finding.sizes.map { .number(($0 * 1000).rounded() / 1000) }),
      "sizeUnit": .string(finding.sizeUnit),
      "level": .number(reading.level), "levelReason": .string(reading.reason),
      "tally": .object([
        "components": .number(tally.components), "groups": .number(tally.groups), "small": .number(tally.small),
        "crowded": .number(tally.crowded), "inMargin": .number(tally.inMargin), "outside": .number(tally.outside),
        "beyondLimit": .number(tally.beyondLimit),
      ]),
      "lines": .array(finding.lines.map { .string($0) }), "warnings": .array(finding.warnings.map { .string($0) }),
      "seconds": .number((seconds * 1000).rounded() / 1000),
    ])
  }
}

extension PickAnalysis {
  /// What a page needs to know of a segmentation before it asks.
  fileprivate var json: JSONValue {
    let file = reading.tomogram
    return .object([
      "path": .string(path), "floor": .number(floor), "reason": .string(reading.reason),
      "histogram": .array(histogram.map { .number($0) }),
      "shape": .object(["z": .number(file.shape.z), "y": .number(file.shape.y), "x": .number(file.shape.x)]),
      "searched": .object(["z": .number(shape.z), "y": .number(shape.y), "x": .number(shape.x)]),
      "voxelSizeAngstrom": file.voxelSize.map {
        .object([
          "z": .number($0.z.angstrom), "y": .number($0.y.angstrom), "x": .number($0.x.angstrom),
        ])
      } ?? .null,
    ])
  }
}
