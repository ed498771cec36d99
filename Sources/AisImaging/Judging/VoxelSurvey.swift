import AisCore

/// What a pass over some slices of a tomogram says about its values: statistics, voxels that are no numbers, empty
/// borders, and whether bytes were read with the wrong sign.
package struct VoxelSurvey: Sendable {
  /// Slices looked at, ascending.
  package private(set) var slices: [Int] = []
  /// Slices among them whose voxels are all equal.
  package private(set) var constantSlices: [Int] = []
  package private(set) var minimum = Float.infinity
  package private(set) var maximum = -Float.infinity
  package private(set) var nanCount = 0
  package private(set) var infiniteCount = 0
  /// Voxels looked at.
  package private(set) var voxelCount = 0
  /// Whether all finite values are whole numbers.
  package private(set) var isWhole = true
  package private(set) var byteSteps = ByteSteps()

  private let shape: Shape
  private var sum = 0.0
  private var sumOfSquares = 0.0
  private var shift: Double?
  private var rowIsAlive: [Bool]
  private var columnIsAlive: [Bool]
  private var candidate = Float.nan
  private var lead = 0
  private var candidateCount = 0
  private var sampled = 0

  package init(shape: Shape) {
    self.shape = shape
    rowIsAlive = [Bool](repeating: false, count: shape.y)
    columnIsAlive = [Bool](repeating: false, count: shape.x)
  }

  /// Of the finite voxels.
  package var mean: Double { finiteCount == 0 ? .nan : sum / Double(finiteCount) + (shift ?? 0) }
  package var deviation: Double {
    guard finiteCount > 0 else { return .nan }
    let mean = sum / Double(finiteCount)
    return max(0, sumOfSquares / Double(finiteCount) - mean * mean).squareRoot()
  }
  package var finiteCount: Int { voxelCount - nanCount - infiniteCount }

  /// Rows and columns that hold something in at least one slice, as one range each; empty when none does.
  package var rows: Range<Int> { Self.span(rowIsAlive) }
  package var columns: Range<Int> { Self.span(columnIsAlive) }

  /// The value that most voxels have, with an estimate of its share, when one value has more than half of those in
  /// rows and columns that hold something: a mask or a segmentation rather than a picture.
  package var commonValue: (value: Float, share: Double)? {
    guard sampled > 0, !candidate.isNaN else { return nil }
    let share = Double(candidateCount) / Double(sampled)
    return share > 0.5 ? (candidate, share) : nil
  }

  /// Adds slice `z`: `shape.sliceCount` values.
  package mutating func add(slice: [Float], z: Int) {
    precondition(slice.count == shape.sliceCount, "a slice of \(shape) has \(shape.sliceCount) voxels")
    slices.append(z)
    voxelCount += slice.count
    let shift = Float(self.shift ?? Double(slice.first { $0.isFinite } ?? 0))
    self.shift = Double(shift)
    var sum = 0.0
    var squares = 0.0
    var (low, high) = (Float.infinity, -Float.infinity)
    var columnLow = [Float](repeating: .infinity, count: shape.x)
    var columnHigh = [Float](repeating: -.infinity, count: shape.x)
    for y in 0..<shape.y {
      let row = slice[y * shape.x..<(y + 1) * shape.x]
      var (rowLow, rowHigh) = (Float.infinity, -Float.infinity)
      for (x, value) in row.enumerated() {
        guard value.isFinite else {
          if value.isNaN { nanCount += 1 } else { infiniteCount += 1 }
          continue
        }
        rowLow = min(rowLow, value)
        rowHigh = max(rowHigh, value)
        columnLow[x] = min(columnLow[x], value)
        columnHigh[x] = max(columnHigh[x], value)
        if isWhole, value != value.rounded() { isWhole = false }
        let difference = Double(value - shift)
        sum += difference
        squares += difference * difference
      }
      if rowHigh > rowLow { rowIsAlive[y] = true }
      low = min(low, rowLow)
      high = max(high, rowHigh)
    }
    for x in 0..<shape.x where columnHigh[x] > columnLow[x] { columnIsAlive[x] = true }
    self.sum += sum
    sumOfSquares += squares
    minimum = min(minimum, low)
    maximum = max(maximum, high)
    if !(high > low) {
      constantSlices.append(z)
      return
    }
    if isWhole, minimum >= -128, maximum <= 255 { byteSteps.add(slice: slice, shape: shape) }
    vote(slice)
  }

  /// Finds the one value that may have the majority (Boyer & Moore 1991) and counts it from then on.
  private mutating func vote(_ slice: [Float]) {
    for i in stride(from: 0, to: slice.count, by: 3) where rowIsAlive[i / shape.x] {
      let value = slice[i]
      sampled += 1
      if value == candidate {
        lead += 1
        candidateCount += 1
      } else if lead == 0 {
        candidate = value
        lead = 1
        candidateCount = 1
      } else {
        lead -= 1
      }
    }
  }

  private static func span(_ alive: [Bool]) -> Range<Int> {
    guard let first = alive.firstIndex(of: true), let last = alive.lastIndex(of: true) else { return 0..<0 }
    return first..<last + 1
  }
}

/// Steps between neighbouring voxels, as the bytes are read and as they would be with the other sign.
///
/// Pictures are smooth: read with the wrong sign, the values 127 and 128 become 127 and −128, and a step of 1 becomes
/// one of 255.
package struct ByteSteps: Sendable {
  /// Sum of |step| as read.
  package private(set) var asRead = 0.0
  /// Sum of |step| with the other sign.
  package private(set) var otherwise = 0.0
  /// Steps of more than 128 as read.
  package private(set) var jumps = 0
  package private(set) var count = 0
  /// Whether a value below 0 was met, so that the bytes were read as signed.
  package private(set) var isSigned = false

  package enum Verdict: Sendable {
    /// Both readings are equally smooth: no voxel crosses the wrap.
    case alike
    case right
    case wrong
    case unclear
  }

  /// Wrong when the other reading is at least a tenth smoother and the picture is torn in 20 places or more.
  package var verdict: Verdict {
    guard count > 0, asRead != otherwise else { return .alike }
    if otherwise < 0.9 * asRead { return jumps >= 20 ? .wrong : .unclear }
    return otherwise > 1.1 * asRead ? .right : .unclear
  }

  mutating func add(slice: [Float], shape: Shape) {
    for y in 0..<shape.y {
      for x in 1..<max(1, shape.x) {
        let a = slice[y * shape.x + x - 1]
        let b = slice[y * shape.x + x]
        guard a.isFinite, b.isFinite else { continue }
        if a < 0 { isSigned = true }
        let step = abs(a - b)
        asRead += Double(step)
        otherwise += Double(abs(Self.other(a) - Self.other(b)))
        if step > 128 { jumps += 1 }
        count += 1
      }
    }
  }

  private static func other(_ value: Float) -> Float { value < 0 ? value + 256 : value > 127 ? value - 256 : value }
}
