/// What became of the groups that were found, in the order of the decisions.
package struct PickTally: Sendable, Hashable, Encodable {
  /// Connected pieces above the threshold, at least as large as the minimum volume.
  package var components = 0
  /// Groups that the pieces were divided into.
  package var groups = 0
  /// Groups smaller than the minimum volume.
  package var small = 0
  /// Groups nearer than the minimum spacing to a heavier one.
  package var crowded = 0
  /// Points within the margin.
  package var inMargin = 0
  /// Points outside the region or mask.
  package var outside = 0
  /// The lightest, beyond the largest number wanted.
  package var beyondLimit = 0
  package var picked = 0

  package init() {}
}
