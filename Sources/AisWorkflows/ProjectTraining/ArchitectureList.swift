import AisCore
import AisFormats
import AisNetworks
import AisProject

/// The layouts that networks can be made of here, and whether they can be trained.
package enum ArchitectureList {
  /// - Parameter folder: where a user's own lie.
  package static func json(folder: String?) -> JSONValue {
    let library = ArchitectureLibrary(folder: folder)
    let list = library.architectures.filter(\.isOffered).map { architecture -> JSONValue in
      let depth = architecture.form == .slabs ? max(architecture.depthMultiple, 8) : 1
      return .object([
        "name": .string(architecture.name), "form": .string(architecture.form == .slabs ? "slabs" : "slices"),
        "parameters": .number(Double(architecture.graph(depth: depth, seed: 1).parameterCount)),
        "sideMultiple": .number(Double(architecture.sideMultiple)),
        "depthMultiple": .number(Double(architecture.depthMultiple)), "isUsers": .bool(architecture.isUsers),
        "summary": .string(architecture.summary), "learningRate": .number(architecture.learningRate),
      ])
    }
    let problem = TrainingPossibility.problem
    return .object([
      "architectures": .array(list), "standard": .string(Architecture.standard),
      "training": .object([
        "isPossible": .bool(problem == nil), "reason": problem.map { .string($0.description) } ?? .null,
      ]), "warnings": .array(library.warnings.map { .string($0) }),
    ])
  }
}

extension ArchitectureList {
  /// The name of the architecture that is meant, if it can learn from the set's boxes on this machine.
  ///
  /// Throws `usage` for a name that nobody knows, `shapeMismatch` for boxes that do not fit, `engineUnavailable` without libtorch.
  package static func check(
    _ name: String?, boxSize: Int, depth: Int, folder: String?
  ) throws(AisError) -> String {
    let architecture = try ArchitectureLibrary(folder: folder).named(name ?? Architecture.standard)
    if architecture.program == nil, let problem = TrainingPossibility.problem { throw problem }
    guard boxSize % architecture.sideMultiple == 0 else {
      throw AisError(
        .shapeMismatch,
        "'\(architecture.name)' takes boxes whose sides are multiples of \(architecture.sideMultiple) pixels, and those of the set have "
          + "\(boxSize): change the box size, or choose another network")
    }
    guard architecture.form == .slices || (depth > 1 && depth % architecture.depthMultiple == 0) else {
      throw AisError(
        .shapeMismatch,
        "'\(architecture.name)' learns from slabs whose depth is a multiple of \(architecture.depthMultiple) slices, and the boxes of the set "
          + "have \(depth): change the depth, or choose another network")
    }
    return architecture.name
  }
}

/// Whether networks can be trained on this machine.
package enum TrainingPossibility {
  /// What is missing, with what to do about it; `nil` when nothing is.
  package static var problem: AisError? {
    do throws(AisError) {
      _ = try TorchInstallation.find(program: ProgramPath.current)
      return nil
    } catch {
      return error
    }
  }
}
