import Foundation

/// Turns and magnifies the slices of a box about its middle.
struct PlaneWarp: Sendable, Hashable {
  /// Radians.
  var angle = 0.0
  var magnification = 1.0

  var isIdentity: Bool { angle == 0 && magnification == 1 }

  /// Images are interpolated with cubic convolution (Keys 1981) and filled up with their slice's mean; labels are interpolated
  /// linearly, and unknown (2) where anything unknown or outside contributes.
  func apply(to box: inout TrainingBox) {
    if isIdentity { return }
    let places = places(size: box.size)
    box.image = Self.resampled(box.image, depth: box.depth, size: box.size, places, with: Self.cubic)
    box.label = Self.resampled(box.label, depth: box.labelDepth, size: box.size, places, with: Self.linear)
  }

  /// Where each pixel comes from, or `nil` when that is outside.
  private func places(size: Int) -> [(y: Double, x: Double)?] {
    let middle = Double(size - 1) / 2
    let (cosine, sine) = (cos(angle) / magnification, sin(angle) / magnification)
    let last = Double(size - 1)
    return (0..<size * size).map { i in
      let (dy, dx) = (Double(i / size) - middle, Double(i % size) - middle)
      let (y, x) = (middle + cosine * dy - sine * dx, middle + sine * dy + cosine * dx)
      // Rounding must not make the border unknown where a pixel falls on it.
      guard y > -1e-9, x > -1e-9, y < last + 1e-9, x < last + 1e-9 else { return nil }
      return (min(max(y, 0), last), min(max(x, 0), last))
    }
  }

  private typealias Interpolation = (UnsafeBufferPointer<Float>, Int, (y: Double, x: Double)?) -> Float?

  private static func resampled(
    _ values: [Float], depth: Int, size: Int, _ places: [(y: Double, x: Double)?], with interpolate: Interpolation
  ) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(values.count)
    values.withUnsafeBufferPointer { all in
      for z in 0..<depth {
        let slice = UnsafeBufferPointer(rebasing: all[z * size * size..<(z + 1) * size * size])
        let mean = Float(slice.reduce(0.0) { $0 + Double($1) } / Double(slice.count))
        for place in places { result.append(interpolate(slice, size, place) ?? mean) }
      }
    }
    return result
  }

  private static func cubic(_ slice: UnsafeBufferPointer<Float>, _ size: Int, _ place: (y: Double, x: Double)?)
    -> Float?
  {
    guard let place else { return nil }
    let (top, left) = (Int(place.y), Int(place.x))
    let (alongY, alongX) = (weights(place.y - Double(top)), weights(place.x - Double(left)))
    var sum = 0.0
    for i in 0..<4 {
      let row = min(max(top + i - 1, 0), size - 1) * size
      var line = 0.0
      for k in 0..<4 { line += alongX[k] * Double(slice[row + min(max(left + k - 1, 0), size - 1)]) }
      sum += alongY[i] * line
    }
    return Float(sum)
  }

  /// Of the four pixels around a place that lies `t` behind the second.
  private static func weights(_ t: Double) -> SIMD4<Double> {
    SIMD4(
      ((-0.5 * t + 1) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1, ((-1.5 * t + 2) * t + 0.5) * t,
      (0.5 * t - 0.5) * t * t)
  }

  private static func linear(_ slice: UnsafeBufferPointer<Float>, _ size: Int, _ place: (y: Double, x: Double)?)
    -> Float?
  {
    guard let place else { return 2 }
    let (top, left) = (Int(place.y), Int(place.x))
    let (fy, fx) = (place.y - Double(top), place.x - Double(left))
    var sum = 0.0
    for (row, wy) in [(top, 1 - fy), (top + 1, fy)] where wy > 0 {
      for (column, wx) in [(left, 1 - fx), (left + 1, fx)] where wx > 0 {
        let value = slice[min(row, size - 1) * size + min(column, size - 1)]
        if value > 1.5 { return 2 }
        sum += wy * wx * Double(value)
      }
    }
    return Float(sum)
  }
}
