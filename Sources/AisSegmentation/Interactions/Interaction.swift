import AisCore

/// One model's result (the child) kept only near, or only away from, what another model (the parent) found.
///
/// Last et al., eLife 2024 (10.7554/eLife.98552), *Model interactions*: the parent's prediction is thresholded, the mask
/// dilated by the radius, and the child multiplied by it (colocalize) or by its complement (avoid).
package struct Interaction: Sendable, Hashable {
  package enum Kind: String, Sendable, CaseIterable {
    /// The child stays only within the radius of the parent.
    case colocalize
    /// The child stays only farther than the radius from the parent.
    case avoid
  }

  /// The model that is changed; counts into the models of the combination.
  package var child: Int
  package var parent: Int
  package var kind: Kind
  /// Inclusive: a voxel whose centre is this far from the centre of a voxel of the parent is within. 0 or more.
  package var radius: Length
  /// What of the parent counts as found: probabilities above this (not equal to it), 0…1.
  package var threshold: Double

  package init(child: Int, parent: Int, kind: Kind, radius: Length, threshold: Double) {
    self.child = child
    self.parent = parent
    self.kind = kind
    self.radius = radius
    self.threshold = threshold
  }
}
