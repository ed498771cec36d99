import AisCore
import AisProject
import AisWorkflows
import ArgumentParser

/// `ais project info`: what is in a project.
package struct ProjectInfoCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "List datasets, features and annotations of a project.")

  @OptionGroup package var target: ProjectArguments

  @OptionGroup(title: "What is printed")
  package var verbosity: VerbosityArguments

  package init() {}

  package func run() throws {
    var description = try target.open { try ProjectDescription($0) }
    description.log = AppLog.last(of: description.path, folder: UserFolders.current.logs)
    if verbosity.json {
      Terminal.standardOutput.print(text: try ProjectArguments.json(description, pretty: true))
    } else {
      Terminal.standardOutput.print(lines: Self.lines(description))
    }
  }

  static func lines(_ project: ProjectDescription) -> [String] {
    var lines = [project.path]
    lines.append(
      "  \(counted(project.datasets.count, "dataset")), \(counted(project.features.count, "feature")), "
        + "\(counted(Int(project.entries), "line")) of history"
        + (project.authors.isEmpty ? "" : " by \(project.authors.joined(separator: ", "))"))
    for feature in project.features {
      lines.append(
        "  feature '\(feature.title)' \(feature.colour): \(counted(feature.slices, "slice")), \(boxes(feature.boxes)) of "
          + "\(feature.boxSize) voxels")
    }
    for dataset in project.datasets {
      let size = dataset.sizeXYZ.map { "\($0)" }.joined(separator: " × ")
      let edges = dataset.voxelSizeAngstromXYZ.map { edges in
        Set(edges).count == 1 ? "\(angstromText(edges[0])) Å" : edges.map(angstromText).joined(separator: " × ") + " Å"
      }
      lines.append("  \(dataset.name): \(size) voxels, \(edges ?? "voxel size unknown")")
      for version in dataset.versions {
        let scale = version.scale == "1" ? "" : ", voxels \(version.scale) as wide"
        lines.append("    \(version.title) (\(version.kind)\(scale)): \(version.path)")
      }
      for annotation in dataset.annotations {
        let slices = annotation.slices.prefix(12).map { "\($0)" }.joined(separator: ", ")
        lines.append(
          "    '\(annotation.feature)': \(boxes(annotation.boxes)), slices \(slices)\(annotation.slices.count > 12 ? ", …" : "")"
        )
      }
    }
    if !project.libraries.isEmpty {
      lines.append("  feature libraries: \(project.libraries.joined(separator: ", "))")
    }
    if let log = project.log { lines.append("  log of the app: \(log)") }
    return lines
  }

  private static func boxes(_ count: Int) -> String { count == 1 ? "1 box" : "\(count) boxes" }
}
