/// Least squares with rows of few consecutive coefficients, solved by Givens rotations: rows come one by one and are
/// turned into an upper triangular band.
package struct BandedLeastSquares {
  private let unknowns: Int
  private let width: Int
  /// Row i holds the coefficients of unknowns i, i + 1, …, i + width − 1.
  private var triangle: [Double]
  private var rightSide: [SIMD3<Double>]

  package init(unknowns: Int, width: Int) {
    precondition(width > 1, "equations of one unknown need no system")
    self.unknowns = unknowns
    self.width = width
    triangle = [Double](repeating: 0, count: unknowns * width)
    rightSide = [SIMD3<Double>](repeating: .zero, count: unknowns)
  }

  /// Adds an equation: the coefficients of the unknowns from `first` on, at most `width` of them.
  package mutating func add(_ coefficients: [Double], from first: Int, equals value: SIMD3<Double>) {
    var row = coefficients + [Double](repeating: 0, count: width - coefficients.count)
    var value = value
    for unknown in first..<unknowns {
      if row[0] != 0 {
        let diagonal = triangle[unknown * width]
        let length = (diagonal * diagonal + row[0] * row[0]).squareRoot()
        let (cosine, sine) = (diagonal / length, row[0] / length)
        for index in 0..<width {
          let (upper, lower) = (triangle[unknown * width + index], row[index])
          triangle[unknown * width + index] = cosine * upper + sine * lower
          row[index] = cosine * lower - sine * upper
        }
        let upper = rightSide[unknown]
        rightSide[unknown] = upper * cosine + value * sine
        value = value * cosine - upper * sine
      }
      // The first coefficient is now 0: the next unknown comes to the front.
      var isDone = true
      for index in 1..<width {
        row[index - 1] = row[index]
        if row[index] != 0 { isDone = false }
      }
      row[width - 1] = 0
      if isDone { return }
    }
  }

  /// The unknowns, by substitution from the last. Unknowns that no equation decides become 0.
  package func solution() -> [SIMD3<Double>] {
    let largest = triangle.lazy.map(abs).max() ?? 0
    var result = [SIMD3<Double>](repeating: .zero, count: unknowns)
    for unknown in stride(from: unknowns - 1, through: 0, by: -1) {
      var sum = rightSide[unknown]
      for index in 1..<width where unknown + index < unknowns {
        sum -= result[unknown + index] * triangle[unknown * width + index]
      }
      let diagonal = triangle[unknown * width]
      result[unknown] = abs(diagonal) > 1e-14 * largest ? sum / diagonal : .zero
    }
    return result
  }
}
