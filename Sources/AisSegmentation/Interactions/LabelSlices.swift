import AisCore

/// Makes one volume of labels from the final results of all models: 0 where none found anything, else 1 + the place of the
/// model among the members.
///
/// A model has found something where it is above its own threshold. Of several the most probable counts; of equal ones the
/// first.
final class LabelSlices {
  private let thresholds: [Float]
  private let pool: SlicePool

  init(_ combination: Combination, count: Int) {
    thresholds = combination.members.map { combination.level($0.threshold) }
    pool = SlicePool(count: count)
  }

  /// The labels of one z, from one slice for each member.
  func label(_ slices: [SliceBuffer]) -> SliceBuffer {
    let labels = pool.takeZeros()
    let highest = pool.takeZeros()
    for (member, slice) in slices.enumerated() {
      let (threshold, label) = (thresholds[member], Float(member + 1))
      for i in slice.values.indices {
        let value = slice.values[i]
        if value > threshold, value > highest.values[i] || labels.values[i] == 0 {
          highest.values[i] = value
          labels.values[i] = label
        }
      }
    }
    return labels
  }
}
