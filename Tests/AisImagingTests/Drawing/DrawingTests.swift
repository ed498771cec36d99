import AisCore
import AisImaging
import Foundation
import Testing

@Suite("Contrast limits")
struct ContrastLimitsTests {
  @Test("cut 0.06 % at either end of every fourth pixel inside the border")
  func automatic() throws {
    // Pixel value = its row; border rows 0–15 and 84–99 must not count, of the others every fourth from row 16.
    let slice = (0..<100 * 120).map { Float($0 / 120) }
    let limits = try #require(ContrastLimits.automatic(slice, height: 100, width: 120))
    #expect(limits == ContrastLimits(low: 16, high: 80))
  }

  @Test("of a small slice look at all of it")
  func small() throws {
    let slice = (0..<64 * 64).map { Float($0 / 64) }
    #expect(ContrastLimits.automatic(slice, height: 64, width: 64) == ContrastLimits(low: 0, high: 60))
  }

  @Test("pass over what is no number, and are nothing without any")
  func notFinite() {
    var slice = [Float](repeating: 5, count: 64)
    slice[0] = .nan
    #expect(ContrastLimits.automatic(slice, height: 8, width: 8) == ContrastLimits(low: 5, high: 5))
    #expect(ContrastLimits.automatic([Float](repeating: .nan, count: 64), height: 8, width: 8) == nil)
    #expect(ContrastLimits(low: 0, high: 2).grey(1) == 0.5)
    #expect(ContrastLimits(low: 2, high: 0).grey(1.5) == 0.25)
    #expect(ContrastLimits(low: 0, high: 1).grey(.nan) == 0)
  }
}

@Suite("Pictures of slices")
struct SlicePictureTests {
  @Test("show row 0 at the bottom and column 0 at the left")
  func orientation() {
    // One bright voxel at row 0, column 0.
    var slice = [Float](repeating: 0, count: 6)
    slice[0] = 1
    let picture = SlicePicture.draw(
      slice, height: 2, width: 3, contrast: .init(low: 0, high: 1), pictureHeight: 2, pictureWidth: 3)
    #expect(picture[x: 0, y: 1] == .white)
    #expect(picture[x: 0, y: 0] == .black)
    #expect(picture[x: 2, y: 1] == .black)
  }

  @Test("paint a feature in its colour where it is above the threshold only")
  func overlay() {
    let slice = [Float](repeating: 0, count: 400)
    let confidence = (0..<400).map { Float($0 % 20 >= 10 ? 1 : 0) }
    let red = Colour(red: 1, green: 0, blue: 0)
    let picture = SlicePicture.draw(
      slice, height: 20, width: 20, contrast: .init(low: 0, high: 1),
      overlays: [SliceOverlay(title: "A", colour: red, confidence: confidence, threshold: 0.5)], opacity: 0.5,
      pictureHeight: 20, pictureWidth: 20)
    #expect(picture[x: 2, y: 5] == .black)
    #expect(abs(picture[x: 17, y: 5].red - 0.5) < 0.01)
    #expect(picture[x: 17, y: 5].green == 0)
    // The outline is stronger than the tint.
    #expect(picture[x: 10, y: 5].red > 0.6)
  }
}

@Suite("Text and scale bars")
struct TextTests {
  @Test("every glyph leaves ink, within its line, and a missing one is a box")
  func glyphs() {
    let font = StrokeFont(capitalHeight: 14)
    for character in "ABCXYZabcxyz0189.,-–·…×Åµ°✓|中" {
      var picture = Picture(width: 40, height: 40, fill: .black)
      font.draw(String(character), on: &picture, x: 10, y: 26, colour: .white)
      var ink = 0
      for y in 0..<40 { for x in 0..<40 where picture[x: x, y: y].red > 0.3 { ink += 1; #expect(y > 4 && y < 34) } }
      #expect(ink >= 2, "\(character)")
    }
  }

  @Test("a line is as wide as it says, and is cut in its middle")
  func width() {
    let font = StrokeFont(capitalHeight: 20)
    let text = "HIH"
    var picture = Picture(width: 200, height: 60, fill: .black)
    font.draw(text, on: &picture, x: 10, y: 40, colour: .white)
    let columns = (0..<200).filter { x in (0..<60).contains { picture[x: x, y: $0].red > 0.5 } }
    #expect(abs(Double(columns.last! - columns.first! + 1) - font.width(of: text)) <= 2)
    #expect(font.shortened("a_very_long_name_of_a_tomogram.mrc", to: 150).contains("…"))
    #expect(font.width(of: font.shortened("a_very_long_name_of_a_tomogram.mrc", to: 150)) <= 150)
    #expect(font.shortened("ab", to: 1000) == "ab")
  }

  @Test(
    "scale bars have round lengths",
    arguments: [(1000.0, "200 nm"), (200, "50 nm"), (64, "10 nm"), (12_000, "2 µm"), (1.5, "2 Å"), (0.5, "1 Å")])
  func scaleBars(width: Double, label: String) throws {
    let bar = try #require(ScaleBar(fieldWidth: .nanometers(width)))
    #expect(bar.label == label)
    #expect(bar.length.nanometer <= 0.28 * width)
  }

  @Test("there is no scale bar without a size")
  func noScaleBar() {
    #expect(ScaleBar(fieldWidth: .angstroms(0)) == nil)
    #expect(ScaleBar(fieldWidth: .angstroms(.nan)) == nil)
  }

  @Test("what sticks out of a picture is cut")
  func clipping() {
    var picture = Picture(width: 10, height: 10, fill: .black)
    picture.draw(Picture(width: 6, height: 6, fill: .white), x: 7, y: -3)
    picture.draw(Picture(width: 6, height: 6, fill: .white), x: -5, y: 8)
    picture.draw(Picture(width: 3, height: 3, fill: .white), x: 30, y: 30)
    picture.fill(.white, x: -20, y: -20, width: 5, height: 5)
    let bright = (0..<100).filter { picture[x: $0 % 10, y: $0 / 10] == .white }
    #expect(bright.count == 3 * 3 + 1 * 2)
  }
}
