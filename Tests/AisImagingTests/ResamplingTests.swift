import AisImaging
import Testing

@Suite("Resampling")
struct ResamplingTests {
  @Test("shrinking and growing equals scikit-image's resize", arguments: ImagingGoldens.all.resizes.indices)
  func resize(index: Int) {
    let golden = ImagingGoldens.all.resizes[index]
    let resampler = SliceResampler.antialiased(
      from: (golden.source[0], golden.source[1]), to: (golden.target[0], golden.target[1]))
    #expect(relativeDifference(resampler.resampled(golden.input), golden.output) <= 2e-7)
  }

  @Test("the way back equals SciPy's linear zoom", arguments: ImagingGoldens.all.splines.indices)
  func zoom(index: Int) {
    let golden = ImagingGoldens.all.splines[index]
    let resampler = SliceResampler.spline(
      from: (golden.source[0], golden.source[1]), to: (golden.target[0], golden.target[1]))
    #expect(relativeDifference(resampler.resampled(golden.input), golden.output) <= 2e-7)
  }

  @Test("the number of threads changes no bit")
  func threads() {
    let image = (0..<300 * 200).map { Float(($0 * 7919) % 1009) }
    let resampler = SliceResampler.antialiased(from: (300, 200), to: (170, 131))
    #expect(resampler.resampled(image, threads: 1) == resampler.resampled(image, threads: 5))
  }

  @Test("the same size is the same image")
  func identity() {
    let image: [Float] = [1, 2, 3, 4, .nan, 6]
    let resampler = SliceResampler.antialiased(from: (2, 3), to: (2, 3))
    #expect(resampler.isIdentity)
    #expect(resampler.resampled(image).map(\.bitPattern) == image.map(\.bitPattern))
  }
}
