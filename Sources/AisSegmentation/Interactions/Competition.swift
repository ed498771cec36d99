import AisCore

/// Models that compete for voxels: one that absorbs becomes 0 wherever some model that emits is more probable.
enum Competition {
  /// Decides slices of one z, one for each member, in place. Ties survive; a model that emits and absorbs competes with
  /// itself too, which changes nothing. NaN neither wins nor loses.
  static func decide(_ slices: [UnsafeMutableBufferPointer<Float>], among members: [Combination.Member]) {
    let emitters = members.indices.filter { members[$0].emits }.map { slices[$0] }
    let absorbers = members.indices.filter { members[$0].absorbs }.map { slices[$0] }
    guard let first = emitters.first, !absorbers.isEmpty else { return }
    // In pieces that stay in the cache; the highest is known before any absorber of the piece is changed.
    let piece = 4096
    withUnsafeTemporaryAllocation(of: Float.self, capacity: piece) { highest in
      for start in stride(from: 0, to: first.count, by: piece) {
        let length = min(piece, first.count - start)
        for i in 0..<length { highest[i] = first[start + i] }
        for emitter in emitters.dropFirst() {
          for i in 0..<length { highest[i] = max(highest[i], emitter[start + i]) }
        }
        for absorber in absorbers {
          for i in 0..<length where absorber[start + i] < highest[i] { absorber[start + i] = 0 }
        }
      }
    }
  }
}
