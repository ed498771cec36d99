import AisImaging
import Testing

@Suite("Padding and orientations")
struct GeometryTests {
  @Test("reflection equals NumPy's, however long", arguments: ImagingGoldens.all.paddings.indices)
  func reflection(index: Int) {
    let golden = ImagingGoldens.all.paddings[index]
    let padding = AxisPadding(count: golden.count, before: golden.before, after: golden.after)
    #expect(padding.sources == golden.sources)
  }

  @Test("whole slices are padded to a multiple of 32 plus 64, the smaller half first")
  func wholeSlice() {
    #expect(AxisPadding.wholeSlice(100) == AxisPadding(count: 100, before: 46, after: 46))
    #expect(AxisPadding.wholeSlice(128) == AxisPadding(count: 128, before: 32, after: 32))
    #expect(AxisPadding.wholeSlice(96).total == 160)
    #expect(AxisPadding.wholeSlice(512).total == 576)
    #expect(AxisPadding.wholeSlice(129) == AxisPadding(count: 129, before: 47, after: 48))
    #expect(AxisPadding.wholeSlice(96, multiple: 64).total == 192)
    #expect(AxisPadding.wholeSlice(129, multiple: 96) == AxisPadding(count: 129, before: 79, after: 80))
  }

  @Test(
    "tiles fit exactly",
    arguments: [
      (100, 64, 51, 104, 5), (120, 64, 51, 84, 5), (512, 64, 51, 100, 13), (64, 64, 64, 64, 3), (64, 64, 21, 83, 8),
    ])
  func tiled(count: Int, tile: Int, stride: Int, after: Int, tiles: Int) {
    let padding = AxisPadding.tiled(count, tile: tile, stride: stride, context: 64)
    #expect(padding.before == 64)
    #expect((padding.total - tile) % stride == 0)
    #expect((padding.total - tile) / stride + 1 == tiles)
    #expect(padding.after == after)
  }

  @Test("turns equal NumPy's rot90, and mirrors follow", arguments: ImagingGoldens.all.turns.indices)
  func turns(index: Int) {
    let golden = ImagingGoldens.all.turns[index]
    let orientation = Orientation.augmentations(8)[golden.index]
    #expect(orientation.applied(to: (0..<12).map(Float.init), y: 3, x: 4) == golden.output)
    #expect([orientation.size(y: 3, x: 4).y, orientation.size(y: 3, x: 4).x] == golden.shape)
  }

  @Test("the eight orientations differ")
  func distinct() {
    let images = Orientation.augmentations(8).map { $0.applied(to: (0..<9).map(Float.init), y: 3, x: 3) }
    #expect(Set(images).count == 8)
  }
}
