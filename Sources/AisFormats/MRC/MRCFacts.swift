import AisCore

/// What an MRC header says about space and values, in the order x, y, z and with faults named.
struct MRCFacts {
  var map = AxisMap.identity
  var axisOrder = "xyz"
  var voxelSize = TomogramInfo.HeaderVoxelSize()
  var origin = TomogramInfo.Origin.zero
  var start = VoxelIndex(z: 0, y: 0, x: 0)
  var statistics: TomogramInfo.Statistics?
  var warnings: [TomogramWarning] = []

  init(_ header: MRCHeader, compatibility: Compatibility) {
    if !header.hasMapID {
      warnings.append(
        TomogramWarning(
          .noMapID,
          "bytes 209–212 do not say 'MAP ': the file was written by an old program (IMOD, SerialEM) or is damaged."))
    }
    readAxes(header, compatibility)
    readVoxelSize(header)
    readOrigin(header)
    readStatistics(header)
    if header.labelCount < 0 || header.labelCount > 10 {
      warnings.append(
        TomogramWarning(.labelCountInvalid, "the header counts \(header.labelCount) labels; there are 0 to 10."))
    }
  }

  private mutating func readAxes(_ header: MRCHeader, _ compatibility: Compatibility) {
    let axes = header.axes
    let letters = axes.values.map { (1...3).contains($0) ? ["x", "y", "z"][$0 - 1] : "?" }.joined()
    if let map = AxisMap(columns: axes.first, rows: axes.second, sections: axes.third) {
      axisOrder = letters
      guard map != .identity else { return }
      if compatibility == .standard {
        self.map = map
        warnings.append(
          TomogramWarning(
            .axesPermuted,
            "columns, rows and sections run along \(letters); the axes are put in order x, y, z on reading."))
      } else {
        warnings.append(
          TomogramWarning(
            .axesPermuted,
            "columns, rows and sections run along \(letters); read as if along xyz, as the reference program does."))
      }
    } else if axes.values != [0, 0, 0] {
      warnings.append(
        TomogramWarning(
          .axesInvalid,
          "the axis order \(axes.first), \(axes.second), \(axes.third) is no order of 1, 2, 3; x, y, z is taken."))
    }
  }

  private mutating func readVoxelSize(_ header: MRCHeader) {
    func edge(_ cell: Float, _ samples: Int) -> Length? {
      guard cell.isFinite, cell > 0, samples > 0 else { return nil }
      return .angstroms(Double(cell) / Double(samples))
    }
    voxelSize = .init(
      z: edge(header.cell.third, header.sampling.third), y: edge(header.cell.second, header.sampling.second),
      x: edge(header.cell.first, header.sampling.first))
    let cell = header.cell.values.map { plainNumber($0) }.joined(separator: " × ") + " Å"
    if header.sampling.values.contains(where: { $0 <= 0 }) {
      warnings.append(
        TomogramWarning(
          .samplingInvalid,
          "the cell's sampling mx, my, mz is \(header.sampling.values.map(String.init).joined(separator: ", ")); it must be positive."
        ))
    }
    if voxelSize.x == nil || voxelSize.y == nil {
      warnings.append(
        TomogramWarning(
          .voxelSizeUnknown, "the voxel size is unknown: the header's cell is \(cell). Give it with --voxel-size."))
    } else if voxelSize.z == nil {
      warnings.append(
        TomogramWarning(
          .voxelSizePartlyUnknown,
          "the voxel size along z is unknown: the header's cell is \(cell). It is taken to be as along x."))
    }
    let angles = header.angles.values
    if angles.contains(where: { $0 != 90 && $0 != 0 && $0.isFinite }) {
      warnings.append(
        TomogramWarning(
          .cellNotOrthogonal,
          "the axes meet at \(angles.map { plainNumber($0) }.joined(separator: ", "))°; they are treated as if at 90°.")
      )
    }
  }

  private mutating func readOrigin(_ header: MRCHeader) {
    // Old IMOD files without 'MAP ' keep other things in these bytes.
    if header.hasMapID {
      let values = header.origin.values.map(Double.init)
      if values.allSatisfy(\.isFinite) {
        let sign = header.flags?.contains(.invertedOrigin) == true ? -1.0 : 1.0
        origin = .init(z: sign * values[2] + 0, y: sign * values[1] + 0, x: sign * values[0] + 0)
      } else {
        warnings.append(
          TomogramWarning(.originInvalid, "the origin in the header is no number; 0, 0, 0 is taken."))
      }
    }
    // nstart goes with columns, rows, sections.
    let starts = header.start
    func along(_ axis: AxisMap.Axis) -> Int {
      switch map[axis].axis {
      case .z: starts.third
      case .y: starts.second
      case .x: starts.first
      }
    }
    start = VoxelIndex(z: along(.z), y: along(.y), x: along(.x))
  }

  private mutating func readStatistics(_ header: MRCHeader) {
    let (low, high, mean) = (header.minimum, header.maximum, header.mean)
    guard low.isFinite, high.isFinite, mean.isFinite, low <= high, !(low == 0 && high == 0 && mean == 0) else { return }
    statistics = .init(minimum: Double(low), maximum: Double(high), mean: Double(mean), rms: Double(header.rms))
  }
}

/// A number of a header as people write it: `10` and not `10.0`.
func plainNumber(_ value: some CustomStringConvertible) -> String {
  let text = value.description
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
