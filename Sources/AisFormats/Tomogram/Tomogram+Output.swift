import AisCore

extension Tomogram {
  /// A writer for a volume that lies on this tomogram: slices are given as viewed, the file is written in the
  /// tomogram's own frame (axes x, y, z without the view), so that it can be laid over the input.
  ///
  /// Voxel size (with the override, turned back), origin and nstart are carried over.
  ///
  /// - Parameters:
  ///   - path: the file to write; it appears when the writer's `finish()` returns.
  ///   - labels: provenance; the input's own labels are not repeated.
  package func makeOutput(
    path: String, elementType: ElementType, labels: [String] = [], rounding: MRCOutput.Rounding = .nearest,
    allowsMissingSlices: Bool = false
  ) throws(AisError) -> MRCWriter {
    let viewMap = options.view.axisMap
    let output = MRCOutput(
      shape: viewMap.inverse.shape(of: shape), elementType: elementType,
      voxelSize: voxelSize.map(viewMap.inverse.voxelSize(of:)), origin: info.origin, start: info.start,
      labels: labels, rounding: rounding, allowsMissingSlices: allowsMissingSlices)
    return try MRCWriter(path: path, output: output, map: viewMap)
  }
}

extension AxisMap {
  /// The map that undoes this one.
  var inverse: AxisMap {
    func source(_ stored: Axis) -> Source {
      let viewed = Axis.allCases.first { self[$0].axis == stored }!
      return Source(viewed, isReversed: self[viewed].isReversed)
    }
    return AxisMap(z: source(.z), y: source(.y), x: source(.x))
  }
}
