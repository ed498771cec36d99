import AisImaging
import Testing

@Suite("Gaussian filter")
struct GaussianFilterTests {
  @Test("equals SciPy's gaussian_filter", arguments: ImagingGoldens.all.blurs.indices)
  func scipy(index: Int) {
    let golden = ImagingGoldens.all.blurs[index]
    let blurred = GaussianFilter.blurred(
      golden.input, z: golden.shape[0], y: golden.shape[1], x: golden.shape[2],
      sigma: (golden.sigma[0], golden.sigma[1], golden.sigma[2]),
      border: golden.border == "mirror" ? .wholeSample : .halfSample)
    #expect(relativeDifference(blurred, golden.output) <= 2e-7)
  }

  @Test("a constant stays constant and no blur changes no bit", arguments: [0, 0.3, 1, 7.5])
  func constant(sigma: Double) {
    let volume = [Float](repeating: 3.25, count: 4 * 5 * 6)
    let blurred = GaussianFilter.blurred(volume, z: 4, y: 5, x: 6, sigma: (sigma, sigma, sigma))
    #expect(relativeDifference(blurred, volume) <= 1e-7)
    if sigma == 0 { #expect(blurred == volume) }
  }

  @Test("the number of threads changes no bit")
  func threads() {
    let volume = (0..<2 * 150 * 260).map { Float(($0 * 7919) % 1009) }
    let one = GaussianFilter.blurred(volume, z: 2, y: 150, x: 260, sigma: (1, 2, 3), threads: 1)
    let five = GaussianFilter.blurred(volume, z: 2, y: 150, x: 260, sigma: (1, 2, 3), threads: 5)
    #expect(one == five)
  }
}
