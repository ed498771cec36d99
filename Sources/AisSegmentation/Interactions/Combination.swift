import AisCore

/// How the results of several models are made to agree: competition first, then the interactions one after another, each
/// seeing what those before it left.
///
/// This is the only definition of that order; everything that combines models goes through it.
package struct Combination: Sendable, Hashable {
  /// One model's part.
  package struct Member: Sendable, Hashable {
    /// Competes: where it is more probable than a model that absorbs, that one becomes 0.
    package var emits: Bool
    /// Gives way to models that emit.
    package var absorbs: Bool
    /// What counts as found, 0…1: for label volumes.
    package var threshold: Double

    package init(emits: Bool = false, absorbs: Bool = false, threshold: Double = 0.5) {
      self.emits = emits
      self.absorbs = absorbs
      self.threshold = threshold
    }
  }

  /// In how many dimensions the parent's mask is dilated.
  package enum Dimension: Int, Sendable, CaseIterable {
    /// Each xy slice for itself, as in the paper.
    case two = 2
    case three = 3
  }

  /// Whose rounding holds.
  package enum Rounding: String, Sendable, CaseIterable {
    /// On probabilities as they are computed; radii are inclusive and in true units.
    case standard
    /// As the export of the reference program (Ais-cryoET 1.2.40), bit for bit: on whole numbers from 0 to 255, slice by
    /// slice, with a disc of floor(R / pixel) pixels whose rim is left out. A radius below a pixel makes an empty mask.
    case reference
  }

  package var members: [Member]
  package var interactions: [Interaction]
  package var dimension = Dimension.two
  package var rounding = Rounding.standard

  package init(members: [Member], interactions: [Interaction] = []) {
    self.members = members
    self.interactions = interactions
  }

  /// Whether competition changes anything.
  package var competes: Bool { members.contains(where: \.emits) && members.contains(where: \.absorbs) }

  /// Throws what makes no sense by itself: `usage`; and `needs-decision` when a radius meets an unknown voxel size.
  package func validate(voxelSize: VoxelSize?) throws(AisError) {
    for interaction in interactions {
      precondition(
        members.indices.contains(interaction.child) && members.indices.contains(interaction.parent),
        "interactions name members of their combination")
      guard interaction.radius.angstrom >= 0, interaction.radius.angstrom.isFinite else {
        throw AisError(.usage, "a radius is a length of 0 or more, not \(interaction.radius.angstrom) Å")
      }
      guard (0...1).contains(interaction.threshold) else {
        throw AisError(.usage, "a threshold lies between 0 and 1, not at \(interaction.threshold)")
      }
      if voxelSize == nil, interaction.radius.angstrom > 0 || rounding == .reference {
        throw AisError(
          .needsDecision,
          "the file does not say how large its voxels are, and the group's interactions have a radius of "
            + "\(interaction.radius.nanometer) nm: give '--voxel-size', for example '--voxel-size 10A'")
      }
    }
    if rounding == .reference, dimension == .three {
      throw AisError(
        .usage, "the reference program dilates slice by slice: ask for 2 dimensions, or for standard compatibility")
    }
  }
}
