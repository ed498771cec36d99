import AisCore

/// Dilates the masks of one interaction's parent, slice by slice.
enum MaskDilator {
  /// Each slice for itself: masks come out as they go in.
  case plane(PlaneDilation)
  /// Masks come out when enough slices behind them have gone in.
  case volume(VolumeDilation)
  /// The mask itself.
  case identity

  init(_ interaction: Interaction, of combination: Combination, shape: Shape, voxelSize: VoxelSize?) {
    guard let voxelSize else {
      // `Combination.validate` lets no other radius pass.
      precondition(interaction.radius.angstrom == 0, "a radius needs a voxel size")
      self = .identity
      return
    }
    switch (combination.rounding, combination.dimension) {
    case (.reference, _):
      let reach = ReachTable(referenceRadius: interaction.radius, pixel: voxelSize.x, y: shape.y, x: shape.x)
      self = .plane(PlaneDilation(y: shape.y, x: shape.x, reach: reach))
    case (.standard, .two):
      let reach = ReachTable(
        radius: interaction.radius, spacing: (voxelSize.y, voxelSize.x), y: shape.y, x: shape.x)
      self = .plane(PlaneDilation(y: shape.y, x: shape.x, reach: reach))
    case (.standard, .three):
      self = .volume(VolumeDilation(radius: interaction.radius, voxelSize: voxelSize, shape: shape))
    }
  }

  /// How many slices behind its own a mask waits for.
  static func depth(_ interaction: Interaction, of combination: Combination, slices: Int, voxelSize: VoxelSize?) -> Int
  {
    guard combination.dimension == .three, combination.rounding == .standard, let voxelSize else { return 0 }
    return VolumeDilation.depth(radius: interaction.radius, voxelSize: voxelSize, slices: slices)
  }

  /// Bytes held besides masks.
  static func bytes(_ interaction: Interaction, of combination: Combination, shape: Shape, voxelSize: VoxelSize?) -> Int
  {
    let count = shape.sliceCount
    guard combination.dimension == .three, combination.rounding == .standard else {
      return PlaneDilation.bytes(count: count)
    }
    let depth = depth(interaction, of: combination, slices: shape.z, voxelSize: voxelSize)
    return VolumeDilation.bytes(count: count, depth: depth)
  }
}
