import AisCore
import AisFormats

/// Members of the edits of models, rules and training sets.
extension EditReader {
  func modelFields() throws(AisError) -> ModelFields {
    var fields = ModelFields(title: json["title"]?.string)
    fields.position = json["position"]?.number
    fields.colour = try colour()
    fields.opacity = json["opacity"]?.number
    fields.threshold = json["threshold"]?.number
    fields.isActive = json["isActive"]?.bool
    fields.isVisible = json["isVisible"]?.bool
    fields.isBlended = json["isBlended"]?.bool
    fields.emits = json["emits"]?.bool
    fields.absorbs = json["absorbs"]?.bool
    if let feature = json["feature"] { fields.feature = .some(feature.isNull ? nil : try id("feature")) }
    fields.augmentations = json["augmentations"]?.integer
    fields.tiling = json["tiling"]?.string
    if let size = json["processingVoxelSizeAngstrom"] {
      fields.processingVoxelSize = .some(size.isNull ? nil : try number("processingVoxelSizeAngstrom"))
    }
    return fields
  }

  func ruleFields() throws(AisError) -> ModelRuleFields {
    var fields = ModelRuleFields()
    fields.position = json["position"]?.number
    // 'kind' is the name of the edit itself.
    fields.kind = json["manner"]?.string
    fields.child = json["child"] == nil ? nil : try id("child")
    fields.parent = json["parent"] == nil ? nil : try id("parent")
    fields.radius = json["radiusNanometer"]?.number.map { .nanometers($0) }
    fields.threshold = json["threshold"]?.number
    return fields
  }

  func trainingSetFields() throws(AisError) -> TrainingSetFields {
    var fields = TrainingSetFields(title: json["title"]?.string)
    fields.position = json["position"]?.number
    fields.boxSize = json["boxSize"]?.integer
    fields.depth = json["depth"]?.integer
    fields.pixelSize = json["pixelSizeAngstrom"]?.number.map { .angstroms($0) }
    fields.takesVersions = json["takesVersions"]?.bool
    if let roles = json["roles"] { fields.roles = try self.roles(roles) }
    if let datasets = json["datasets"] {
      if datasets.isNull {
        fields.datasets = .some(nil)
      } else if let list = datasets.array?.map(\.integer), !list.contains(nil) {
        fields.datasets = list.compactMap { $0.map(Int64.init) }
      } else {
        throw missing("datasets", "a list of numbers of datasets, or null for all")
      }
    }
    return fields
  }

  private func roles(_ json: JSONValue) throws(AisError) -> [Int64: TrainingSet.Role] {
    guard case .object(let members) = json else { throw missing("roles", "an object: a role for each feature") }
    var roles: [Int64: TrainingSet.Role] = [:]
    for (name, value) in members {
      guard let feature = Int64(name) else { throw missing("roles", "an object of numbers of features") }
      if value.isNull || value.string == "unused" { continue }
      guard let role = value.string.flatMap(TrainingSet.Role.init) else {
        throw missing("roles", "'positive', 'negative' or 'unused' for feature \(feature)")
      }
      roles[feature] = role
    }
    return roles
  }
}
