// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "ais",
  products: [
    .executable(name: "ais", targets: ["ais"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    // What Hummingbird stands on, as far as the server names it.
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
  ],
  targets: [
    // Native code behind C headers: the only rooms that may hold unsafe arithmetic.
    .target(
      name: "CKernels",
      cxxSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-fno-trapping-math", "-Wall", "-Wextra"])],
      linkerSettings: [.linkedLibrary("pthread")]),
    .target(
      name: "CCodecs",
      linkerSettings: [
        .linkedLibrary("z"), .linkedLibrary("bz2"), .linkedLibrary("png"), .linkedLibrary("tiff"),
        .linkedLibrary("archive"), .linkedLibrary("nettle"),
      ]),

    // The door to libtorch; libtorch itself is never linked.
    .target(name: "CTorch", linkerSettings: [.linkedLibrary("dl")]),

    // Values.
    .target(name: "AisCore"),

    // Bytes to values and back.
    .target(name: "AisFormats", dependencies: ["AisCore", "CCodecs"]),

    // Behaviour.
    .target(name: "AisImaging", dependencies: ["AisCore"]),
    .target(name: "AisNetworks", dependencies: ["AisCore", "AisFormats", "CKernels", "CTorch"]),
    .target(name: "AisSegmentation", dependencies: ["AisCore", "AisImaging", "AisNetworks"]),
    .target(name: "AisTraining", dependencies: ["AisCore", "AisFormats", "AisImaging", "AisNetworks"]),
    .target(name: "AisPicking", dependencies: ["AisCore", "AisImaging"]),
    .target(
      name: "AisProject",
      dependencies: ["AisCore", "AisFormats", .product(name: "GRDB", package: "GRDB.swift")]),

    .target(name: "AisJobs", dependencies: ["AisCore", "AisFormats"]),

    // Whole tasks: read, compute, write, report.
    .target(
      name: "AisWorkflows",
      dependencies: [
        "AisCore", "AisFormats", "AisImaging", "AisNetworks", "AisSegmentation", "AisTraining", "AisPicking",
        "AisProject", "AisJobs", "CTorch",
        .product(name: "Logging", package: "swift-log"),
      ]),

    // Adapters and main.
    .target(
      name: "AisServer",
      dependencies: [
        "AisCore", "AisFormats", "AisImaging", "AisNetworks", "AisSegmentation", "AisPicking", "AisTraining",
        "AisProject",
        "AisJobs", "AisWorkflows",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "Logging", package: "swift-log"),
      ],
      resources: [.copy("Resources/Web")]),
    .target(
      name: "AisCommands",
      dependencies: [
        "AisCore", "AisFormats", "AisImaging", "AisNetworks", "AisSegmentation", "AisTraining", "AisPicking",
        "AisProject", "AisJobs", "AisWorkflows", "AisServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(name: "ais", dependencies: ["AisCommands"]),

    // Tests.
    .target(name: "AisTestSupport", dependencies: ["AisNetworks", "AisCore"], path: "Tests/AisTestSupport"),
    .testTarget(name: "CKernelsTests", dependencies: ["CKernels", "AisTestSupport"]),
    .testTarget(name: "AisCoreTests", dependencies: ["AisCore", "AisTestSupport"]),
    .testTarget(name: "AisFormatsTests", dependencies: ["AisFormats", "AisCore", "CCodecs", "AisTestSupport"]),
    .testTarget(name: "AisImagingTests", dependencies: ["AisImaging", "AisCore", "AisTestSupport"]),
    .testTarget(
      name: "AisNetworksTests", dependencies: ["AisNetworks", "AisFormats", "AisCore", "AisTestSupport"]),
    .testTarget(
      name: "AisSegmentationTests",
      dependencies: ["AisSegmentation", "AisImaging", "AisNetworks", "AisCore", "AisTestSupport"]),
    .testTarget(
      name: "AisTrainingTests",
      dependencies: ["AisTraining", "AisFormats", "AisImaging", "AisNetworks", "AisCore", "AisTestSupport"]),
    .testTarget(name: "AisPickingTests", dependencies: ["AisPicking", "AisImaging", "AisCore", "AisTestSupport"]),
    .testTarget(name: "AisJobsTests", dependencies: ["AisJobs", "AisFormats", "AisCore", "AisTestSupport"]),
    .testTarget(
      name: "AisProjectTests",
      dependencies: [
        "AisProject", "AisFormats", "AisCore", "AisTestSupport", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .testTarget(
      name: "AisWorkflowsTests",
      dependencies: [
        "AisWorkflows", "AisSegmentation", "AisTraining", "AisPicking", "AisProject", "AisFormats", "AisImaging",
        "AisNetworks", "AisCore", "AisTestSupport",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(
      name: "AisServerTests",
      dependencies: [
        "AisServer", "AisWorkflows", "AisProject", "AisFormats", "AisImaging", "AisCore", "AisTestSupport",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(
      name: "AisCommandsTests",
      dependencies: [
        "AisCommands", "AisWorkflows", "AisSegmentation", "AisPicking", "AisFormats", "AisCore", "AisTestSupport",
        "ais",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11,
  cxxLanguageStandard: .cxx20
)

// Warnings are errors with the compiler that Ais is developed with; a newer one may know new warnings.
#if compiler(<6.4)
  let areWarningsErrors = true
#else
  let areWarningsErrors = false
#endif

for target in package.targets where target.type != .system {
  let isNative = target.name.hasPrefix("C") && !target.name.hasSuffix("Tests")
  if isNative {
    if areWarningsErrors {
      target.cSettings = (target.cSettings ?? []) + [.treatAllWarnings(as: .error)]
      target.cxxSettings = (target.cxxSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
    continue
  }
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
  if areWarningsErrors { target.swiftSettings?.append(.treatAllWarnings(as: .error)) }
}
