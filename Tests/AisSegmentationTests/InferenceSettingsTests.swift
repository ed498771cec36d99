import AisCore
import AisSegmentation
import Testing

@Suite("Z range and settings")
struct InferenceSettingsTests {
  @Test(
    "the central part of the slices is rounded as the reference rounds",
    arguments: [
      (10, 35.0, 3..<7), (10, 100.0, 0..<10), (40, 60.0, 8..<32), (40, 20.0, 16..<24), (7, 1.0, 3..<4),
      (9, 50.0, 2..<6),
    ])
  func centre(count: Int, percent: Double, expected: Range<Int>) throws {
    #expect(try InferenceSettings.DepthRange.centre(percent: percent).slices(of: count) == expected)
  }

  @Test("a given range is cut to the tomogram, and refused outside it")
  func range() throws {
    #expect(try InferenceSettings.DepthRange.slices(5..<90).slices(of: 20) == 5..<20)
    #expect(throws: AisError.self) { try InferenceSettings.DepthRange.slices(20..<30).slices(of: 20) }
  }

  @Test("settings that make no sense are refused with a sentence")
  func nonsense() {
    var settings: [InferenceSettings] = Array(repeating: InferenceSettings(), count: 8)
    settings[0].augmentations = 9
    settings[1].augmentations = 0
    settings[2].depthRange = .centre(percent: 0)
    settings[3].depthRange = .slices(4..<4)
    settings[4].scaling = .pixelSize(.angstroms(0))
    settings[5].blur.y = .angstroms(-1)
    settings[6].slabStride = 0
    settings[7].tileOverlap = -1
    for setting in settings {
      #expect { try setting.validate() } throws: { ($0 as? AisError)?.code == .usage }
    }
    #expect(throws: Never.self) { try InferenceSettings().validate() }
  }
}
