import AisCore
import AisFormats
import Testing

@Suite("STAR files")
struct STARFileTests {
  private func parse(_ text: String) throws(AisError) -> STARFile {
    try STARFile(parsing: Array(text.utf8), name: "x.star")
  }

  @Test("single values, tables, comments and quotes are read")
  func blocks() throws {
    let star = try parse(
      """
      # version 30001

      data_general
      _rlnTomoSubTomosAre2DStacks   1
      _rlnName  "two words"  # why

      data_particles

      loop_
      _rlnCoordinateX #1
      _rlnName #2
        1.5\t'a b'

      -2e3  5'-end
      # a remark
      3 ""
      """)
    #expect(star.blocks.map(\.name) == ["general", "particles"])
    #expect(star.blocks[0].comments == ["version 30001"])
    #expect(star.block("general")?.value("rlnTomoSubTomosAre2DStacks") == "1")
    #expect(star.block("general")?.value("rlnName") == "two words")
    let table = try #require(star.block("particles")?.loops.first)
    #expect(table.columns == ["rlnCoordinateX", "rlnName"])
    #expect(table.cells == ["1.5", "a b", "-2e3", "5'-end", "3", ""])
    #expect(star.blocks[1].comments == ["a remark"])
  }

  @Test("line ends of Windows, old Macs and files without a last one are the same", arguments: ["\n", "\r\n", "\r"])
  func lineEnds(end: String) throws {
    let text = ["\u{FEFF}data_", "loop_ ", "_x #1 ", "_y #2", "", "1 2 ", "3 4"].joined(separator: end)
    let star = try parse(text)
    #expect(star.blocks[0].loops[0].cells == ["1", "2", "3", "4"])
    #expect(star.blocks[0].name == "")
  }

  @Test("a table is closed by the next table, block or label, and keeps rows that begin like a block")
  func ends() throws {
    let star = try parse("data_a\nloop_\n_x\n_y\ndata_1.mrc 2\nloop_\n_z\n3\n_w 4\ndata_b\n_v 5\n")
    #expect(star.blocks[0].loops.map(\.cells) == [["data_1.mrc", "2"], ["3"]])
    #expect(star.blocks[0].items == [STARItem(label: "w", value: "4")])
    #expect(star.blocks[1].table?.cells == ["5"])
    #expect(try parse("DATA_a\nLOOP_\n_x\n1\n").blocks[0].loops[0].rowCount == 1)
  }

  @Test(
    "what is not sound is refused with its line",
    arguments: [
      ("", "line 0: the file ends without a 'data_' block"), ("\n\n", "line 2: the file ends without a 'data_' block"),
      ("data_\nloop_\n_x\n_y\n1 2\n3\n", "line 6: 1 values where the table has 2 columns"),
      ("data_\nloop_\n_x\n1 2\n", "line 4: 2 values where the table has 1 columns"),
      ("data_\nloop_\n_x\n_x\n1 2\n", "line 4: '_x' is given twice"),
      ("data_\n_x 1\n_x 2\n", "line 3: '_x' is given twice"),
      ("data_\n_x\n", "line 2: '_x' should have one value, it has 0"),
      ("data_\n_x 1 2\n", "line 2: '_x' should have one value, it has 2"),
      ("_x 1\n", "line 1: '_x' stands before the first 'data_' block"),
      ("loop_\n_x\n", "line 1: 'loop_' stands before the first 'data_' block"),
      ("data_\n1 2 3\n", "line 2: '1' belongs to no label and no table"),
      ("data_\nloop_\n", "line 2: 'loop_' without columns"),
      ("data_\nloop_\n1 2\n", "line 3: a row, but 'loop_' has named no columns"),
      ("data_\n_x 'abc\n", "line 2: a value in quotes has no end"),
      ("data_\n_x 1\u{0}\n", "line 2: a zero byte, so this is no text"),
      ("data_\n_x\n;\ntext\n;\n", "line 2: '_x' should have one value, it has 0"),
      ("data_\n;\ntext\n;\n", "line 2: a text of several lines, which tables of particles do not have"),
      ("data_a b\n", "line 1: 'b' follows the name of a block"), ("data_\nloop_ x\n", "line 2: 'x' follows 'loop_'"),
    ])
  func malformed(text: String, problem: String) {
    let error = #expect(throws: AisError.self) { try parse(text) }
    #expect(error?.message == "'x.star' is not a sound STAR file: \(problem).")
    #expect(error?.code == .malformed)
  }

  @Test("what is written is read back as it was")
  func roundTrip() throws {
    var loop = STARLoop(columns: ["rlnMicrographName", "b"])
    for value in [
      "plain", "two words", "", "_label", "#1", "data_x", "loop_", "it's", "\"", "a\"b c", "'", "ä ö", ";", "$x",
      "stop_",
    ] {
      loop.append([value, "1"])
      loop.append(["x", value])
    }
    let star = STARFile(blocks: [
      STARBlock(name: "general", comments: ["made by", "", "a test"], items: [STARItem(label: "a", value: "1 2")]),
      STARBlock(name: "particles", loops: [loop, STARLoop(columns: ["empty"])]),
    ])
    #expect(try STARFile(parsing: star.encoded(name: "y.star"), name: "y.star") == star)
  }

  @Test("comments and values cannot become data")
  func injection() throws {
    let star = STARFile(blocks: [
      STARBlock(
        name: "a", comments: ["one\ndata_evil\r_x 1"], items: [STARItem(label: "x", value: "1\n_y 2\u{0}")])
    ])
    let back = try STARFile(parsing: star.encoded(name: "y.star"), name: "y.star")
    #expect(back.blocks.map(\.name) == ["a"])
    #expect(back.blocks[0].items == [STARItem(label: "x", value: "1 _y 2 ")])
    #expect(back.blocks[0].comments == ["one", "data_evil", "_x 1"])
    let bad = STARFile(blocks: [STARBlock(name: "a", items: [STARItem(label: "x", value: "both ' and \" here")])])
    #expect(throws: AisError.self) { try bad.encoded(name: "y.star") }
  }

  @Test("every prefix and any mutation of a file is a value or an error")
  func mutations() throws {
    let text = Array("# v\ndata_a\n_x 'y z'\n\ndata_b\nloop_\n_rlnCoordinateX #1\n_n #2\n1.0 \"a b\"\n2.5 c\n".utf8)
    for count in text.indices { _ = try? STARFile(parsing: Array(text[..<count]), name: "x") }
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<20_000 {
      var mutated = text
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        mutated[Int.random(in: text.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      guard let star = try? STARFile(parsing: mutated, name: "x") else { continue }
      if let bytes = try? star.encoded(name: "x") {
        #expect(throws: Never.self) { try STARFile(parsing: bytes, name: "x") }
      }
    }
  }
}
