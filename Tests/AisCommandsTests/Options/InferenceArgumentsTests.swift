import AisCommands
import AisCore
import AisSegmentation
import ArgumentParser
import Testing

@Suite("Options of ais segment")
struct InferenceArgumentsTests {
  private func settings(_ words: String...) throws -> InferenceSettings {
    let command = try SegmentCommand.parse(["-m", "a.scnm", "-o", "out", "t.mrc"] + words)
    return command.inference.settings
  }

  @Test("without options everything is as in the reference")
  func defaults() throws {
    #expect(try settings() == InferenceSettings())
  }

  @Test("lengths carry units and run x, y, z")
  func blur() throws {
    #expect(try settings("--blur", "2nm").blur == .init(z: .angstroms(20), y: .angstroms(20), x: .angstroms(20)))
    let uneven = try settings("--blur", "10A,20A,30A").blur
    #expect(uneven == .init(z: .angstroms(30), y: .angstroms(20), x: .angstroms(10)))
  }

  @Test("slices are counted from 0 and the end is left out")
  func range() throws {
    #expect(try settings("--z-range", "20:60").depthRange == .slices(20..<60))
    #expect(try settings("--z-range", ":60").depthRange == .slices(0..<60))
    #expect(try settings("--z-range", "20:").depthRange.slices(of: 50) == 20..<50)
    #expect(try settings("--center", "60%").depthRange == .centre(percent: 60))
    #expect(try settings("--center", "60").depthRange == .centre(percent: 60))
  }

  @Test("the processing pixel size is the model's, the tomogram's or a length")
  func scaling() throws {
    #expect(try settings("--processing-voxel-size", "model").scaling == .asTrained)
    #expect(try settings("--processing-voxel-size", "native").scaling == .native)
    #expect(try settings("--processing-voxel-size", "1.4nm").scaling == .pixelSize(.angstroms(14)))
  }

  @Test("a tile of -1 is the whole plane")
  func tile() throws {
    #expect(try settings("--tile=-1").tileEdge == nil)
    #expect(try settings("--tile", "256", "--overlap", "32", "--stride", "8").slabStride == 8)
  }

  @Test(
    "values that make no sense are refused",
    arguments: [
      ["--z-range", "5"], ["--z-range", "9:3"], ["--z-range", "-1:3"], ["--blur", "20"], ["--blur", "1A,2A"],
      ["--processing-voxel-size", "0A"], ["--processing-voxel-size", "10"], ["--tta", "0"], ["--center", "101"],
      ["--tile", "0"], ["--stride", "0"], ["--z-range", "1:2", "--center", "5"], ["--name", "{x}"],
    ])
  func refused(words: [String]) {
    #expect(throws: (any Error).self) {
      try SegmentCommand.parse(["-m", "a.scnm", "-o", "out", "t.mrc"] + words)
    }
  }
}
