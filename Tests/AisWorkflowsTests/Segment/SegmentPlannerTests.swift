import AisCore
import AisFormats
import AisNetworks
import AisSegmentation
import AisTestSupport
import AisWorkflows
import Foundation
import Logging
import Testing

@Suite("Plans of segmentations")
struct SegmentPlannerTests {
  private let folder = FileManager.default.temporaryDirectory.appending(path: "ais-plan-\(UUID().uuidString)")
  private let model = Fixtures.repository.appending(path: "Tests/Fixtures/segment/flat-global.scnm").path

  private func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  /// A small int16 volume.
  private func write(_ url: URL, element: ElementType = .int16) throws {
    let shape = Shape(z: 3, y: 20, x: 24)
    let writer = try MRCWriter(
      path: url.path,
      output: MRCOutput(shape: shape, elementType: element, voxelSize: VoxelSize(.angstroms(10))))
    for z in 0..<shape.z {
      let slice = (0..<shape.sliceCount).map { Float(($0 * 31 + z * 7) % 101) - 50 }
      try slice.withUnsafeBufferPointer { try writer.writeSlice(z, $0) }
    }
    try writer.finish()
  }

  private func plan(_ request: SegmentRequest) throws -> SegmentPlan {
    try SegmentPlanner.plan(
      request, engine: ReferenceEngine(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      cancellation: Cancellation())
  }

  @Test("a plan knows memory, disk and names before any voxel is read")
  func forecast() throws {
    try withFolder { folder in
      try write(folder.appending(path: "TS.mrc"))
      var request = SegmentRequest(
        models: [model], inputs: [folder.path], outputFolder: folder.appending(path: "out").path,
        memoryLimit: 1 << 30, threads: 2)
      request.outputType = .float32
      let plan = try plan(request)
      #expect(plan.tasks.count == 1 && plan.outputCount == 1)
      #expect(plan.diskBytes == 1024 + 3 * 20 * 24 * 4)
      #expect(plan.memoryBytes > SegmentPlanner.programBytes && plan.memoryBytes < 1 << 30)
      #expect(plan.seconds > 0)
      #expect(plan.tasks[0].passes[0].outputs[0].path.hasSuffix("out/TS__flat-global.mrc"))
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "out").path))
    }
  }

  @Test("bytes that models want read differently are read in passes of their own, in the reference's way only")
  func byteSigns() throws {
    try withFolder { folder in
      try write(folder.appending(path: "TS.mrc"), element: .int8)
      let legacy = Fixtures.repository.appending(path: "Tests/Fixtures/segment/flat-legacy.scnm").path
      var request = SegmentRequest(
        models: [model, legacy], inputs: [folder.appending(path: "TS.mrc").path],
        outputFolder: folder.appending(path: "out").path, memoryLimit: 1 << 30, threads: 1)
      #expect(try plan(request).tasks[0].passes.count == 1)
      request.view.compatibility = .reference
      let passes = try plan(request).tasks[0].passes
      #expect(passes.map(\.options.byteSign) == [.unsigned, .signed])
    }
  }

  @Test("settings that do not concern a network do not make its outputs different")
  func fingerprints() throws {
    try withFolder { folder in
      try write(folder.appending(path: "TS.mrc"))
      var request = SegmentRequest(
        models: [model], inputs: [folder.appending(path: "TS.mrc").path],
        outputFolder: folder.appending(path: "out").path, memoryLimit: 1 << 30, threads: 1)
      func fingerprint() throws -> String { try plan(request).tasks[0].passes[0].outputs[0].fingerprint }
      let first = try fingerprint()
      request.settings.tileEdge = 256
      request.settings.tiling = .exact
      request.memoryLimit = 2 << 30
      request.threads = 3
      #expect(try fingerprint() == first)
      request.settings.augmentations = 2
      #expect(try fingerprint() != first)
    }
  }

  @Test("a tomogram that cannot be read is refused, the others are planned")
  func unreadable() throws {
    try withFolder { folder in
      try write(folder.appending(path: "a.mrc"))
      try Data("no tomogram".utf8).write(to: folder.appending(path: "b.mrc"))
      let plan = try plan(
        SegmentRequest(
          models: [model], inputs: [folder.path], outputFolder: folder.appending(path: "out").path,
          memoryLimit: 1 << 30, threads: 1))
      #expect(plan.tasks.map(\.passes.count) == [1, 0])
      #expect(plan.tasks.map(\.refusals.count) == [0, 1])
    }
  }
}
