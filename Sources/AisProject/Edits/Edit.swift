import AisCore

/// Everything that can be done to a project. What belongs together goes into one transaction and is undone together.
package enum Edit: Sendable {
  case addDataset(name: String, shape: Shape, DatasetFields = .init(), id: Int64? = nil)
  case changeDataset(Int64, DatasetFields)
  case removeDataset(Int64)

  case addVersion(
    dataset: Int64, kind: DatasetVersion.Kind, title: String, reference: TomogramReference, scale: VersionScale)
  /// Another file takes the place of a version's, or the same file at another place.
  case relinkVersion(Int64, TomogramReference)
  case removeVersion(Int64)

  /// Needs a title.
  case createFeature(FeatureFields, id: Int64? = nil)
  case changeFeature(Int64, FeatureFields)
  case deleteFeature(Int64)
  /// The size of a feature's boxes in one dataset; `nil` goes back to the feature's own.
  case setBoxSize(dataset: Int64, feature: Int64, Int?)

  case paint(MaskPatch)
  /// Removes what was painted and the boxes.
  case clearSlice(dataset: Int64, feature: Int64, slice: Int)

  case placeBox(dataset: Int64, feature: Int64, slice: Int, y: Double, x: Double, id: Int64? = nil)
  case moveBox(Int64, slice: Int, y: Double, x: Double)
  case removeBox(Int64)

  /// How the author looks at a dataset. Kept, but no step of undo.
  case setView(dataset: Int64, DatasetViewFields)
  /// A value of the project's (`isPersonal` false) or of the author's, JSON; `nil` removes it. No step of undo.
  case setSetting(String, json: String?, isPersonal: Bool)

  case addLibrary(String, isActive: Bool)
  case changeLibrary(Int64, name: String? = nil, isActive: Bool? = nil)
  case removeLibrary(Int64)
  /// Needs a title.
  case addLibraryFeature(library: Int64, LibraryFeatureFields)
  case changeLibraryFeature(Int64, LibraryFeatureFields)
  case removeLibraryFeature(Int64)

  /// Needs a title; one that another model has gets a number.
  case createModel(ModelFields, id: Int64? = nil)
  /// Refused when another model has the new title.
  case changeModel(Int64, ModelFields)
  case duplicateModel(Int64, title: String? = nil, id: Int64? = nil)
  case deleteModel(Int64)
  /// Needs kind, child and parent.
  case createRule(ModelRuleFields, id: Int64? = nil)
  case changeRule(Int64, ModelRuleFields)
  case deleteRule(Int64)
  case createTrainingSet(TrainingSetFields, id: Int64? = nil)
  case changeTrainingSet(Int64, TrainingSetFields)
  case deleteTrainingSet(Int64)

  /// As the journal has it.
  package var kind: String {
    switch self {
    case .addDataset: "add-dataset"
    case .changeDataset: "change-dataset"
    case .removeDataset: "remove-dataset"
    case .addVersion: "add-version"
    case .relinkVersion: "relink-version"
    case .removeVersion: "remove-version"
    case .createFeature: "create-feature"
    case .changeFeature: "change-feature"
    case .deleteFeature: "delete-feature"
    case .setBoxSize: "set-box-size"
    case .paint: "paint"
    case .clearSlice: "clear-slice"
    case .placeBox: "place-box"
    case .moveBox: "move-box"
    case .removeBox: "remove-box"
    case .setView: "set-view"
    case .setSetting: "set-setting"
    case .addLibrary: "add-library"
    case .changeLibrary: "change-library"
    case .removeLibrary: "remove-library"
    case .addLibraryFeature: "add-library-feature"
    case .changeLibraryFeature: "change-library-feature"
    case .removeLibraryFeature: "remove-library-feature"
    case .createModel: "create-model"
    case .changeModel: "change-model"
    case .duplicateModel: "duplicate-model"
    case .deleteModel: "delete-model"
    case .createRule: "create-rule"
    case .changeRule: "change-rule"
    case .deleteRule: "delete-rule"
    case .createTrainingSet: "create-training-set"
    case .changeTrainingSet: "change-training-set"
    case .deleteTrainingSet: "delete-training-set"
    }
  }

  /// Whether it is a step of undo.
  package var isUndoable: Bool {
    switch self {
    case .setView, .setSetting: false
    default: true
    }
  }

  /// The slice that it concerns, as far as it says.
  var place: (dataset: Int64?, feature: Int64?, slice: Int?) {
    switch self {
    case .changeDataset(let id, _), .removeDataset(let id), .setView(let id, _): (id, nil, nil)
    case .addVersion(let dataset, _, _, _, _): (dataset, nil, nil)
    case .changeFeature(let id, _), .deleteFeature(let id): (nil, id, nil)
    case .setBoxSize(let dataset, let feature, _): (dataset, feature, nil)
    case .paint(let patch): (patch.dataset, patch.feature, patch.slice)
    case .clearSlice(let dataset, let feature, let slice): (dataset, feature, slice)
    case .placeBox(let dataset, let feature, let slice, _, _, _): (dataset, feature, slice)
    case .moveBox(_, let slice, _, _): (nil, nil, slice)
    default: (nil, nil, nil)
    }
  }
}
