import AisCore
import Foundation

/// Simulates a piece of a cryo-tomogram: dark features in noise, without the wedge of Fourier space that a tilt series
/// leaves out. Small and slow: Fourier transforms are written as sums.
package struct WedgePhantom: Sendable {
  package enum Content: Sendable { case cell, sparse, fibres, gold, noise }
  package enum TiltAxis: Sendable { case y, x }

  package var seed: UInt64 = 1
  package var shape = Shape(z: 64, y: 64, x: 64)
  package var content = Content.cell
  /// Variance of the picture over that of the noise.
  package var signalToNoise = 0.3
  package var maximumTilt = 60.0
  package var tiltAxis = TiltAxis.y
  package var hasWedge = true
  /// Standard deviation of a Gaussian low-pass filter, in cycles per voxel.
  package var lowPass: Double?

  package init() {}

  package func volume() -> Volume<Float> {
    var random = SeededGenerator(seed: seed)
    var real = features(&random).map { -$0 }
    let mean = real.reduce(0, +) / Double(real.count)
    let variance = real.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(real.count)
    let noise = variance > 0 ? (variance / signalToNoise).squareRoot() : 1
    for i in real.indices { real[i] += noise * Self.gaussian(&random) }
    var imaginary = [Double](repeating: 0, count: real.count)
    transform(&real, &imaginary, sign: -1)
    let slope = tan(maximumTilt * .pi / 180)
    for z in 0..<shape.z {
      for y in 0..<shape.y {
        for x in 0..<shape.x {
          let k = (z: Self.frequency(z, shape.z), y: Self.frequency(y, shape.y), x: Self.frequency(x, shape.x))
          var factor = 1.0
          if hasWedge, abs(k.z) > slope * abs(tiltAxis == .y ? k.x : k.y) + 1e-9 { factor = 0 }
          if let lowPass { factor *= exp(-(k.z * k.z + k.y * k.y + k.x * k.x) / (2 * lowPass * lowPass)) }
          let i = (z * shape.y + y) * shape.x + x
          real[i] *= factor
          imaginary[i] *= factor
        }
      }
    }
    transform(&real, &imaginary, sign: 1)
    return Volume(shape: shape, voxels: real.map { Float($0) })
  }

  /// Bright features on 0.
  private func features(_ random: inout SeededGenerator) -> [Double] {
    var values = [Double](repeating: 0, count: shape.count)
    func place(_ random: inout SeededGenerator) -> [Double] {
      [shape.z, shape.y, shape.x].map { Double.random(in: 0..<Double($0), using: &random) }
    }
    func add(_ body: (_ z: Double, _ y: Double, _ x: Double) -> Double) {
      var i = 0
      for z in 0..<shape.z {
        for y in 0..<shape.y {
          for x in 0..<shape.x {
            values[i] += body(Double(z), Double(y), Double(x))
            i += 1
          }
        }
      }
    }
    let counts: (vesicles: Int, particles: Int, fibres: Int, gold: Int) =
      switch content {
      case .cell: (4, 40, 2, 0)
      case .sparse: (1, 8, 0, 0)
      case .fibres: (0, 0, 16, 0)
      case .gold: (0, 0, 0, 1)
      case .noise: (0, 0, 0, 0)
      }
    for _ in 0..<counts.vesicles {
      let c = place(&random)
      let radius = Double.random(in: 8...20, using: &random)
      add { z, y, x in
        let d = ((z - c[0]) * (z - c[0]) + (y - c[1]) * (y - c[1]) + (x - c[2]) * (x - c[2])).squareRoot() - radius
        return abs(d) > 6 ? 0 : exp(-d * d / 2.9)
      }
    }
    for _ in 0..<counts.particles {
      let c = place(&random)
      let sigma = Double.random(in: 1...3, using: &random)
      add { z, y, x in
        let d = (z - c[0]) * (z - c[0]) + (y - c[1]) * (y - c[1]) + (x - c[2]) * (x - c[2])
        return d > 20 * sigma * sigma ? 0 : 1.2 * exp(-d / (2 * sigma * sigma))
      }
    }
    for _ in 0..<counts.fibres {
      let c = place(&random)
      // Along x, a little askew, as filaments lie in a slab.
      let u = [0.1 * Self.gaussian(&random), 0.2 * Self.gaussian(&random), 1]
      let length = u.reduce(0) { $0 + $1 * $1 }
      add { z, y, x in
        let p = [z - c[0], y - c[1], x - c[2]]
        let t = (p[0] * u[0] + p[1] * u[1] + p[2] * u[2]) / length.squareRoot()
        let d = p[0] * p[0] + p[1] * p[1] + p[2] * p[2] - t * t
        return d > 40 ? 0 : exp(-d / 4.5)
      }
    }
    for _ in 0..<counts.gold {
      let c = place(&random)
      add { z, y, x in
        let d = ((z - c[0]) * (z - c[0]) + (y - c[1]) * (y - c[1]) + (x - c[2]) * (x - c[2])).squareRoot()
        return 15 / (1 + exp((d - 4) * 2))
      }
    }
    return values
  }

  private static func frequency(_ i: Int, _ n: Int) -> Double { Double(i < (n + 1) / 2 ? i : i - n) / Double(n) }

  private static func gaussian(_ random: inout SeededGenerator) -> Double {
    let radius = (-2 * log(Double.random(in: 1e-12..<1, using: &random))).squareRoot()
    return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
  }

  /// The Fourier sum along each axis; divided by the number of voxels on the way back.
  private func transform(_ real: inout [Double], _ imaginary: inout [Double], sign: Double) {
    for (length, step) in [(shape.x, 1), (shape.y, shape.x), (shape.z, shape.x * shape.y)] {
      let cosines = (0..<length).map { cos(2 * .pi * Double($0) / Double(length)) }
      let sines = (0..<length).map { sign * sin(2 * .pi * Double($0) / Double(length)) }
      let scale = sign > 0 ? 1 / Double(length) : 1
      var lineReal = [Double](repeating: 0, count: length)
      var lineImaginary = lineReal
      for start in 0..<real.count where start / step % length == 0 {
        for j in 0..<length {
          lineReal[j] = real[start + j * step]
          lineImaginary[j] = imaginary[start + j * step]
        }
        for k in 0..<length {
          var (sumReal, sumImaginary, phase) = (0.0, 0.0, 0)
          for j in 0..<length {
            sumReal += lineReal[j] * cosines[phase] - lineImaginary[j] * sines[phase]
            sumImaginary += lineReal[j] * sines[phase] + lineImaginary[j] * cosines[phase]
            phase += k
            if phase >= length { phase -= length }
          }
          real[start + k * step] = sumReal * scale
          imaginary[start + k * step] = sumImaginary * scale
        }
      }
    }
  }
}
