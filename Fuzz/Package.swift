// swift-tools-version: 6.2
// Programs that feed mutated files to every reader: `make fuzz`. A package of its own, since the fuzzer brings its own
// `main` and every module is compiled with its instruments. Sources/Ais… and Sources/C… are links to the rooms themselves, so
// that their `package` declarations are seen here.
import PackageDescription

/// A program whose `main` is libFuzzer's.
func fuzzTarget(_ name: String) -> Target {
  .executableTarget(
    name: name, dependencies: ["AisCore", "CCodecs", "AisFormats", "AisNetworks", "AisCheckup", "FuzzSupport"],
    swiftSettings: [.unsafeFlags(["-parse-as-library"])], linkerSettings: [.unsafeFlags(["-sanitize=address,fuzzer"])])
}

let package = Package(
  name: "ais-fuzz",
  targets: [
    .target(
      name: "CKernels",
      cxxSettings: [.unsafeFlags(["-O3", "-fno-math-errno", "-fno-trapping-math"])],
      linkerSettings: [.linkedLibrary("pthread")]),
    .target(
      name: "CCodecs",
      linkerSettings: [
        .linkedLibrary("z"), .linkedLibrary("bz2"), .linkedLibrary("png"), .linkedLibrary("tiff"),
        .linkedLibrary("archive"), .linkedLibrary("nettle"),
      ]),
    .target(name: "AisCore"),
    .target(name: "AisFormats", dependencies: ["AisCore", "CCodecs"]),
    .target(name: "CTorch", linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "AisNetworks", dependencies: ["AisCore", "AisFormats", "CKernels", "CTorch"]),
    .target(name: "AisImaging", dependencies: ["AisCore"]),
    // The two folders of AisWorkflows behind `ais info`.
    .target(name: "AisCheckup", dependencies: ["AisCore", "AisFormats", "AisImaging", "AisNetworks"]),
    .target(name: "FuzzSupport", dependencies: ["AisCore", "AisFormats"]),
    fuzzTarget("FuzzMRC"),
    fuzzTarget("FuzzCompressed"),
    fuzzTarget("FuzzTIFF"),
    fuzzTarget("FuzzArchive"),
    fuzzTarget("FuzzHDF5"),
    fuzzTarget("FuzzMetadata"),
    fuzzTarget("FuzzCheckup"),
    fuzzTarget("FuzzCoordinates"),
    fuzzTarget("FuzzIMOD"),
    fuzzTarget("FuzzAnnotatedDataset"),
    fuzzTarget("FuzzTrainingSet"),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11,
  cxxLanguageStandard: .cxx20
)

// Both sanitizers in one flag: of two flags the Swift compiler heeds only the last.
for target in package.targets {
  if target.name.hasPrefix("C") {
    target.cSettings = [.unsafeFlags(["-fsanitize=address,fuzzer-no-link"])]
    target.cxxSettings = (target.cxxSettings ?? []) + [.unsafeFlags(["-fsanitize=address,fuzzer-no-link"])]
    continue
  }
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .unsafeFlags(["-sanitize=address,fuzzer"]),
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("MemberImportVisibility"),
    ]
}
