import AisCore
import AisProject

let anna = Author("Anna", client: "tab-1")
let bert = Author("Bert", client: "tab-2")

/// A project in memory with one dataset and one feature, both made by Anna.
struct Sample {
  let project: Project
  let dataset: Int64
  let feature: Int64
  static let shape = Shape(z: 8, y: 20, x: 30)

  init(_ project: Project? = nil) throws {
    self.project = try project ?? Project()
    let entry = try self.project.apply(
      [
        .addDataset(name: "TS_01", shape: Self.shape), .createFeature(FeatureFields(title: "Membrane")),
      ], by: anna)
    dataset = entry.created(.dataset)[0]
    feature = entry.created(.feature)[0]
  }

  /// A painted (or erased) rectangle.
  func stroke(_ box: PixelRectangle, slice: Int = 3, feature: Int64? = nil, erases: Bool = false) -> Edit {
    let mask = SliceMask(height: box.height, width: box.width).inverted
    return .paint(
      .stroke(
        dataset: dataset, feature: feature ?? self.feature, slice: slice, rectangle: box, mask, erases: erases))
  }

  func mask(slice: Int = 3) throws -> SliceMask {
    try project.mask(dataset: dataset, feature: feature, slice: slice)
  }

  func isPainted(_ y: Int, _ x: Int, slice: Int = 3) throws -> Bool { try mask(slice: slice)[y: y, x: x] }
}

func box(_ y: Int, _ x: Int, _ height: Int, _ width: Int) -> PixelRectangle {
  PixelRectangle(y: y, x: x, height: height, width: width)
}

/// What the error of `work` says.
func message(_ work: () throws -> Void) -> String? {
  do {
    try work()
    return nil
  } catch { return String(describing: error) }
}
