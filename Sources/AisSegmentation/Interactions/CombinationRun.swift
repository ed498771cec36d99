import AisCore

/// Takes what a combination makes, each model's slices in ascending order, on the thread that brings them.
protocol CombinationReceiver {
  /// A model's slice before anything was combined; only to be read.
  func takeRaw(_ slice: SliceBuffer, z: Int, of model: Int) throws(AisError)
  /// A model's final slice, which may be spent.
  func takeResult(_ slice: SliceBuffer, z: Int, of model: Int) throws(AisError)
}

/// Carries out a combination on slices as models finish them.
///
/// Slices of each model come in ascending order, those of different models at different times. A slice moves on as soon as
/// what changes it is known: at once in two dimensions, `radius` slices later in three. Values are probabilities from 0
/// to 1; with the reference's rounding, whole numbers from 0 to 255.
final class CombinationRun {
  private let combination: Combination
  private let count: Int
  private let receiver: any CombinationReceiver
  /// For each model the slices that wait for the other models' slices of the same z.
  private var arrived: [[SliceBuffer]]
  /// For each model what happens to its slices, in order.
  private let stations: [[Station]]
  private var steps: [Step]
  private var complete = 0
  private var finished: [Int]

  /// An interaction as one of its two models meets it.
  private struct Station {
    enum Role { case parent, child }
    var role: Role
    var interaction: Int
  }

  /// An interaction at work.
  private struct Step {
    var interaction: Interaction
    var dilator: MaskDilator
    /// Dilated masks that no slice of the child has met yet.
    var masks: [[UInt8]] = []
    /// Slices of the child that wait for their masks.
    var waiting: [SliceBuffer] = []
    /// Where the child goes on afterwards.
    var nextStation: Int
  }

  init(_ combination: Combination, shape: Shape, voxelSize: VoxelSize?, receiver: any CombinationReceiver) {
    self.combination = combination
    self.receiver = receiver
    count = shape.sliceCount
    arrived = Array(repeating: [], count: combination.members.count)
    finished = Array(repeating: 0, count: combination.members.count)
    var stations = [[Station]](repeating: [], count: combination.members.count)
    var steps: [Step] = []
    for (index, interaction) in combination.interactions.enumerated() {
      stations[interaction.parent].append(Station(role: .parent, interaction: index))
      stations[interaction.child].append(Station(role: .child, interaction: index))
      steps.append(
        Step(
          interaction: interaction,
          dilator: MaskDilator(interaction, of: combination, shape: shape, voxelSize: voxelSize),
          nextStation: stations[interaction.child].count))
    }
    self.stations = stations
    self.steps = steps
  }

  /// Takes the next slice of a model's probabilities.
  func take(_ slice: SliceBuffer, of model: Int) throws(AisError) {
    if combination.rounding == .reference { SegmentationScale.byte.apply(to: slice.values) }
    arrived[model].append(slice)
    while arrived.allSatisfy({ !$0.isEmpty }) {
      let slices = arrived.indices.map { arrived[$0].removeFirst() }
      for (model, slice) in slices.enumerated() { try receiver.takeRaw(slice, z: complete, of: model) }
      Competition.decide(slices.map(\.values), among: combination.members)
      complete += 1
      for (model, slice) in slices.enumerated() { try move(slice, of: model, from: 0) }
    }
  }

  /// Moves a slice on until it has to wait.
  private func move(_ slice: SliceBuffer, of model: Int, from station: Int) throws(AisError) {
    for next in station..<stations[model].count {
      let index = stations[model][next].interaction
      switch stations[model][next].role {
      case .parent:
        dilate(slice, for: index)
        try serve(index)
      case .child:
        steps[index].waiting.append(slice)
        try serve(index)
        return
      }
    }
    try receiver.takeResult(slice, z: finished[model], of: model)
    finished[model] += 1
  }

  /// Thresholds a slice of the parent and dilates what can be dilated.
  private func dilate(_ slice: SliceBuffer, for index: Int) {
    let threshold = combination.level(steps[index].interaction.threshold)
    var mask = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      for i in 0..<count { buffer[i] = slice.values[i] > threshold ? 1 : 0 }
      filled = count
    }
    switch steps[index].dilator {
    case .identity: steps[index].masks.append(mask)
    case .plane(let dilation):
      mask.withUnsafeMutableBufferPointer { dilation.dilate($0.baseAddress!) }
      steps[index].masks.append(mask)
    case .volume(let dilation):
      mask.withUnsafeBufferPointer { dilation.take($0.baseAddress!) }
      while mask.withUnsafeMutableBufferPointer({ dilation.next(into: $0.baseAddress!) }) {
        steps[index].masks.append(mask)
      }
    }
  }

  /// Changes the slices of an interaction's child whose masks are there, and moves them on.
  private func serve(_ index: Int) throws(AisError) {
    while !steps[index].masks.isEmpty, !steps[index].waiting.isEmpty {
      let mask = steps[index].masks.removeFirst()
      let slice = steps[index].waiting.removeFirst()
      let kept: UInt8 = steps[index].interaction.kind == .colocalize ? 1 : 0
      mask.withUnsafeBufferPointer { mask in
        let values = slice.values
        for i in 0..<count { values[i] = mask[i] == kept ? values[i] : 0 }
      }
      try move(slice, of: steps[index].interaction.child, from: steps[index].nextStation)
    }
  }
}

extension Combination {
  /// A threshold on the numbers that the rounding works on.
  func level(_ threshold: Double) -> Float {
    // Whole numbers are above 127.5 when they are above 127.
    rounding == .reference ? Float((threshold * 255).rounded(.down)) : Float(threshold)
  }

  /// The number that stands for a probability of 1.
  var unit: Float { rounding == .reference ? 255 : 1 }
}
