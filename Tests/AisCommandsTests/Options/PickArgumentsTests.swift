import AisCommands
import AisCore
import AisFormats
import AisPicking
import AisWorkflows
import ArgumentParser
import Testing

@Suite("Options of ais pick")
struct PickArgumentsTests {
  private func request(_ words: String...) throws -> PickRequest {
    let command = try PickCommand.parse(["-o", "out", "a__B.mrc"] + words)
    var request = PickRequest(inputs: command.segmentations, outputFolder: command.output, memoryLimit: 1, threads: 1)
    try command.rules.fill(&request)
    try command.list.fill(&request)
    return request
  }

  @Test("thresholds below 1 are parts of certainty, others count to 255")
  func thresholds() throws {
    #expect(try request().threshold == .level(128))
    #expect(try request("--threshold", "0.5").threshold == .level(127.5))
    #expect(try request("--threshold", "1").threshold == .level(1))
    #expect(try request("-t", "200").threshold == .level(200))
    #expect(try request("--threshold", "0").threshold == .level(0))
    #expect(try request("--threshold", "auto").threshold == .automatic)
    for bad in ["255", "-1", "nan", "inf", "high", ""] {
      #expect(throws: (any Error).self) { try request("--threshold=\(bad)") }
    }
  }

  @Test("a box has x, y and z, and its open sides reach to the end")
  func regions() throws {
    let box = try #require(try request("--region", "10:20,:5,7:").region)
    #expect(box.x == 10..<20 && box.y == 0..<5 && box.z.lowerBound == 7 && box.z.upperBound > 1 << 20)
    for bad in ["1:2,3:4", "1:2,3:4,5", "2:2,0:1,0:1", "-1:2,0:1,0:1", "a:b,0:1,0:1", ""] {
      #expect(throws: (any Error).self) { try request("--region=\(bad)") }
    }
  }

  @Test("lengths and volumes carry their unit, or count voxels")
  func quantities() throws {
    #expect(try request("--spacing", "20nm").spacing == .length(.angstroms(200)))
    #expect(try request("--spacing", "15px").spacing == .voxels(15))
    #expect(try request("--spacing", "1.5 voxels").spacing == .voxels(1.5))
    #expect(try request("--min-volume", "500nm3").minimumVolume == .cubicAngstroms(500_000))
    #expect(try request("--min-volume", "120px").minimumVolume == .voxels(120))
    for bad in ["10", "10kg", "-1nm", "10nm3"] {
      #expect(throws: (any Error).self) { try request("--spacing=\(bad)") }
    }
    for bad in ["10", "10nm", "-1nm3"] {
      #expect(throws: (any Error).self) { try request("--min-volume=\(bad)") }
    }
  }

  @Test("the method and its seeds are what was asked for")
  func methods() throws {
    #expect(try request().method == .particles(.apart))
    #expect(try request("--seeds", "all").method == .particles(.all))
    #expect(try request("--method", "reference-peaks").method == .referencePeaks)
    #expect(
      try request("--orient", "long-axis", "--orient-sign", "out").orientation == .init(axis: .longAxis, sign: .out))
    #expect(throws: (any Error).self) { try request("--method", "peaks") }
  }

  @Test("what contradicts itself is refused before any file is looked at")
  func contradictions() {
    for words in [
      ["--binning", "0"], ["--limit", "0"], ["--label", "0"], ["--method", "reference-peaks", "--orient", "normal"],
      ["--decimals", "13"],
    ] {
      #expect(throws: (any Error).self) { try PickCommand.parse(["-o", "out", "a__B.mrc"] + words) }
    }
  }
}
