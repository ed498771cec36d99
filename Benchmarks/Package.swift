// swift-tools-version: 6.2
// How fast the CPU engine and the kernels on volumes are on this machine: `make bench`. A package of its own, so that the program never pays for it.
// Sources/Ais… and Sources/C… are links to the rooms themselves, so that their `package` declarations are seen here.
import PackageDescription

let package = Package(
  name: "ais-benchmarks",
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
    .target(name: "AisImaging", dependencies: ["AisCore"]),
    .target(name: "AisNetworks", dependencies: ["AisCore", "AisFormats", "CKernels"]),
    .executableTarget(name: "Benchmarks", dependencies: ["AisCore", "AisImaging", "AisNetworks", "CKernels"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11,
  cxxLanguageStandard: .cxx20
)

for target in package.targets where !target.name.hasPrefix("C") {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
}
