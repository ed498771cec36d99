import Foundation

/// The power spectrum of a cube, by a radix-2 Fourier transform along each axis (Cooley & Tukey 1965).
struct CubeSpectrum {
  let edge: Int
  /// Hann window, sampled at voxel centres.
  private let window: [Float]
  /// cos and −sin of 2π k / edge.
  private let cosines: [Float]
  private let sines: [Float]

  init(edge: Int) {
    precondition(edge > 1 && edge & (edge - 1) == 0, "the edge of the cube must be a power of two")
    self.edge = edge
    let angle = 2 * Double.pi / Double(edge)
    window = (0..<edge).map { Float(0.5 - 0.5 * cos(angle * (Double($0) + 0.5))) }
    cosines = (0..<edge / 2).map { Float(cos(angle * Double($0))) }
    sines = (0..<edge / 2).map { Float(-sin(angle * Double($0))) }
  }

  /// ln |F|² of the windowed cube with mean 0 and standard deviation 1, `[kz][ky][kx]`, frequency 0 first; `nil` for a
  /// cube of equal voxels.
  func logarithmicPower(of cube: [Float]) -> [Float]? {
    precondition(cube.count == edge * edge * edge, "the cube has \(edge)³ voxels")
    var sum = 0.0
    var squares = 0.0
    for value in cube { sum += Double(value) }
    let mean = sum / Double(cube.count)
    for value in cube { squares += (Double(value) - mean) * (Double(value) - mean) }
    let deviation = (squares / Double(cube.count)).squareRoot()
    guard deviation > 0, deviation.isFinite else { return nil }

    var real = [Float](repeating: 0, count: cube.count)
    var imaginary = real
    var i = 0
    for z in 0..<edge {
      for y in 0..<edge {
        let weight = window[z] * window[y]
        for x in 0..<edge {
          real[i] = Float((Double(cube[i]) - mean) / deviation) * weight * window[x]
          i += 1
        }
      }
    }
    // Each pass transforms the slowest axis and turns the axes round, so that three passes end where they began.
    for _ in 0..<3 {
      transformSlowestAxis(&real, &imaginary)
      real = turned(real)
      imaginary = turned(imaginary)
    }
    return zip(real, imaginary).map { Float(log(Double($0 * $0 + $1 * $1) + 1e-12)) }
  }

  /// [a][b][c] to [b][c][a].
  private func turned(_ values: [Float]) -> [Float] {
    let plane = edge * edge
    return [Float](unsafeUninitializedCapacity: values.count) { result, count in
      for rest in 0..<plane {
        for a in 0..<edge { result[rest * edge + a] = values[a * plane + rest] }
      }
      count = values.count
    }
  }

  /// Transforms along the slowest axis, a whole plane at a time so that the inner loop runs over adjacent numbers.
  private func transformSlowestAxis(_ real: inout [Float], _ imaginary: inout [Float]) {
    let plane = edge * edge
    real.withUnsafeMutableBufferPointer { re in
      imaginary.withUnsafeMutableBufferPointer { im in
        var reversed = 0
        for i in 1..<edge {
          var bit = edge >> 1
          while reversed & bit != 0 {
            reversed ^= bit
            bit >>= 1
          }
          reversed |= bit
          guard i < reversed else { continue }
          for j in 0..<plane {
            re.swapAt(i * plane + j, reversed * plane + j)
            im.swapAt(i * plane + j, reversed * plane + j)
          }
        }
        var half = 1
        while half < edge {
          for group in stride(from: 0, to: edge, by: 2 * half) {
            for k in 0..<half {
              let (c, s) = (cosines[k * (edge / (2 * half))], sines[k * (edge / (2 * half))])
              let a = (group + k) * plane
              let b = (group + k + half) * plane
              for j in 0..<plane {
                let (br, bi) = (re[b + j] * c - im[b + j] * s, re[b + j] * s + im[b + j] * c)
                re[b + j] = re[a + j] - br
                im[b + j] = im[a + j] - bi
                re[a + j] += br
                im[a + j] += bi
              }
            }
          }
          half *= 2
        }
      }
    }
  }
}
